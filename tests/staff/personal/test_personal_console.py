"""The pages about what is kept, runs, certificates and holds; and the command that does the same."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from foundation.queues import queue
from staff.accounts import Account
from staff.downloads import finish, request_download
from staff.personal.certificates import verify
from staff.personal.cli import retention_commands
from staff.personal.console import desk_items
from staff.personal.running import latest_runs
from staff.roles import EVERYBODY, Role
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded

SEEING = {Role.ADMINISTRATOR, Role.LEADER, Role.SUPERVISOR}
ERASE = "删除到期的内容"


@pytest.fixture
def something_due(member: Account, database_clock: DatabaseClock) -> None:
    finish(request_download("tally.csv", "shili", "示例", actor_of(member)).key, "得票.csv", b"figures")
    database_clock.advance(timedelta(days=1))


def work_off_the_queue() -> None:
    worker = SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="ERROR")


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_who_sees_what_is_kept(app: Flask, role: Role) -> None:
    unit = "示例县" if role in (Role.UNIT, Role.INVESTIGATOR) else None
    browser = Browser(app).signed_in_as(make_staff("shili", "示例", role, unit))
    for path, allowed in (
        ("/console/retention/", SEEING),
        ("/console/retention/holds", SEEING),
        ("/console/retention/run", {Role.ADMINISTRATOR}),
    ):
        assert browser.get(path).status_code == (200 if role in allowed else 403)


def test_an_empty_house_says_so(admin_desk: Browser) -> None:
    page = admin_desk.get("/console/retention/").text
    assert "还没有清理过" in page
    assert "现在没有到期的内容" in admin_desk.get("/console/retention/run").text
    assert "没有保全" in admin_desk.get("/console/retention/holds").text


def test_a_run_is_tried_confirmed_carried_out_by_the_queue_and_certified(
    something_due: None, admin_desk: Browser, tmp_path: Path
) -> None:
    assert "会删除1条，删除后不能恢复" in admin_desk.get("/console/retention/run").text
    answer = admin_desk.submit("/console/retention/run")
    assert answer.status_code == 303
    assert "正在清理" in admin_desk.get(answer.location).text
    assert admin_desk.submit("/console/retention/run").status_code == 409
    work_off_the_queue()
    page = admin_desk.get(answer.location).text
    assert "做好的下载文件" in page
    certificate = admin_desk.get(f"{answer.location}/certificate.json")
    assert certificate.headers["Content-Disposition"].startswith("attachment; ")
    assert verify(certificate.text)["erased"]
    assert "删除1条" in admin_desk.get("/console/retention/").text
    assert ("guanli", "retention.erase", "做好的下载文件：1", "done") in recorded()


def test_the_page_of_a_run_asks_on_while_it_moves(something_due: None, admin_desk: Browser) -> None:
    address = admin_desk.submit("/console/retention/run").location
    fragment = admin_desk.get(f"{address}/progress").text
    assert ("<html" in fragment, 'hx-trigger="every 2s"' in fragment) == (False, True)
    work_off_the_queue()
    assert "every 2s" not in admin_desk.get(f"{address}/progress").text


def test_a_run_that_hangs_stands_on_the_administrators_desk(
    app: Flask, something_due: None, administrator: Account, member: Account, database_clock: DatabaseClock
) -> None:
    admin_desk = Browser(app).signed_in_as(administrator)
    address = admin_desk.submit("/console/retention/run").location
    with app.test_request_context():
        assert desk_items(actor_of(administrator)) == ()
        database_clock.advance(timedelta(hours=2))
        (item,) = desk_items(actor_of(administrator))
        assert (item.kind, item.href, desk_items(actor_of(member))) == ("urgent", address, ())


def test_what_was_typed_about_a_hold_stays(admin_desk: Browser) -> None:
    refused = admin_desk.submit("/console/retention/holds", rules="downloads.files", subject="shili", reason="短")
    assert refused.status_code == 422
    for kept in ('value="downloads.files" checked', 'value="shili"', ">短</textarea>", 'id="reason-error"'):
        assert kept in refused.text
    asked = admin_desk.submit("/console/retention/holds", subject="shili", reason="纪检正在核查，先行保全。")
    assert (asked.status_code, asked.location.startswith("/console/approvals/")) == (303, True)


def test_every_input_has_its_label(admin_desk: Browser, member: Account) -> None:
    for path in ("/console/retention/holds", "/console/personal/staff.phone/jingban"):
        page = admin_desk.get(path).text
        ids = re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]* id="([^"]+)"', page)
        assert ids
        assert [one for one in ids if f'for="{one}"' not in page] == []


def test_the_command_tries_and_does(app: Flask, something_due: None, administrator: Account, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    tried = runner.invoke(retention_commands, ["run", "--dry-run"])
    assert "downloads.files\t1\t做好后24小时" in tried.output
    assert latest_runs() == ()
    done = runner.invoke(retention_commands, ["run", "--as", "guanli"])
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "downloads.files\t1")
    assert "nothing was due" in runner.invoke(retention_commands, ["run"]).output
    assert {actor for actor, act, _, _ in recorded() if act == "retention.run"} == {"guanli", "command line"}


def test_the_command_erases_in_nobodys_name_who_may_not(app: Flask, member: Account) -> None:
    refused = app.test_cli_runner().invoke(retention_commands, ["run", "--as", "jingban"])
    assert (refused.exit_code, "权限" in refused.output) == (1, True)


def test_a_certificate_is_the_same_file_each_time(something_due: None, admin_desk: Browser) -> None:
    address = admin_desk.submit("/console/retention/run").location
    work_off_the_queue()
    first, second = (admin_desk.get(f"{address}/certificate.json").text for _ in range(2))
    assert (first == second, json.loads(first)["kind"]) == (True, "retention certificate")
