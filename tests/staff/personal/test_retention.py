"""What is due goes, what is held stays, nothing goes twice, and every run that erased signs for the counts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from foundation.clock import local
from foundation.errors import Conflict, NotAllowed
from foundation.files import file_store
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import SYSTEM
from staff.downloads import finish, request_download
from staff.models import Download, Member, SignInTries, StaffSession
from staff.people.models import Invitation
from staff.personal import retention
from staff.personal.certificates import render, verify
from staff.personal.models import RetentionCertificate, RetentionErasure, RetentionRun
from staff.personal.retention import RULES, DeclaredTwiceError, Rows, declare_retention, show_term
from staff.personal.running import carry_out, latest_runs, preview, run_daily, run_status, start_run
from staff.personal.staff_rules import FORMER, LOGS_KEPT
from staff.roles import Role
from staff.sessions import begin_session, end_session
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import actor_of, recorded
from tests.statements import statements

DAY = timedelta(days=1)


def run() -> dict[str, int]:
    """Run in the system's own name and return what each rule erased."""
    key = start_run(SYSTEM)
    carry_out(key)
    return {line.rule: line.count for line in run_status(key).erased}


def due() -> dict[str, int]:
    return {line.rule.id: line.count for line in preview() if line.count}


@pytest.fixture
def finished(member: Account) -> str:
    return finished_download(member, b"figures")


def finished_download(member: Account, content: bytes) -> str:
    download = request_download("tally.csv", "shili", "示例", actor_of(member))
    finish(download.key, "得票.csv", content)
    return download.key


def private_files(app: Flask) -> list[Path]:
    return sorted((app.config["SETTINGS"].data_dir / "files" / "private").iterdir())


def test_a_fresh_house_has_nothing_to_erase(app: Flask) -> None:
    assert (due(), run(), run_daily()) == ({}, {}, False)
    assert latest_runs() == ()


def test_however_many_rules_there_are_their_rows_are_counted_in_one_statement(app: Flask) -> None:
    rows = [rule for rule in RULES.values() if isinstance(rule.due, Rows)]
    with statements("SELECT count(*)") as counting:
        lines = {line.rule.id: line.count for line in preview()}
    first, *_ = counting
    assert first.count("SELECT count(*)") >= len(rows) > 5
    assert list(lines) == [rule.id for rule in RULES.values() if rule.due is not None]


def test_a_finished_file_goes_after_a_day_with_its_row_kept(
    app: Flask, finished: str, database_clock: DatabaseClock
) -> None:
    database_clock.advance(timedelta(hours=23))
    assert (due(), run()) == ({}, {})
    database_clock.advance(timedelta(hours=1))
    assert due() == {"downloads.files": 1}
    assert (run(), run(), private_files(app)) == ({"downloads.files": 1}, {}, [])
    with transaction() as session:
        download = session.scalars(select(Download).where(Download.key == finished)).one()
        assert (download.state, download.digest, download.filename) == ("expired", None, "得票.csv")


def test_a_file_that_another_download_still_offers_stays(
    app: Flask, member: Account, finished: str, database_clock: DatabaseClock
) -> None:
    database_clock.advance(timedelta(hours=20))
    finished_download(member, b"figures")
    database_clock.advance(timedelta(hours=5))
    assert (run(), len(private_files(app))) == ({"downloads.files": 1}, 1)
    database_clock.advance(DAY)
    assert (run(), private_files(app)) == ({"downloads.files": 1}, [])


def test_files_that_no_row_names_go_after_a_day(app: Flask, finished: str, database_clock: DatabaseClock) -> None:
    file_store().add_private(b"left behind by a job that was killed")
    file_store().add_public(b"a photo that was replaced")
    database_clock.advance(timedelta(hours=23, minutes=55))
    assert due() == {}
    database_clock.advance(timedelta(minutes=10))
    assert due() == {"downloads.files": 1, "files.private": 1, "files.public": 1}
    assert (run(), private_files(app)) == ({"downloads.files": 1, "files.private": 1, "files.public": 1}, [])


