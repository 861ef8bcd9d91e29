"""The public pages: what runs stands first, each version stays at its address, files are handed out as files."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from foundation.clock import utc_now
from foundation.uploads import Upload
from publicity.notices.amending import begin_change
from publicity.notices.drafting import attach, draft_notice, edit_draft
from publicity.notices.home import home_items
from publicity.notices.kinds import Change, Phase
from publicity.notices.reminding import TEMPLATE
from publicity.notices.sheet import notice_sheet
from publicity.notices.subjects import new_subject
from tests.conftest import PUBLIC_URL, DatabaseClock, make_settings
from tests.publicity.factories_notices import MONDAY, entry_for, make_notice, make_office, publish, revision_of
from tests.staff.options.factories_options import set_to
from wechat.account import Account

PDF = b"%PDF-1.7\n%%EOF"
UseAccount = Callable[[str], Account]
RAISE = "反映情况</a>"


@pytest.fixture(autouse=True)
def _monday(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(MONDAY)


@pytest.fixture
def use_account(app: Flask, monkeypatch: pytest.MonkeyPatch) -> UseAccount:
    """Give the application an account that may do this much."""

    def use(capabilities: str) -> Account:
        account = Account(make_settings(wechat_capabilities=capabilities), utc_now)
        monkeypatch.setitem(app.extensions, "wechat_account", account)
        return account

    return use


def titles(page: str) -> list[str]:
    return re.findall(r"<strong>([^<]+)</strong>", page)


def change_to(key: str, change: Change, note: str, **changes: object) -> None:
    """Publish another version with other subjects or another text."""
    clerk = make_office().drafter
    begin_change(key, change, note, clerk)
    draft = notice_sheet(key, clerk).draft
    assert draft is not None
    edit_draft(key, draft.revision, replace(draft.entry, **changes), clerk)  # type: ignore[arg-type]  # its fields
    publish(key)


def test_without_any_notice_the_list_says_so(client: FlaskClient) -> None:
    page = client.get("/notices")
    assert (page.status_code, "还没有公示和公告" in page.text) == (200, True)


def test_what_runs_stands_first_and_drafts_nowhere(client: FlaskClient, database_clock: DatabaseClock) -> None:
    over = make_notice(Phase.OVER, clock=database_clock, title="示例已满的公示")
    running = make_notice(title="示例正在的公示")
    standing = make_notice(Phase.STANDING, title="示例公告")
    make_notice(Phase.DRAFT, title="示例草稿")
    page = client.get("/notices").text
    assert titles(page) == [running.title, standing.title, over.title]
    assert "2017年6月6日 — 6月12日（5个工作日）" in page
    assert "还剩5个工作日" in page


def test_others_are_paged_and_a_page_too_far_is_the_first(client: FlaskClient) -> None:
    for number in range(21):
        make_notice(Phase.STANDING, title=f"示例公告{number}")
    first, second = client.get("/notices").text, client.get("/notices?page=2").text
    assert (len(titles(first)), titles(second)) == (20, ["示例公告0"])
    assert 'href="/notices?page=2"' in first
    assert 'href="/notices"' in second
    assert titles(client.get("/notices?page=9").text) == titles(first)


def test_a_running_notice_says_how_long_and_where_to_object(client: FlaskClient, database_clock: DatabaseClock) -> None:
    notice = make_notice()
    database_clock.advance(timedelta(days=3))
    page = client.get(notice.path)
    text = page.text
    assert page.status_code == 200
    assert "公示中" in text
    assert "还剩3个工作日" in text
    assert re.search(r'<progress max="5" value="2"', text)
    assert "受理：示例组织一科" in text
    assert f'href="{notice.path}/objections">反映情况</a>' in text
    assert "2017年6月6日至6月12日（5个工作日）" in text  # in the text itself
    assert f"{PUBLIC_URL}{notice.path}" in text  # for paper


@pytest.mark.parametrize(
    ("phase", "badge"), [(Phase.OVER, "公示期满"), (Phase.CONCLUDED, "公示已结束"), (Phase.STANDING, "公告")]
)
def test_what_does_not_run_takes_no_objections(
    client: FlaskClient, database_clock: DatabaseClock, phase: Phase, badge: str
) -> None:
    page = client.get(make_notice(phase, clock=database_clock).path).text
    assert (f">{badge}</span>" in page, RAISE in page, "<progress" in page) == (True, False, False)


def test_a_draft_has_no_public_page(client: FlaskClient) -> None:
    notice = make_notice(Phase.DRAFT)
    answers = [client.get(path).status_code for path in (notice.path, f"{notice.path}/versions/1", "/notices/nothing")]
    assert answers == [404, 404, 404]


def test_an_old_version_stays_and_names_the_one_in_force(client: FlaskClient, database_clock: DatabaseClock) -> None:
    notice = make_notice()
    subjects = entry_for().subjects
    database_clock.advance(timedelta(days=1))
    change_to(notice.key, Change.SUBJECTS, "示例：增补一名。", subjects=(*subjects, new_subject("示增补")))
    old, new = client.get(f"{notice.path}/versions/1").text, client.get(notice.path).text
    assert f'这是第1版，现行的是<a href="{notice.path}">第2版</a>。' in old
    assert ("2017年6月6日 — 6月12日" in old, "示增补" in old, RAISE in old) == (True, False, False)
    assert "2017年6月7日 — 6月13日" in new
    assert "增加：<ins>示增补</ins>" in new
    assert "示例：增补一名。" in new
    assert f'href="{notice.path}/versions/1">第1版</a>' in new


def test_the_same_page_is_not_sent_twice_and_is_the_same_for_all(client: FlaskClient) -> None:
    path = make_notice().path
    page = client.get(path)
    again = client.get(path, headers={"If-None-Match": page.headers["ETag"]})
    assert (page.headers["Cache-Control"], again.status_code, again.data) == ("no-cache", 304, b"")
    assert "Set-Cookie" not in page.headers


def test_the_page_runs_no_foreign_script_and_shares_its_card(client: FlaskClient) -> None:
    notice = make_notice(title="关于<示例>的公示")
    page = client.get(notice.path)
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert 'data-title="关于&lt;示例&gt;的公示"' in page.text
    assert f'data-path="{notice.path}"' in page.text
    assert " style=" not in page.text


def test_a_file_is_handed_out_as_a_file_under_its_name(client: FlaskClient) -> None:
    clerk = make_office().drafter
    key = draft_notice(entry_for(), clerk)
    attach(key, revision_of(key), Upload("示例名单.pdf", PDF), clerk)
    [file] = notice_sheet(key, clerk).draft.page.attachments  # type: ignore[union-attr]  # there is a draft
    before = client.get(file.path).status_code
    publish(key)
    page, answer = client.get(f"/notices/{key}").text, client.get(file.path)
    assert ("示例名单.pdf" in page, "1 KB" in page, before) == (True, True, 404)
    assert answer.data == PDF
    named = "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E7%A4%BA%E4%BE%8B%E5%90%8D%E5%8D%95.pdf"
    assert (answer.headers["Content-Disposition"], answer.headers["X-Content-Type-Options"]) == (named, "nosniff")
    assert client.get(f"/notices/{make_notice(Phase.STANDING).key}/attachments/{file.key}").status_code == 404


def test_a_table_scrolls_by_itself_and_who_signs_stands_at_the_right(client: FlaskClient) -> None:
    body = "<table><tr><td>示例</td></tr></table><p>示例机关</p><p>〔发布日期〕</p>"
    page = client.get(make_notice(Phase.STANDING, body=body).path).text
    assert re.search(r'<div class="notice-table" tabindex="0"[^>]*><table>.*</table></div>', page, re.DOTALL)
    signed = '<p class="notice-signed">示例机关</p><p class="notice-signed">2017年6月5日</p>'
    assert signed in page


def test_on_the_home_page_stands_what_runs_and_the_latest_of_the_others() -> None:
    running = make_notice()
    others = [make_notice(Phase.STANDING, title=f"示例公告{number}") for number in range(4)]
    assert home_items() == (running, *reversed(others[1:]))


def test_a_reminder_is_offered_where_the_account_may_and_a_template_is_set(
    client: FlaskClient, use_account: UseAccount
) -> None:
    path = make_notice().path
    use_account("sub-verified")
    button = "有新公示时提醒我一次"
    before = button in client.get(path).text
    set_to(TEMPLATE, "示例模板编号-abcdefghijklmnopqrstuvwxyz")
    offered = [button in client.get(address).text for address in (path, "/notices")]
    use_account("sub-verified,-once_subscription")
    without = button in client.get(path).text
    assert (before, offered, without) == (False, [True, True], False)


def test_who_asks_for_a_reminder_is_led_to_the_platform_which_the_policy_lets_them_reach(
    client: FlaskClient, use_account: UseAccount
) -> None:
    account = use_account("sub-verified")
    set_to(TEMPLATE, "TEMPLATE-abcdefghijklmnopqrstuvwxyz")
    platform = account.settings.wechat_mp_url.rstrip("/")
    answer = client.post("/notices/remind", headers={"Origin": PUBLIC_URL})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{platform}/mp/subscribemsg?action=get_confirm")
    assert "template_id=TEMPLATE-abcdefghijklmnopqrstuvwxyz" in answer.headers["Location"]
    assert f"form-action 'self' {platform}" in client.get("/notices").headers["Content-Security-Policy"]
    assert "只此一次" in client.get("/notices?asked=1").text
    assert client.post("/notices/remind", headers={"Origin": "http://elsewhere.example"}).status_code == 403


def test_nobody_is_asked_where_no_reminder_is_offered(client: FlaskClient) -> None:
    assert client.post("/notices/remind", headers={"Origin": PUBLIC_URL}).status_code == 404
