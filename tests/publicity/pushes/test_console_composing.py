"""The console's pages on which pushes are composed, tried out and asked for, as somebody at the desk uses them."""

import re
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage

from publicity.pushes.composing import set_cover
from publicity.pushes.sheets import push_sheet
from publicity.pushes.steps import request_push
from staff.accounts import Account
from staff.roles import Role
from tests.publicity.factories_composing import clerk, compose, leader, published_notice, set_template
from tests.publicity.factories_notices import make_office
from tests.publicity.pushes.test_composing_drafts import PICTURE, TITLE
from tests.publicity.xss_payloads import PAYLOADS
from tests.staff.factories_staff import Browser, leader_approves, make_staff, recorded
from tests.wechat.sending.conftest import Platform
from wechat.following.tags import make_test_tag, tag_followers
from wechat.sending.ledger import Order, plan

NOT_THERE = "0" * 32


@pytest.fixture
def desk(monday: Platform) -> Browser:
    return desk_of(monday, "nigao")


def desk_of(platform: Platform, name: str) -> Browser:
    """Sign in at a desk as one of those who deal with notices."""
    make_office()
    accounts = {"nigao": clerk(), "qianfa": leader(), "jiandu": make_office().supervisor}
    actor = accounts[name]
    assert actor.member_id is not None
    assert actor.role is not None
    account = Account(actor.member_id, actor.name, actor.display_name, actor.role, actor.unit)
    return Browser(platform.world.app).signed_in_as(account)


def test_before_the_first_push_the_list_says_how_to_begin(desk: Browser) -> None:
    page = desk.get("/console/pushes/").text
    assert "还没有推送。公示公告发布以后，在这里或者公示的页面上新建。" in page
    assert "还没有发布的公示公告。发布以后才能推送。" in desk.get("/console/pushes/new").text


def test_a_clerk_goes_from_the_notice_to_a_request_that_waits(desk: Browser, monday: Platform) -> None:
    notice = published_notice()
    assert f"/console/pushes/new?notice={notice}" in desk.get("/console/pushes/new").text
    choosing = desk.get(f"/console/pushes/new?notice={notice}").text
    for told in (
        "群发文章",
        "本月4次已用0次",
        "还没有设模板。",
        "只能按公众号的标签选，不能按谁投了票、谁没投票来选。",
    ):
        assert told in choosing
    made = desk.submit("/console/pushes/new", notice=notice, way="mass-text", audience="all")
    assert (made.status_code, made.location.endswith("/edit")) == (303, True)
    key = made.location.split("/")[3]
    assert f"全文：{monday.world.site}/notices/{notice}" in desk.get(made.location).text
    saved = desk.submit(made.location, revision="0", text="请看公示。", audience="all", starts_at="2017-06-05T18:00")
    assert saved.location == f"/console/pushes/{key}/"
    asking = desk.get(f"/console/pushes/{key}/send").text
    assert "批准后到6月5日 18:00自动发给全部关注者。发出的消息收不回来" in asking
    unticked = desk.submit(f"/console/pushes/{key}/send", revision="1")
    assert (unticked.status_code, "请先勾选" in unticked.text) == (422, True)
    desk.submit(f"/console/pushes/{key}/send", revision="1", confirmed="1")
    assert "已申请推送，等部领导批准。" in desk.get(f"/console/pushes/{key}/").text
    assert "正在等待批准。要修改，请先" in desk.get(f"/console/pushes/{key}/edit").text
    leader_approves()
    approved = desk.get(f"/console/pushes/{key}/").text
    assert "2017年6月5日 18:00自动开始，开始之前可以取消。" in approved
    assert "hx-get" not in approved


def test_what_was_typed_stays_where_it_was_refused_and_the_field_is_named(desk: Browser) -> None:
    key = compose().key
    long = "字" * 33
    refused = desk.submit(
        f"/console/pushes/{key}/edit", revision="0", title=long, author="作者甲", audience="all", starts_at=""
    )
    assert refused.status_code == 422
    assert f'value="{long}"' in refused.text
    assert 'value="作者甲"' in refused.text
    assert "标题最多32个字，现在有33个。" in refused.text
    assert re.search(r'id="title"[^>]*aria-invalid="true"[^>]*aria-describedby="title-error title-hint"', refused.text)
    when = desk.submit(f"/console/pushes/{key}/edit", revision="0", title="示例", starts_at="明天", audience="all")
    assert (when.status_code, "时间要写成 2017-04-25 18:00 这样。" in when.text) == (422, True)


