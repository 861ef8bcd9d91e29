"""Asked before a next step: what stands against a subject; raised meanwhile it is seen, or waits for the step."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from foundation.clock import local_day
from foundation.database import db
from foundation.errors import Conflict
from foundation.transaction import transaction
from publicity.notices.kinds import Phase
from publicity.notices.reading import notice_head
from publicity.objections.figures import objection_lines
from publicity.objections.handling import accept, decline, examine, resolve
from publicity.objections.raising import enter_objection, raise_objection
from publicity.objections.rules import RaisedAs, State, Way
from publicity.objections.standing import OpenObjection, lock_subject, open_in_notice, open_objections
from staff.options.calendar import working_day_after
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, make_notice, make_office
from tests.publicity.factories_objections import anonymous, entry_to, make_objection, make_settled

TODAY = local_day(MONDAY)


@pytest.fixture(autouse=True)
def monday(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(MONDAY)


def test_what_is_open_stands_against_its_subject_alone() -> None:
    head, leader = make_notice(), make_office().leader
    entry = entry_to(head)
    code = raise_objection(head.key, entry, openid=None).code
    make_objection(head, subject_key=entry_to(head, 1).subject_key, subject_kind=entry_to(head, 1).subject_kind)
    make_settled(head, leader)
    raise_objection(head.key, anonymous(head), openid=None)

    (standing,) = open_objections(entry.subject_kind, entry.subject_key)
    assert standing == OpenObjection(code, head.key, State.RECEIVED, standing.received_at, working_day_after(TODAY, 10))
    with transaction() as session:
        assert open_in_notice(session, head.id) == 2


def test_each_step_on_the_way_stands_until_there_is_a_result() -> None:
    head, leader = make_notice(), make_office().leader
    entry = entry_to(head)
    code = raise_objection(head.key, entry, openid=None).code
    seen = []
    steps: list[Callable[[], None]] = [
        lambda: accept(code, "", leader, seen=1),
        lambda: examine(code, "核查", leader, seen=2),
        lambda: resolve(code, State.FOUNDED, "依据", "属实。", leader, seen=3),
    ]
    for step in steps:
        seen += [one.state for one in open_objections(entry.subject_kind, entry.subject_key)]
        step()

    assert seen == [State.RECEIVED, State.ACCEPTED, State.EXAMINED]
    assert open_objections(entry.subject_kind, entry.subject_key) == ()


def in_another(app: Flask, pool: ThreadPoolExecutor, work: Callable[[], object]) -> "Future[object]":
    """Do `work` in a transaction of another connection."""

    def run() -> object:
        with app.app_context():
            try:
                return work()
            finally:
                db.session.remove()

    return pool.submit(run)


def wait_until_blocked() -> None:
    """Wait until some connection waits for a lock that another holds."""
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + 10
    with db.engine.connect() as connection:
        while not connection.execute(query).scalar_one():
            connection.rollback()
            assert time.monotonic() < deadline, "nobody waits"


def test_an_objection_raised_while_a_step_is_taken_waits_for_it(app: Flask) -> None:
    head = make_notice()
    entry = entry_to(head)
    with ThreadPoolExecutor(1) as pool:
        with transaction():
            assert open_objections(entry.subject_kind, entry.subject_key) == ()
            raised = in_another(app, pool, lambda: raise_objection(head.key, entry, openid=None))
            wait_until_blocked()
            assert not raised.done()
            assert open_objections(entry.subject_kind, entry.subject_key) == ()
        assert raised.result(10)
    assert len(open_objections(entry.subject_kind, entry.subject_key)) == 1


def test_a_step_asked_while_an_objection_is_raised_sees_it(app: Flask) -> None:
    head = make_notice()
    entry = entry_to(head)
    with ThreadPoolExecutor(1) as pool:
        with transaction():
            raise_objection(head.key, entry, openid=None)
            asked = in_another(app, pool, lambda: open_objections(entry.subject_kind, entry.subject_key))
            wait_until_blocked()
            assert not asked.done()
        seen = asked.result(10)
    assert isinstance(seen, tuple)
    assert len(seen) == 1


def test_other_subjects_wait_for_nobody(app: Flask) -> None:
    head = make_notice()
    first, other = entry_to(head), entry_to(head, 1)
    with ThreadPoolExecutor(1) as pool, transaction() as session:
        lock_subject(session, first.subject_kind, first.subject_key)
        assert in_another(app, pool, lambda: raise_objection(head.key, other, openid=None)).result(10)


def test_what_is_raised_while_a_notice_is_concluded_is_refused(app: Flask, database_clock: DatabaseClock) -> None:
    head, office = make_notice(Phase.OVER, clock=database_clock), make_office()
    assert head.last_day is not None
    day = head.last_day
    entry = entry_to(head)
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            notice_head(session, head.key, lock=True)
            assert open_in_notice(session, head.id) == 0
            entered = in_another(app, pool, lambda: enter_objection(head.key, entry, Way.LETTER, day, office.drafter))
            wait_until_blocked()
            session.execute(
                text("UPDATE notice SET concluded_at = clock_now(), concluded_by = :by WHERE id = :id"),
                {"by": office.leader.member_id, "id": head.id},
            )
        with pytest.raises(Conflict):
            entered.result(10)


def test_many_at_once_are_each_taken_once(app: Flask) -> None:
    head = make_notice()
    entries = [entry_to(head, number % 3) for number in range(6)]
    together = threading.Barrier(4)

    def send() -> list[str]:
        together.wait(10)
        return [raise_objection(head.key, entry, openid=None).code for entry in entries]

    with ThreadPoolExecutor(4) as pool:
        runs = [in_another(app, pool, send) for _ in range(4)]
        answers = [run.result(30) for run in runs]

    assert all(answer == answers[0] for answer in answers)
    with transaction() as session:
        assert open_in_notice(session, head.id) == 6


def test_the_report_reads_result_and_summary_and_never_who(database_clock: DatabaseClock) -> None:
    head, leader = make_notice(), make_office().leader
    code = make_settled(head, leader, summary="经核查，不属实。")
    by_rule = raise_objection(head.key, anonymous(head), openid=None).code
    declined = make_objection(head)
    decline(declined, "示例理由", "反映的不是公示对象。", leader, seen=1)
    database_clock.advance(timedelta(days=1))
    waiting = make_objection(head)

    lines = objection_lines(head.id)
    assert [(line.code, line.state, line.raised_as, line.way, line.result) for line in lines] == [
        (code, State.UNFOUNDED, RaisedAs.PERSON, Way.WEB, "经核查，不属实。"),
        (by_rule, State.DECLINED, RaisedAs.ANONYMOUS, Way.WEB, "匿名反映且没有具体线索，按规定不予受理。"),
        (declined, State.DECLINED, RaisedAs.PERSON, Way.WEB, "反映的不是公示对象。"),
        (waiting, State.RECEIVED, RaisedAs.PERSON, Way.WEB, ""),
    ]
    assert not {"reporter_name", "reporter_phone", "text"} & set(lines[0].__slots__)
