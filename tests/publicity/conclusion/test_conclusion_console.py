"""The console's page about the end of a notice: what it says to whom, and what its buttons do."""

import pytest
from flask import Flask

from foundation.transaction import transaction
from publicity.notices.drafting import NoticeEntry, draft_notice
from publicity.notices.kinds import Kind, Phase
from publicity.notices.media import MediumEntry, note_medium
from staff.accounts import Account
from staff.actors import Actor
from staff.downloads import downloads_of
from staff.models import Member
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.publicity.conclusion.factories_conclusion import (
    OVER,
    PUBLISHED,
    publish_entry,
    publish_list,
    raise_on_the_web,
    settle,
)
from tests.publicity.factories_notices import Staff, entry_for, head_of, make_office
from tests.publicity.factories_objections import NAME, TEXT
from tests.publicity.factories_pushes import make_push
from tests.staff.factories_staff import Browser, actor_of, make_staff

REASON = "反映的事项与公示对象无关。"
BUTTON = "结束公示</button>"


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(PUBLISHED)
    return make_office()


@pytest.fixture
def key(staff: Staff) -> str:
    return publish_list(staff)


def desk_of(app: Flask, actor: Actor) -> Browser:
    with transaction() as session:
        member = session.get_one(Member, actor.member_id)
        account = Account(member.id, member.name, member.display_name, Role(member.role), member.unit)
    return Browser(app).signed_in_as(account)


def page_of(key: str) -> str:
    return f"/console/notices/{key}/conclusion"


def test_while_it_runs_the_page_names_the_last_day_and_has_no_button(app: Flask, key: str, staff: Staff) -> None:
    page = desk_of(app, staff.leader).get(page_of(key)).text
    assert "公示期到2017年6月9日 星期五为止，期满以后才能结束，不能提前。" in page
    assert BUTTON not in page
    assert "公示还没有结束，报告上会注明。" in page


def test_the_office_ends_it_once_nothing_is_open(
    app: Flask, key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    settle(raise_on_the_web(key), staff)
    note_medium(key, MediumEntry("示例日报", PUBLISHED.date(), "https://news.example/1"), staff.drafter)
    database_clock.set(OVER)
    desk = desk_of(app, staff.drafter)
    page = desk.get(page_of(key)).text
    assert all(words in page for words in (BUTTON, "已办结：不属实1件。", "我了解结束以后不能撤销"))
    assert "仍要结束的理由" not in page
    answer = desk.submit(page_of(key), confirmed="1")
    assert (answer.status_code, answer.headers["Location"]) == (303, page_of(key))
    assert head_of(key).phase is Phase.CONCLUDED
    after = desk.get(page_of(key)).text
    assert all(
        words in after for words in ("公示已结束。可以下载公示情况报告。", "示例拟稿人于2017年6月10日 10:00办理结束")
    )
    assert BUTTON not in after


def test_without_a_tick_nothing_ends(app: Flask, key: str, staff: Staff, database_clock: DatabaseClock) -> None:
    database_clock.set(OVER)
    answer = desk_of(app, staff.drafter).submit(page_of(key))
    assert answer.status_code == 422
    assert "请先勾选，表示您已核对并了解后果。" in answer.text
    assert head_of(key).phase is Phase.OVER


def test_with_something_open_the_office_sees_what_and_who_could(
    app: Flask, key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    code = raise_on_the_web(key)
    database_clock.set(OVER)
    desk = desk_of(app, staff.drafter)
    page = desk.get(page_of(key)).text
    assert all(
        words in page for words in (code, "王示例", "待受理", "还有1件反映没有办结。", "由部领导在这一页写明理由")
    )
    assert BUTTON not in page
    refused = desk.submit(page_of(key), confirmed="1", reason=REASON)
    assert refused.status_code == 409
    assert head_of(key).phase is Phase.OVER


def test_a_leader_writes_a_reason_and_loses_nothing_typed(
    app: Flask, key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    raise_on_the_web(key)
    database_clock.set(OVER)
    desk = desk_of(app, staff.leader)
    assert "仍要结束的理由" in desk.get(page_of(key)).text
    short = desk.submit(page_of(key), confirmed="1", reason="不必")
    assert short.status_code == 422
    assert all(words in short.text for words in ("请写明仍要结束的理由，至少5个字。", "不必</textarea>"))
    assert desk.submit(page_of(key), confirmed="1", reason=REASON).status_code == 303
    assert f"理由：{REASON}" in desk.get(page_of(key)).text
    assert head_of(key).phase is Phase.CONCLUDED


def test_the_page_names_nobody_who_objected(app: Flask, key: str, staff: Staff, database_clock: DatabaseClock) -> None:
    raise_on_the_web(key)
    database_clock.set(OVER)
    page = desk_of(app, staff.leader).get(page_of(key)).text
    assert [secret for secret in (NAME, TEXT) if secret in page] == []


def test_the_page_points_out_what_the_report_would_lack(
    app: Flask, key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    database_clock.set(OVER)
    make_push("template", state="running", notice_key=key, begun_at=PUBLISHED, total=3)
    page = desk_of(app, staff.drafter).get(page_of(key)).text
    assert all(words in page for words in ("还没有登记媒体和凭据", "还有1次推送没有结束", "来信以到达日邮戳为准"))


def test_an_administrator_sees_no_objection_and_gets_no_button(
    app: Flask, key: str, database_clock: DatabaseClock
) -> None:
    code = raise_on_the_web(key)
    database_clock.set(OVER)
    administrator = actor_of(make_staff("guanli", "示例管理员", Role.ADMINISTRATOR))
    desk = desk_of(app, administrator)
    page = desk.get(page_of(key)).text
    assert [words for words in (code, "王示例", BUTTON, "生成报告") if words in page] == []
    assert desk.submit(page_of(key), confirmed="1").status_code == 403
    assert desk.submit(f"/console/notices/{key}/report").status_code == 403


def test_an_announcement_has_a_page_without_buttons(app: Flask, staff: Staff) -> None:
    plain = publish_entry(staff, NoticeEntry(Kind.PLAIN, "示例公告", "<p>示例。</p>"))
    page = desk_of(app, staff.drafter).get(page_of(plain)).text
    assert "这是公告，没有公示期，不用结束。" in page
    assert [words for words in (BUTTON, "生成报告") if words in page] == []


def test_a_draft_and_nothing_at_all(app: Flask, staff: Staff) -> None:
    desk = desk_of(app, staff.drafter)
    assert "还没有发布，不能结束。" in desk.get(page_of(draft_notice(entry_for(), staff.drafter))).text
    assert desk.get(page_of("0" * 32)).status_code == 404
    assert desk.submit(page_of("0" * 32), confirmed="1").status_code == 404


def test_the_report_is_asked_for_from_the_page(app: Flask, key: str, staff: Staff) -> None:
    answer = desk_of(app, staff.supervisor).submit(f"/console/notices/{key}/report")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/downloads")
    assert [one.kind for one in downloads_of(staff.supervisor)] == ["notice_report.docx"]