def test_a_channel_has_to_be_chosen(desk: Browser) -> None:
    notice = published_notice()
    refused = desk.submit("/console/pushes/new", notice=notice, audience="all")
    assert (refused.status_code, "请选一种推送方式。" in refused.text) == (422, True)


def test_fields_of_a_template_are_checked_one_by_one_and_filled_anew(desk: Browser, monday: Platform) -> None:
    template_id = set_template(monday)
    key = compose("template").key
    edit = f"/console/pushes/{key}/edit"
    typed = {"field-thing1": "字" * 21, "field-time2": "六月", "field-phone_number3": "12380"}
    refused = desk.submit(edit, revision="0", template_id=template_id, audience="all", **typed)
    assert refused.status_code == 422
    assert "模板的“thing1”最多20个字" in refused.text
    assert "模板的“time2”要像“2026年4月25日 18:00”。" in refused.text
    anew = desk.submit(edit, revision="0", template_id=template_id, audience="all", other_template="1", **typed)
    assert (anew.status_code, f'value="{TITLE}"' in anew.text, "六月" in anew.text) == (200, True, False)


def test_whoever_comes_second_is_told_that_it_changed(desk: Browser) -> None:
    key = compose().key
    edit = f"/console/pushes/{key}/edit"
    desk.submit(edit, revision="0", title="一", audience="all")
    second = desk.submit(edit, revision="0", title="二", audience="all")
    assert (second.status_code, "别人改动过这条推送" in second.text, 'value="二"' in second.text) == (409, True, True)