def test_sessions_tries_and_members_go_after_190_days(
    app: Flask, member: Account, colleague: Account, database_clock: DatabaseClock
) -> None:
    token = begin_session(member.id, replaces=None)
    end_session(token)
    begin_session(member.id, replaces=None)
    with transaction() as session:
        now = datetime.now(UTC)
        session.add(SignInTries(key="member:jingban", whose="member:jingban", failures=3, failed_at=now))
        gone = session.get_one(Member, member.id)
        gone.left_at = gone.disabled_at = now
        gone.phone = b"13900001234"
    database_clock.advance(LOGS_KEPT)
    assert run() == {"staff.sessions": 1, "staff.tries": 1, "staff.former": 1}
    database_clock.advance(DAY)
    assert run() == {"staff.sessions": 1}
    with transaction() as session:
        left, stayed = session.scalars(select(Member).order_by(Member.id))
        assert (left.name, left.display_name, left.phone) == ("jingban", f"{FORMER}{member.id}", None)
        assert (stayed.display_name, session.scalars(select(StaffSession)).all()) == ("示例科长", [])


def test_invitations_go_30_days_after_they_ended(
    app: Flask, administrator: Account, database_clock: DatabaseClock
) -> None:
    def invitation(key: str, **changes: object) -> Invitation:
        return Invitation(key=key, display_name="示例", role=Role.OFFICE, invited_by=administrator.id, **changes)

    with transaction() as session:
        now = datetime.now(UTC)
        link = {"approved_at": now, "token_digest": b"t" * 32, "expires_at": now + 3 * DAY}
        session.add_all([invitation("unused", **link), invitation("taken-back", withdrawn_at=now), invitation("waits")])
    database_clock.advance(31 * DAY)
    assert run() == {"staff.invitations": 1}
    database_clock.advance(3 * DAY)
    assert run() == {"staff.invitations": 1}
    with transaction() as session:
        assert list(session.scalars(select(Invitation.key))) == ["waits"]


def test_the_trail_is_reported_and_never_erased(
    app: Flask, member: Account, finished: str, database_clock: DatabaseClock
) -> None:
    database_clock.advance(timedelta(days=1097))
    assert due()["audit.trail"] == 1
    assert "audit.trail" not in run()
    assert recorded()[0][1] == "downloads.request"


def test_the_day_is_done_once(app: Flask, finished: str, database_clock: DatabaseClock) -> None:
    database_clock.advance(25 * timedelta(hours=1))
    assert [run_daily(), run_daily()] == [True, False]
    database_clock.advance(timedelta(hours=24))
    assert run_daily()
    assert [run.count for run in latest_runs()] == [1]


def test_every_erasure_has_its_line_and_a_run_of_a_member_names_them(
    finished: str, administrator: Account, database_clock: DatabaseClock
) -> None:
    database_clock.advance(DAY)
    key = start_run(actor_of(administrator))
    carry_out(key)
    assert recorded()[1:] == [
        ("guanli", "retention.run", key[:8], "done"),
        ("guanli", "retention.erase", "做好的下载文件：1", "done"),
    ]


def test_only_who_may_erases(member: Account, leader: Account) -> None:
    for account in (member, leader):
        with pytest.raises(NotAllowed):
            start_run(actor_of(account))


def test_one_run_at_a_time_and_one_left_behind_is_ended_with_what_it_did(
    finished: str, database_clock: DatabaseClock
) -> None:
    left_behind = start_run(SYSTEM)
    with pytest.raises(Conflict):
        start_run(SYSTEM)
    with transaction() as session:
        run_id = session.scalars(select(RetentionRun.id)).one()
        session.add(RetentionErasure(run_id=run_id, rule="example", words="示例", term_seconds=60, count=7))
    database_clock.advance(timedelta(hours=2))
    run()
    status = run_status(left_behind)
    assert (status.state, status.failed, status.count) == ("ended", ("中途停止",), 7)
    assert status.certificate is not None
    carry_out(left_behind)
    assert run_status(left_behind) == status


