"""How long a session holds, by the database's clock, and what rests of it."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, String, inspect, select, update

from foundation.clock import database_now
from foundation.transaction import transaction
from staff.accounts import Account
from staff.models import Member, StaffSession
from staff.roles import Role
from staff.sessions import (
    OpenSession,
    begin_session,
    browsers_of,
    end_session,
    end_session_of,
    end_sessions_of,
    find_session,
    is_familiar,
    raise_session,
)
from tests.staff.factories_keys import at_once
from tests.staff.factories_staff import Browser

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def open_for(account: Account, *, network: str | None = None) -> str:
    return begin_session(account.id, replaces=None, complete=True, network=network, browser="Mac 上的 Safari")


def holds(token: str) -> bool:
    return find_session(token) is not None


def seen_at() -> object:
    with transaction() as session:
        return session.scalars(select(StaffSession.seen_at)).one()


def test_a_session_tells_whose_it_is(member: Account) -> None:
    found = find_session(open_for(member))
    assert found is not None
    assert found == OpenSession(found.id, member.id, "jingban", "示例经办", Role.OFFICE, None, complete=True)


def test_a_half_way_session_says_so_and_ends_after_ten_minutes(
    member: Account, database_clock: "DatabaseClock"
) -> None:
    token = begin_session(member.id, replaces=None)
    found = find_session(token)
    assert found is not None
    assert not found.complete
    database_clock.advance(10 * MINUTE - MINUTE / 2)
    assert holds(token)
    database_clock.advance(MINUTE)
    assert not holds(token)


def test_a_half_way_session_rises_once_under_a_new_token(member: Account) -> None:
    token = begin_session(member.id, replaces=None)
    risen = raise_session(token)
    assert risen is not None
    found = find_session(risen)
    assert found is not None
    assert (found.complete, holds(token), raise_session(token), raise_session(risen)) == (True, False, None, None)


def test_a_session_rises_once_however_many_ask_at_once(app: Flask, member: Account) -> None:
    token = begin_session(member.id, replaces=None)
    answers = at_once(app, [lambda: raise_session(token)] * 6)
    assert len([answer for answer in answers if answer]) == 1


@pytest.mark.parametrize(
    "ended", [{"disabled_at": -MINUTE}, {"valid_until": timedelta(0)}, {"left_at": -MINUTE, "disabled_at": -MINUTE}]
)
def test_who_may_not_come_in_any_more_has_no_session(member: Account, ended: dict[str, timedelta]) -> None:
    complete, half = open_for(member), begin_session(member.id, replaces=None)
    with transaction() as session:
        now = database_now(session)
        session.execute(update(Member).values({column: now + off for column, off in ended.items()}))
    assert [holds(complete), holds(half)] == [False, False]


def test_an_account_works_until_its_last_moment(member: Account, database_clock: "DatabaseClock") -> None:
    token = open_for(member)
    with transaction() as session:
        session.execute(update(Member).values(valid_until=database_now(session) + HOUR / 2))
    assert holds(token)
    database_clock.advance(HOUR / 2)
    assert not holds(token)


def test_a_member_sees_where_they_are_signed_in_with_this_browser_first(
    member: Account, colleague: Account, database_clock: "DatabaseClock"
) -> None:
    here = open_for(member, network="192.0.2.0/24")
    open_for(colleague)
    begin_session(member.id, replaces=None)
    database_clock.advance(MINUTE)
    open_for(member)
    lines = [(line.here, line.browser, line.network) for line in browsers_of(member.id, here)]
    assert lines == [(True, "Mac 上的 Safari", "192.0.2.0/24"), (False, "Mac 上的 Safari", "unknown")]


def test_a_member_ends_one_session_or_all_others(member: Account, colleague: Account) -> None:
    here, there, elsewhere, foreign = open_for(member), open_for(member), open_for(member), open_for(colleague)
    (key,) = [line.key for line in browsers_of(member.id, there) if line.here]
    assert [end_session_of(colleague.id, key), end_session_of(member.id, key)] == [False, True]
    assert [holds(one) for one in (here, there, elsewhere, foreign)] == [True, False, True, True]
    assert end_sessions_of(member.id, but=here) == 1
    assert [holds(one) for one in (here, elsewhere, foreign)] == [True, False, True]


def test_a_network_is_familiar_for_90_days_after_a_complete_session(
    member: Account, colleague: Account, database_clock: "DatabaseClock"
) -> None:
    begin_session(member.id, replaces=None, network="198.51.100.0/24")
    end_session(open_for(member, network="192.0.2.0/24"))

    def familiar() -> list[bool]:
        asked = [(member, "192.0.2.0/24"), (member, "198.51.100.0/24"), (colleague, "192.0.2.0/24"), (member, None)]
        return [is_familiar(account.id, network) for account, network in asked]

    assert familiar() == [True, False, False, False]
    database_clock.advance(timedelta(days=91))
    assert familiar() == [False] * 4


def test_only_the_digest_of_256_random_bits_rests(member: Account) -> None:
    tokens = [open_for(member) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert {len(token) for token in tokens} == {43}
    with transaction() as session:
        rows = session.scalars(select(StaffSession)).all()
        columns = [c.key for c in inspect(StaffSession).columns if isinstance(c.type, (LargeBinary, String))]
        resting = [getattr(row, name) for row in rows for name in columns]
    assert not any(token in str(value) or token.encode() == value for token in tokens for value in resting)
    assert [len(row.token_digest) for row in rows] == [32] * 3


@pytest.mark.parametrize("token", [None, "", "nonsense", "A" * 43, "\ud800".encode("utf-8", "replace").decode()])
def test_what_was_not_given_out_opens_nothing(member: Account, token: str | None) -> None:
    open_for(member)
    assert find_session(token) is None


def test_a_session_ends_after_an_hour_without_use(member: Account, database_clock: "DatabaseClock") -> None:
    token = open_for(member)
    database_clock.advance(HOUR - MINUTE)
    assert holds(token)
    database_clock.advance(HOUR - MINUTE)
    assert holds(token)
    database_clock.advance(HOUR + MINUTE)
    assert not holds(token)


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(
    member: Account, database_clock: "DatabaseClock"
) -> None:
    token = open_for(member)
    held = []
    for _ in range(25):
        database_clock.advance(HOUR / 2)
        held.append(holds(token))
    assert held == [True] * 23 + [False] * 2


def test_what_a_page_asks_by_itself_keeps_nobody_awake(member: Account, database_clock: "DatabaseClock") -> None:
    token = open_for(member)
    for _ in range(3):
        database_clock.advance(HOUR / 4)
        assert find_session(token, keeps_awake=False) is not None
    database_clock.advance(HOUR / 4 + MINUTE)
    assert not holds(token)


def test_use_is_written_down_once_a_minute(member: Account, database_clock: "DatabaseClock") -> None:
    token = open_for(member)
    begun = seen_at()
    database_clock.advance(MINUTE / 2)
    assert holds(token)
    assert seen_at() == begun
    database_clock.advance(MINUTE)
    assert holds(token)
    assert seen_at() != begun


def test_an_ended_session_stays_ended(member: Account) -> None:
    token, other = open_for(member), open_for(member)
    end_session(token)
    assert [holds(token), holds(other)] == [False, True]
    end_sessions_of(member.id)
    assert not holds(other)


def test_a_new_session_ends_the_one_it_replaces(member: Account, colleague: Account) -> None:
    former = open_for(member)
    latter = begin_session(colleague.id, replaces=former, complete=True)
    assert [holds(former), holds(latter)] == [False, True]


def test_the_limits_hold_at_the_door(app: Flask, desk: Browser, database_clock: "DatabaseClock") -> None:
    assert desk.get("/console/downloads").status_code == 200
    database_clock.advance(HOUR + MINUTE)
    assert desk.get("/console/downloads").status_code == 303