def test_a_cover_is_shown_and_only_a_picture_is_taken(desk: Browser, monday: Platform) -> None:
    key = compose().key
    plain = desk.get(f"/console/pushes/{key}/cover")
    assert (plain.status_code, plain.content_type, plain.data[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    set_cover(key, 0, PICTURE, clerk())
    assert desk.get(f"/console/pushes/{key}/cover").data == PICTURE.content
    sent = {"csrf_token": desk.csrf_token(), "revision": "1", "cover": FileStorage(BytesIO(b"<svg>"), "x.svg")}
    desk.client.post(f"/console/pushes/{key}/cover", data=sent, headers={"Origin": desk.origin})
    assert "封面只能是JPG或PNG图片。" in desk.get(f"/console/pushes/{key}/edit").text
    assert desk.get(f"/console/pushes/{key}/cover").data == PICTURE.content


def test_the_article_is_shown_under_a_policy_that_runs_nothing(desk: Browser, monday: Platform) -> None:
    set_template(monday)
    answer = desk.get(f"/console/pushes/{compose().key}/article")
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'; sandbox")
    assert "示例村党支部" in answer.text
    assert desk.get(f"/console/pushes/{compose('template').key}/article").status_code == 404


def test_a_preview_goes_to_one_person_by_their_name_in_wechat(desk: Browser, monday: Platform) -> None:
    key = compose().key
    page = desk.get(f"/console/pushes/{key}/preview").text
    assert "今天还能预览100次" in page
    assert "还没有测试人员。" in page
    sent = desk.submit(f"/console/pushes/{key}/preview", wechat_name="jia")
    assert sent.status_code == 303, sent.text
    assert [line["articles"][0]["title"] for line in monday.seen("jia", "preview")] == [TITLE]
    assert recorded()[-1][1:] == ("pushes.preview", f"{TITLE}（群发）", "done")
    assert "今天还能预览99次" in desk.get(f"/console/pushes/{key}/preview").text


def test_a_preview_that_fails_says_why_and_keeps_the_name(desk: Browser, monday: Platform) -> None:
    key = compose().key
    refused = desk.submit(f"/console/pushes/{key}/preview", wechat_name="没有这个人")
    assert refused.status_code == 422
    assert "微信说没有这个微信号。请核对，对方还要先关注公众号。" in refused.text
    assert 'value="没有这个人"' in refused.text
    stranger = desk.submit(f"/console/pushes/{key}/preview", wechat_name="wu")
    assert "对方没有关注公众号，收不到预览。" in stranger.text
    assert recorded()[-1][1:] == ("pushes.preview", f"{TITLE}（群发）", "refused")
    nobody = desk.submit(f"/console/pushes/{key}/preview")
    assert "请选一位测试人员。" in nobody.text


def test_a_template_message_is_tried_out_on_a_tester(desk: Browser, monday: Platform) -> None:
    set_template(monday)
    tag = make_test_tag(clerk())
    tag_followers(tag.number, [monday.openid("jia")])
    key = compose("template").key
    page = desk.get(f"/console/pushes/{key}/preview").text
    assert monday.openid("jia") not in page
    (tester,) = re.findall(r'<option value="([0-9a-f]{24})">测试人员1', page)
    desk.submit(f"/console/pushes/{key}/preview", tester=tester)
    assert len(monday.seen("jia", "template")) == 1
    stranger = desk.submit(f"/console/pushes/{key}/preview", tester="0" * 24)
    assert "这位测试人员已经不在“测试”标签里了" in stranger.text


def test_where_the_daily_send_is_taken_the_draft_is_offered(desk: Browser, monday: Platform) -> None:
    monday.become("sub-verified")
    plan(Order("another", "mass", "all"))
    page = desk.get(f"/console/pushes/new?notice={published_notice()}").text
    assert "今天的1次群发已经用了" in page
    assert "今天就要发的，改用“加入今日图文草稿”。" in page
    assert "没有“模板消息”的权限。替代办法：改用群发，或者一次性订阅消息。" in page


@pytest.mark.parametrize("page", ["", "progress", "edit", "send", "preview", "cancel", "retry", "article", "cover"])
def test_what_is_not_there_is_not_found(desk: Browser, page: str) -> None:
    assert desk.get(f"/console/pushes/{NOT_THERE}/{page}").status_code == 404


@pytest.mark.parametrize(
    ("role", "unit", "seen"),
    [
        (Role.SUPERVISOR, None, True),
        (Role.ADMINISTRATOR, None, True),
        (Role.LEADER, None, True),
        (Role.UNIT, "示例县一", False),
        (Role.INVESTIGATOR, "示例县一", False),
    ],
)
def test_who_does_not_run_pushes_changes_none(monday: Platform, role: Role, unit: str | None, seen: bool) -> None:
    made = compose()
    other = Browser(monday.world.app).signed_in_as(make_staff("someone", "示例人员", role, unit))
    assert (other.get(f"/console/pushes/{made.key}/").status_code == 200) is seen
    for path, fields in (
        ("edit", {"title": "改掉", "revision": "0", "audience": "all"}),
        ("drop", {"revision": "0"}),
        ("send", {"revision": "0", "confirmed": "1"}),
        ("preview", {"wechat_name": "甲"}),
        ("cover", {"revision": "0"}),
    ):
        assert other.submit(f"/console/pushes/{made.key}/{path}", **fields).status_code == 403
    assert other.submit("/console/pushes/new", notice=made.notice, way="mass-text").status_code == 403
    sheet = push_sheet(made.key)
    assert (sheet.content["title"], sheet.revision, sheet.line.state) == (TITLE, 0, "draft")


def test_a_clerk_cannot_approve_what_a_clerk_asked_for(desk: Browser, monday: Platform) -> None:
    made = compose()
    asked = request_push(made.key, 0, clerk())
    assert desk.submit(f"/console/approvals/{asked.key}/approve", confirmed="1").status_code in (403, 404)
    assert push_sheet(made.key).line.state == "asked"


def test_nothing_that_a_title_or_a_text_holds_runs_on_any_page(desk: Browser, monday: Platform) -> None:
    for place, payload in enumerate(PAYLOADS[::9]):
        title = payload.replace("\x0c", "").replace("\r", " ").replace("\n", " ").strip()[:110] or "x"
        made = compose("mass", notice=published_notice(title), form="text" if place % 2 else "article")
        changes = {"title": title[:32], "text": title, "digest": title, "revision": "0", "audience": "all"}
        desk.submit(f"/console/pushes/{made.key}/edit", **changes)
        pages = [desk.get(f"/console/pushes/{made.key}/{page}").text for page in ("", "edit", "send", "preview")]
        article = "" if place % 2 else desk.get(f"/console/pushes/{made.key}/article").text
        for page in (*pages, article, desk.get("/console/pushes/").text):
            assert "<img src=x" not in page.lower()
            assert "alert('xss')" not in page
            assert title not in page or "<" not in title