def test_a_run_that_was_killed_goes_on_and_counts_nothing_twice(
    finished: str, database_clock: DatabaseClock, rule: Callable[..., None]
) -> None:
    database_clock.advance(DAY)
    key = start_run(SYSTEM)
    rule(erase=_killed)
    with pytest.raises(KeyboardInterrupt):
        carry_out(key)
    rule(erase=lambda session, now: 2)
    carry_out(key)
    assert {line.rule: line.count for line in run_status(key).erased} == {"downloads.files": 1, "example.rule": 2}


def _killed(session: Session, now: datetime) -> int:
    raise KeyboardInterrupt


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Declare an example rule, for this test alone; declaring it again replaces it."""
    own = dict(retention._rules)
    monkeypatch.setattr(retention, "_rules", own)
    for module in ("staff.personal.running", "staff.personal.holds", "staff.personal.retention"):
        monkeypatch.setattr(f"{module}.RULES", own)

    def declare(*, erase: Callable[[Session, datetime], int]) -> None:
        own.pop("example.rule", None)
        declare_retention("example.rule", "示例内容", DAY, lambda session, now: 1, erase)

    return declare


def test_a_rule_that_fails_stops_no_other(
    finished: str, database_clock: DatabaseClock, rule: Callable[..., None]
) -> None:
    def fail(session: Session, now: datetime) -> int:
        session.execute(text("DELETE FROM staff_member"))
        raise ValueError

    rule(erase=fail)
    database_clock.advance(DAY)
    key = start_run(SYSTEM)
    carry_out(key)
    status = run_status(key)
    assert (status.failed, [line.rule for line in status.erased]) == (("示例内容",), ["downloads.files"])


def test_a_certificate_holds_counts_and_no_values(
    app: Flask, finished: str, member: Account, database_clock: DatabaseClock
) -> None:
    database_clock.set(datetime(2027, 3, 1, 4, tzinfo=UTC))
    run_daily()
    (done,) = latest_runs()
    assert done.certificate is not None
    assert done.ended_at is not None
    with transaction() as session:
        erased_at = session.scalars(select(RetentionErasure.at)).one()
    began, ended, at = (
        f"{local(moment):%Y-%m-%dT%H:%M:%S}+08:00" for moment in (done.requested_at, done.ended_at, erased_at)
    )
    assert began.startswith("2027-03-01T12:00:")
    document = dict(verify(render(done.certificate)))
    del document["signature"], document["public_key"]
    assert document == {
        "kind": "retention certificate",
        "format": 1,
        "site": "http://vote.example",
        "run": done.key,
        "began": began,
        "ended": ended,
        "erased": [
            {
                "rule": "downloads.files",
                "words": "做好的下载文件",
                "term": "24小时",
                "term_seconds": 86400,
                "count": 1,
                "at": at,
            }
        ],
    }


@pytest.mark.parametrize("table", [RetentionErasure.__tablename__, RetentionCertificate.__tablename__])
def test_what_was_erased_is_never_rewritten(finished: str, database_clock: DatabaseClock, table: str) -> None:
    database_clock.advance(DAY)
    run()
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET run_id = run_id"):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (timedelta(minutes=20), "20分钟"),
        (timedelta(hours=24), "24小时"),
        (timedelta(days=30), "30天"),
        (timedelta(days=190), "190天"),
        (timedelta(days=365), "1年"),
        (timedelta(days=1096), "3年"),
        (timedelta(days=400), "400天"),
    ],
)
def test_a_term_is_told_in_the_unit_that_fits_it(term: timedelta, words: str) -> None:
    assert show_term(term) == words


def test_a_rule_is_declared_once() -> None:
    found = RULES["staff.sessions"]
    assert found.term is not None
    assert found.due is not None
    declare_retention(found.id, found.words, found.term, found.due, found.erase, since=found.since)
    with pytest.raises(DeclaredTwiceError):
        declare_retention(found.id, "别的说法", found.term, found.due, found.erase)
