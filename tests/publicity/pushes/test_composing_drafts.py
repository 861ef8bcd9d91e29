"""Pushes composed: filled from the notice, changed under their revision, asked for, approved by a second person."""

from datetime import timedelta
from typing import Any

import pytest

from foundation.clock import utc_now
from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.uploads import Upload, keep_upload
from publicity.notices.kinds import Phase
from publicity.pushes.channels import Channel
from publicity.pushes.choices import Audiences, audiences, ways
from publicity.pushes.composing import PushEntry, create_push, drop_push, edit_push, set_cover
from publicity.pushes.covers import cover_picture
from publicity.pushes.sheets import PushSheet, push_sheet
from publicity.pushes.steps import request_push
from publicity.pushes.templates_set import TEMPLATES, TemplateSet
from staff.approvals.deciding import refuse
from staff.approvals.listing import approval_sheet
from staff.options.errors import InvalidOption
from staff.options.setting import understand
from staff.personal.running import run_daily
from tests.conftest import DatabaseClock
from tests.publicity.factories_composing import (
    FIELDS,
    approve_it,
    clerk,
    compose,
    leader,
    published_notice,
    set_template,
)
from tests.publicity.factories_notices import MONDAY, make_notice
from tests.publicity.factories_pushes import make_followers, make_push, push_of
from tests.staff.factories_staff import recorded
from tests.staff.options.factories_options import set_to
from tests.wechat.sending.conftest import Platform
from wechat.following.tags import TEST_TAG, create_tag
from wechat.sending.ledger import Order, plan

TITLE = "关于示例预备人选的公示"
SENTENCES = ("公示期6月6日至6月12日，共5个工作日。", "如有意见，请向示例组织一科反映，电话0391-0000000。")
PICTURE = Upload("封面.jpg", b"\xff\xd8\xff\xe0 an invented picture")


def content_of(key: str) -> dict[str, Any]:
    return dict(push_sheet(key).content)


def entry_of(push: PushSheet, **changes: Any) -> PushEntry:
    line = push.line
    values = {"audience": line.audience, "tag": line.tag_number, "content": push.content, "starts_at": line.starts_at}
    return PushEntry(line.channel, **{**values, **changes})


@pytest.mark.parametrize(
    ("entry", "content"),
    [
        (
            {"channel": "mass"},
            {
                "form": "article",
                "title": TITLE,
                "author": "示例组织一科",
                "digest": " ".join(SENTENCES),
                "cover": "",
            },
        ),
        (
            {"channel": "customer"},
            {
                "text": "\n".join((TITLE, *SENTENCES)),
                "path": "/notices/{key}",
            },
        ),
        (
            {"channel": "once"},
            {
                "title": "预备人选公示",
                "text": " ".join((TITLE, *SENTENCES)),
                "path": "/notices/{key}",
            },
        ),
    ],
)
def test_a_new_push_says_what_the_notice_says(monday: Platform, entry: dict[str, Any], content: dict[str, Any]) -> None:
    made = compose(**entry)
    told = {name: text.format(key=made.notice) for name, text in content.items()}
    assert content_of(made.key) == told
    assert push_sheet(made.key).line.state == "draft"
    assert recorded()[-1] == (
        "nigao",
        "pushes.compose",
        f"{TITLE}（{push_sheet(made.key).line.channel_words}）",
        "done",
    )


def test_a_mass_text_ends_with_the_address_and_fits_whatever_the_title(monday: Platform) -> None:
    notice = published_notice("关于" + "示例" * 55 + "的公示")
    text = content_of(compose("mass", notice=notice, form="text").key)["text"]
    assert text.endswith(f"全文：{monday.world.site}/notices/{notice}")
    assert len(text) <= 600


def test_a_template_takes_its_values_from_the_notice(monday: Platform) -> None:
    template_id = set_template(monday)
    made = compose("template")
    assert content_of(made.key) == {
        "template_id": template_id,
        "fields": {
            "thing1": TITLE,
            "time2": "2017年6月6日~2017年6月12日",
            "phone_number3": "0391-0000000",
        },
        "path": f"/notices/{made.notice}",
    }


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ("thing1标题", "“thing1标题”看不懂，要写成“thing1：标题”这样，一行一个。"),
        ("time1：标题", "模板的“time1”要像“2026年4月25日 18:00”，不能填“标题”。"),
        ("phrase1：请您查看公示", "模板的“phrase1”要是最多5个汉字，不能填“请您查看公示”。"),
        ("thing1：标题\nthing1：种类", "“thing1”写了两次。"),
        (f"thing1：{'字' * 21}", f"“thing1”最多20个字，“{'字' * 21}”有21个字。"),
        ("first：标题", "至少要有一个会显示的字段，例如“thing1：标题”。"),
    ],
)
def test_a_template_that_breaks_the_platforms_rules_is_not_set(monday: Platform, fields: str, fault: str) -> None:
    typed = ({"name": "公示提醒", "template_id": "T", "fields": fields},)
    with pytest.raises(InvalidOption) as refused:
        understand(TEMPLATES, typed)
    assert refused.value.faults == {"rows-0-fields": fault}


