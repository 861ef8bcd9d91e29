"""Files made for whoever asked: their progress, their end, and that nobody else takes them."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from flask import Flask

from foundation.errors import Conflict, NotAllowed, NotFound
from staff.accounts import Account
from staff.actors import COMMAND_LINE
from staff.downloads import (
    DownloadStatus,
    LinkEnded,
    ask_again,
    begin,
    download_status,
    downloads_of,
    fail,
    finish,
    offer_again,
    progress,
    request_download,
    take_file,
)
from tests.staff.factories_staff import Browser, actor_of, recorded

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

TITLE = "示例评选 得票情况汇总表"


def requested(account: Account) -> DownloadStatus:
    return request_download("tally.xlsx", "example", TITLE, actor_of(account))


def seen(download: DownloadStatus, account: Account) -> tuple[str, int, bool]:
    now = download_status(download.key, actor_of(account))
    return now.state, now.percent, now.moving


def link_to(download: DownloadStatus, desk: Browser) -> str:
    """Return where the page's button leads."""
    page = unescape(desk.get("/console/downloads").text)
    found = re.search(rf'href="(/console/downloads/{download.key}/file[^"]*)"', page)
    assert found
    return found[1]


def test_a_download_goes_from_waiting_to_ready(member: Account) -> None:
    download = requested(member)
    course = [seen(download, member)]
    assert begin(download.key, 8)
    course.append(seen(download, member))
    for done in (2, 99):
        progress(download.key, done)
        course.append(seen(download, member))
    finish(download.key, "得票.xlsx", b"figures")
    course.append(seen(download, member))
    assert course == [
        ("waiting", 0, True),
        ("running", 0, True),
        ("running", 25, True),
        ("running", 100, True),
        ("ready", 100, False),
    ]
    assert take_file(download.key, actor_of(member)).content == b"figures"


def test_a_file_may_come_from_a_path_and_rests_encrypted(app: Flask, member: Account, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"figures that nobody reads on the disk")
    download = requested(member)
    begin(download.key, 1)
    finish(download.key, "得票.csv", made)
    folder = app.config["SETTINGS"].data_dir / "files" / "private"
    assert not any(made.read_bytes() in file.read_bytes() for file in folder.iterdir())
    assert take_file(download.key, actor_of(member)).content == made.read_bytes()


def test_a_job_that_runs_twice_does_no_harm(member: Account) -> None:
    download = requested(member)
    assert [begin(download.key, 2), begin(download.key, 2)] == [True, True]
    finish(download.key, "得票.csv", b"first")
    assert [begin(download.key, 2), begin("nobody asked", 2)] == [False, False]
    progress(download.key, 1)
    fail(download.key, "没有做成。")
    assert seen(download, member) == ("ready", 100, False)


def test_a_failure_tells_why(member: Account, desk: Browser) -> None:
    download = requested(member)
    begin(download.key, 2)
    fail(download.key, "投票还没有结束，请结束后再申请。")
    assert seen(download, member) == ("failed", 0, False)
    assert "投票还没有结束，请结束后再申请。" in desk.get("/console/downloads").text
    assert desk.get(f"/console/downloads/{download.key}/file").status_code == 404


def test_a_download_that_no_job_finished_in_half_an_hour_has_stalled(
    member: Account, desk: Browser, database_clock: "DatabaseClock"
) -> None:
    download = requested(member)
    database_clock.advance(timedelta(minutes=31))
    desk.signed_in_as(member)
    page = desk.get(f"/console/downloads/{download.key}").text
    assert ("停住了" in page, "hx-get" in page) == (True, False)


def test_only_members_ask_for_files(app: Flask) -> None:
    with pytest.raises(NotAllowed):
        request_download("tally.xlsx", "example", TITLE, COMMAND_LINE)


def test_downloads_are_their_requesters_alone(member: Account, colleague: Account) -> None:
    first, second, others = requested(member), requested(member), requested(colleague)
    assert [download.key for download in downloads_of(actor_of(member))] == [second.key, first.key]
    with pytest.raises(NotFound):
        download_status(others.key, actor_of(member))


def test_a_colleague_gets_nothing_and_the_try_is_recorded(app: Flask, member: Account, colleague: Account) -> None:
    download = requested(member)
    finish(download.key, "得票.csv", b"figures")
    other = Browser(app).signed_in_as(colleague)
    paths = [f"/console/downloads/{download.key}", f"/console/downloads/{download.key}/file"]
    assert [other.get(path).status_code for path in paths] == [404, 404]
    assert recorded()[-1] == ("kezhang", "downloads.fetch", f"{TITLE}（example）", "refused")


def test_the_requester_takes_the_file_under_its_own_name(desk: Browser, member: Account) -> None:
    download = requested(member)
    finish(download.key, "得票情况汇总表.xlsx", b"figures")
    answer = desk.get(link_to(download, desk))
    assert (answer.status_code, answer.data) == (200, b"figures")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    assert disposition.endswith(f"filename*=UTF-8''{quote('得票情况汇总表.xlsx')}")
    assert "no-store" in answer.headers["Cache-Control"]
    assert recorded()[-1] == ("jingban", "downloads.fetch", f"{TITLE}（example）", "done")


