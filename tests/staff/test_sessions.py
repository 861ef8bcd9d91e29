"""How long a session holds, by the database's clock, and what rests of it."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, String, inspect, select

from foundation.transaction import transaction
from staff.accounts import Account
from staff.models import StaffSession
from staff.sessions import OpenSession, begin_session, end_session, end_sessions_of, find_session
from tests.staff.factories_staff import Browser

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def holds(token: str) -> bool:
    return find_session(token) is not None


def seen_at() -> object:
    with transaction() as session:
        return session.scalars(select(StaffSession.seen_at)).one()


def test_a_session_tells_whose_it_is(member: Account) -> None:
    found = find_session(begin_session(member.id, replaces=None))
    assert found is not None
    assert found == OpenSession(found.id, member.id, "jingban", "示例经办")


def test_only_the_digest_of_256_random_bits_rests(member: Account) -> None:
    tokens = [begin_session(member.id, replaces=None) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert {len(token) for token in tokens} == {43}
    with transaction() as session:
        rows = session.scalars(select(StaffSession)).all()
        columns = [c.key for c in inspect(StaffSession).columns if isinstance(c.type, (LargeBinary, String))]
        resting = [getattr(row, name) for row in rows for name in columns]
    assert [len(value) for value in resting] == [32] * 3
    assert not any(token.encode() in value for token in tokens for value in resting)


@pytest.mark.parametrize("token", [None, "", "nonsense", "A" * 43, "\ud800".encode("utf-8", "replace").decode()])
def test_what_was_not_given_out_opens_nothing(member: Account, token: str | None) -> None:
    begin_session(member.id, replaces=None)
    assert find_session(token) is None


def test_a_session_ends_after_an_hour_without_use(member: Account, database_clock: "DatabaseClock") -> None:
    token = begin_session(member.id, replaces=None)
    database_clock.advance(HOUR - MINUTE)
    assert holds(token)
    database_clock.advance(HOUR - MINUTE)
    assert holds(token)
    database_clock.advance(HOUR + MINUTE)
    assert not holds(token)


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(
    member: Account, database_clock: "DatabaseClock"
) -> None:
    token = begin_session(member.id, replaces=None)
    held = []
    for _ in range(25):
        database_clock.advance(HOUR / 2)
        held.append(holds(token))
    assert held == [True] * 23 + [False] * 2


def test_what_a_page_asks_by_itself_keeps_nobody_awake(member: Account, database_clock: "DatabaseClock") -> None:
    token = begin_session(member.id, replaces=None)
    for _ in range(3):
        database_clock.advance(HOUR / 4)
        assert find_session(token, keeps_awake=False) is not None
    database_clock.advance(HOUR / 4 + MINUTE)
    assert not holds(token)


def test_use_is_written_down_once_a_minute(member: Account, database_clock: "DatabaseClock") -> None:
    token = begin_session(member.id, replaces=None)
    begun = seen_at()
    database_clock.advance(MINUTE / 2)
    assert holds(token)
    assert seen_at() == begun
    database_clock.advance(MINUTE)
    assert holds(token)
    assert seen_at() != begun


def test_an_ended_session_stays_ended(member: Account) -> None:
    token, other = begin_session(member.id, replaces=None), begin_session(member.id, replaces=None)
    end_session(token)
    assert [holds(token), holds(other)] == [False, True]
    end_sessions_of(member.id)
    assert not holds(other)


def test_a_new_session_ends_the_one_it_replaces(member: Account, colleague: Account) -> None:
    former = begin_session(member.id, replaces=None)
    latter = begin_session(colleague.id, replaces=former)
    assert [holds(former), holds(latter)] == [False, True]


def test_the_limits_hold_at_the_door(app: Flask, desk: Browser, database_clock: "DatabaseClock") -> None:
    assert desk.get("/console/downloads").status_code == 200
    database_clock.advance(HOUR + MINUTE)
    assert desk.get("/console/downloads").status_code == 303