def test_only_a_published_notice_is_told(monday: Platform) -> None:
    draft = make_notice(Phase.DRAFT).key
    with pytest.raises(NotFound):
        create_push(draft, PushEntry("mass"), clerk())
    with pytest.raises(NotFound):
        create_push("0" * 32, PushEntry("mass"), clerk())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "telegram"}, "channel"),
        ({"audience": "voters"}, "audience"),
        ({"audience": "tag", "tag": 9}, "tag"),
    ],
)
def test_what_is_not_offered_cannot_be_chosen(monday: Platform, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        compose(**{"channel": "mass", **changes})
    assert refused.value.field == field


def test_testers_are_a_tag_that_is_made_when_first_asked_for(monday: Platform) -> None:
    assert audiences().testers is None
    line = push_sheet(compose("template" if set_template(monday) else "", audience="testers").key).line
    found = audiences().testers
    assert found is not None
    assert (line.audience, line.tag_number, line.tag_name) == ("testers", found.number, TEST_TAG)


def test_a_tag_is_kept_by_its_number_and_name(monday: Platform) -> None:
    tag = create_tag("示例县", clerk())
    line = push_sheet(compose(audience="tag", tag=tag.number).key).line
    assert (line.audience, line.tag_number, line.tag_name, line.audience_words) == (
        "tag",
        tag.number,
        "示例县",
        "标签“示例县”",
    )


def test_an_account_without_tags_says_so_and_goes_on_with_all(monday: Platform) -> None:
    monday.become("sub-verified,-users")
    assert audiences() == Audiences(0, 0, fault="这个公众号没有用户管理的权限，不能用标签。")
    assert push_sheet(compose().key).line.audience == "all"


@pytest.mark.parametrize(
    ("preset", "usable"),
    [
        ("service-verified", {"mass", "once", "customer", "publication", "draft"}),
        ("sub-verified", {"mass", "once", "customer", "publication", "draft"}),
        ("sub-unverified", set()),
    ],
)
def test_what_the_account_may_not_use_is_told_with_what_works_instead(
    monday: Platform, preset: str, usable: set[str]
) -> None:
    monday.become(preset)
    found = ways()
    assert {str(way.channel) for way in found if way.usable} == usable
    assert all(way.why_not and way.instead for way in found if not way.usable)
    template = next(way for way in found if way.channel is Channel.TEMPLATE)
    assert template.lacks_template == (preset == "service-verified")


def test_the_quota_is_told_the_way_staff_count(monday: Platform) -> None:
    def mass() -> tuple[str, str]:
        way = next(way for way in ways() if way.channel is Channel.MASS)
        return way.quota, way.remark

    assert mass() == ("本月4次已用0次", "")
    for number in range(4):
        plan(Order(f"another-{number}", "mass", "all"))
    assert mass() == ("本月4次已用4次", "次数已经用完，只能定在下个月以后。")
    monday.become("sub-verified")
    assert mass() == ("今天的1次群发已经用了", "次数已经用完，只能定在明天以后。今天就要发的，改用“加入今日图文草稿”。")
    monday.later(days=1)
    assert mass() == ("今天的1次群发还没用", "")


def test_a_draft_is_changed_only_by_whoever_read_its_latest_revision(monday: Platform) -> None:
    key = compose().key
    push = push_sheet(key)
    later = entry_of(push, content={**push.content, "title": "另一个标题"}, starts_at=MONDAY + timedelta(hours=3))
    assert edit_push(key, 0, later, clerk()) == 1
    assert edit_push(key, 1, later, clerk()) == 1
    with pytest.raises(Conflict):
        edit_push(key, 0, later, clerk())
    assert (content_of(key)["title"], push_sheet(key).line.starts_at) == ("另一个标题", MONDAY + timedelta(hours=3))


@pytest.mark.parametrize("start", [timedelta(0), -timedelta(days=1), timedelta(days=61)])
def test_a_start_that_is_past_or_far_away_is_refused(monday: Platform, start: timedelta) -> None:
    with pytest.raises(InvalidInput) as refused:
        compose(starts_at=MONDAY + start)
    assert refused.value.field == "starts_at"


def test_a_cover_is_set_apart_and_no_form_can_name_another_file(monday: Platform) -> None:
    key = compose().key
    set_cover(key, 0, PICTURE, clerk())
    cover = content_of(key)["cover"]
    assert len(cover) == 64
    push = push_sheet(key)
    edit_push(key, 1, entry_of(push, content={**push.content, "cover": "0" * 64, "title": "新"}), clerk())
    assert content_of(key)["cover"] == cover
    assert content_of(compose(content={"title": "示例", "cover": "0" * 64}).key)["cover"] == ""
    set_cover(key, 2, None, clerk())
    assert content_of(key)["cover"] == ""


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"", b"\xff\xd8\xff" + b"\0" * (2 << 20)])
def test_a_cover_that_is_no_small_picture_is_refused(monday: Platform, content: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        set_cover(compose().key, 0, Upload("x.jpg", content), clerk())
    assert refused.value.field == "cover"


def test_a_dropped_draft_is_gone(monday: Platform) -> None:
    key = compose().key
    drop_push(key, 0, clerk())
    with pytest.raises(NotFound):
        push_sheet(key)


def test_a_leader_reads_what_will_happen_and_approves(monday: Platform) -> None:
    make_followers([monday.openid(person) for person in ("jia", "yi")])
    made = compose(starts_at=MONDAY + timedelta(hours=14))
    asked = request_push(made.key, 0, clerk())
    with monday.world.app.test_request_context():
        facts = dict(approval_sheet(asked.key, leader()).facts)
    assert facts == {
        "公示公告": f"{TITLE}（第1版）",
        "方式": "群发",
        "对象": "全部关注者",
        "人数": "约2人",
        "文章标题": TITLE,
        "摘要": " ".join(SENTENCES),
        "时间": "2017年6月5日 23:00（这个时间在22:00到7:00之间，可能打扰读者休息）",
        "次数": "本月4次已用0次",
    }
    assert push_sheet(made.key).line.state == "asked"
    approve_it(asked.key)
    push = push_of(made.key)
    assert (push.state, push.approved_by, push.version_number) == ("approved", leader().member_id, 1)
    assert recorded()[-1] == ("qianfa", "pushes.send", f"{TITLE}（群发）", "done")


def test_what_waits_for_approval_is_neither_changed_nor_dropped(monday: Platform) -> None:
    key = compose().key
    asked = request_push(key, 0, clerk())
    with pytest.raises(Conflict, match="正在等待批准"):
        edit_push(key, 0, entry_of(push_sheet(key)), clerk())
    with pytest.raises(Conflict, match="正在等待批准"):
        drop_push(key, 0, clerk())
    refuse(asked.key, leader(), "示例：标题再改改")
    assert push_sheet(key).line.state == "draft"
    push = push_sheet(key)
    assert edit_push(key, 0, entry_of(push, content={**push.content, "title": "改过的"}), clerk()) == 1


def test_the_same_push_is_not_asked_for_or_approved_twice(monday: Platform) -> None:
    key = compose().key
    asked = request_push(key, 0, clerk())
    with pytest.raises(Conflict):
        request_push(key, 0, clerk())
    approve_it(asked.key)
    with pytest.raises(Conflict):
        approve_it(asked.key)
    with pytest.raises(Conflict):
        request_push(key, None, clerk())


def test_what_has_no_quota_left_is_not_even_asked_for(monday: Platform) -> None:
    monday.become("sub-verified")
    plan(Order("another", "mass", "all"))
    today, tomorrow = compose().key, compose(starts_at=MONDAY + timedelta(days=1)).key
    with pytest.raises(Conflict, match=r"没有群发次数了.*加入今日图文草稿"):
        request_push(today, 0, clerk())
    approve_it(request_push(tomorrow, 0, clerk()).key)
    third = compose(starts_at=MONDAY + timedelta(days=1, hours=2)).key
    with pytest.raises(Conflict, match="另有1条已批准的群发排在前面"):
        request_push(third, 0, clerk())


def test_a_right_that_was_lost_since_stops_the_request(monday: Platform) -> None:
    key = compose().key
    monday.become("sub-unverified")
    with pytest.raises(Conflict, match="没有“按标签群发”的权限"):
        request_push(key, 0, clerk())


@pytest.mark.parametrize(
    ("channel", "sentence"),
    [("template", "本站还没有关注者名单"), ("once", "还没有人订阅"), ("customer", "本站还没有关注者名单")],
)
def test_what_nobody_would_get_is_not_asked_for(monday: Platform, channel: str, sentence: str) -> None:
    set_template(monday)
    key = compose(channel).key
    with pytest.raises(Conflict, match=sentence):
        request_push(key, 0, clerk())


def test_a_template_that_was_set_otherwise_since_stops_the_request(monday: Platform) -> None:
    template_id = set_template(monday)
    key = compose("template").key
    set_to(TEMPLATES, (TemplateSet("公示提醒", template_id, f"{FIELDS}\nthing4：种类"),))
    with pytest.raises(InvalidInput) as refused:
        request_push(key, 0, clerk())
    assert refused.value.field == "template_id"


def test_a_push_that_runs_is_no_draft_any_more(monday: Platform) -> None:
    key = make_push("mass", state="running", notice_key=published_notice())
    with pytest.raises(Conflict, match="已经批准"):
        edit_push(key, 0, entry_of(push_sheet(key)), clerk())


def test_the_file_of_a_cover_is_not_taken_for_rubbish(monday: Platform, database_clock: DatabaseClock) -> None:
    key = compose().key
    set_cover(key, 0, PICTURE, clerk())
    left_behind = keep_upload(PICTURE.content)
    database_clock.set(utc_now() + timedelta(days=2))
    run_daily()
    assert cover_picture(content_of(key)["cover"]) == PICTURE.content
    with pytest.raises(InvalidInput):
        cover_picture(left_behind)