def test_a_file_before_it_is_ready_is_not_there(desk: Browser, member: Account) -> None:
    download = requested(member)
    assert desk.get(f"/console/downloads/{download.key}/file").status_code == 404
    for key in ("unheard-of", "%00", "0" * 32):
        assert [desk.get(f"/console/downloads/{key}{end}").status_code for end in ("", "/file")] == [404, 404]
    assert [act for _, act, _, _ in recorded()] == ["downloads.request"]


def test_the_page_asks_on_while_a_job_runs_and_stops_at_the_end(desk: Browser, member: Account) -> None:
    download = requested(member)
    begin(download.key, 4)
    progress(download.key, 1)
    running = desk.get("/console/downloads").text
    assert f'hx-get="/console/downloads/{download.key}"' in running
    assert 'value="25"' in running
    assert '<meta http-equiv="refresh" content="5">' in running
    finish(download.key, "得票.csv", b"figures")
    row = desk.get(f"/console/downloads/{download.key}").text
    assert row.startswith("<tr")
    assert ("hx-get" in row, f"/console/downloads/{download.key}/file" in row) == (False, True)


def test_without_downloads_the_page_says_where_they_come_from(desk: Browser) -> None:
    assert "还没有下载。" in desk.get("/console/downloads").text


def test_a_link_holds_for_a_quarter_of_an_hour(desk: Browser, member: Account, database_clock: "DatabaseClock") -> None:
    download = requested(member)
    finish(download.key, "得票.csv", b"figures")
    link = link_to(download, desk)
    database_clock.advance(timedelta(minutes=14))
    assert [desk.get(link).status_code, desk.get(link).status_code] == [200, 200]
    database_clock.advance(timedelta(minutes=2))
    answer = desk.get(link)
    assert (answer.status_code, "下载链接只在15分钟内有效" in answer.text) == (410, True)
    assert desk.get(link_to(download, desk)).status_code == 200


def test_a_link_opens_nothing_in_another_session(app: Flask, desk: Browser, member: Account) -> None:
    download = requested(member)
    finish(download.key, "得票.csv", b"figures")
    link = link_to(download, desk)
    elsewhere = Browser(app).signed_in_as(member)
    answer = elsewhere.get(link)
    assert (answer.status_code, "不是为这次登录做的" in answer.text) == (404, True)


def test_a_colleague_with_the_link_gets_nothing_and_the_try_is_recorded(
    app: Flask, desk: Browser, member: Account, colleague: Account
) -> None:
    download = requested(member)
    finish(download.key, "得票.csv", b"figures")
    assert Browser(app).signed_in_as(colleague).get(link_to(download, desk)).status_code == 404
    assert recorded()[-1] == ("kezhang", "downloads.fetch", f"{TITLE}（example）", "refused")


@pytest.mark.parametrize("ticket", ["", "0", "-", "99999999999-", f"99999999999-{'0' * 32}", "示例", "1e9-x"])
def test_a_forged_link_opens_nothing(desk: Browser, member: Account, ticket: str) -> None:
    download = requested(member)
    finish(download.key, "得票.csv", b"figures")
    assert desk.get(f"/console/downloads/{download.key}/file?ticket={quote(ticket)}").status_code == 404


def test_after_a_day_the_file_is_over_and_the_page_says_so(
    app: Flask, member: Account, database_clock: "DatabaseClock"
) -> None:
    download = requested(member)
    finish(download.key, "得票.csv", b"figures")
    database_clock.advance(timedelta(hours=24))
    assert seen(download, member) == ("expired", 0, False)
    with pytest.raises(LinkEnded):
        take_file(download.key, actor_of(member))
    page = Browser(app).signed_in_as(member).get("/console/downloads").text
    assert ("已过期" in page, f"{download.key}/file" in page) == (True, False)


def test_what_is_over_can_be_asked_for_anew_where_its_kind_can(
    app: Flask, member: Account, colleague: Account, database_clock: "DatabaseClock"
) -> None:
    offer_again("example.", lambda kind, subject, actor: request_download(kind, subject, TITLE, actor))
    download = request_download("example.csv", "example", TITLE, actor_of(member))
    other = requested(member)
    for key in (download.key, other.key):
        finish(key, "得票.csv", b"figures")
    with pytest.raises(Conflict):
        ask_again(download.key, actor_of(member))
    database_clock.advance(timedelta(hours=24))
    with pytest.raises(NotFound):
        ask_again(download.key, actor_of(colleague))
    desk = Browser(app).signed_in_as(member)
    assert "重新申请" in desk.get("/console/downloads").text
    assert desk.submit(f"/console/downloads/{download.key}/again").status_code == 303
    latest = downloads_of(actor_of(member))[0]
    assert (latest.kind, latest.subject, latest.state) == ("example.csv", "example", "waiting")
