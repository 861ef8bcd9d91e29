"""How often a password may be tried, by the database's clock."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from staff.tries import LONGEST_LOCK, Try, count_try, forget_tries, lock_after

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

START = datetime(2026, 4, 20, 10, 0, tzinfo=UTC)


def test_the_lock_begins_after_five_failures_and_doubles_to_an_hour() -> None:
    minutes = [lock.total_seconds() / 60 if lock else 0 for lock in map(lock_after, range(14))]
    assert minutes == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.integers(5, 10**6))
def test_the_lock_never_shrinks_and_never_passes_an_hour(failures: int) -> None:
    now, later = lock_after(failures), lock_after(failures + 1)
    assert now is not None
    assert later is not None
    assert now <= later <= LONGEST_LOCK


def test_the_fifth_try_locks_and_nothing_counts_while_it_lasts(app: Flask, database_clock: "DatabaseClock") -> None:
    tries = [count_try("member:a") for _ in range(7)]
    assert [tried.allowed for tried in tries] == [True] * 5 + [False] * 2
    assert [tried.locked_until is None for tried in tries] == [True] * 4 + [False] * 3
    assert len({tried.locked_until for tried in tries[4:]}) == 1


@pytest.mark.parametrize(("waited", "allowed"), [(timedelta(seconds=50), False), (timedelta(seconds=61), True)])
def test_the_lock_ends_by_the_databases_clock(
    app: Flask, database_clock: "DatabaseClock", waited: timedelta, allowed: bool
) -> None:
    for _ in range(5):
        count_try("member:a")
    database_clock.advance(waited)
    assert count_try("member:a").allowed is allowed


def test_each_failure_after_a_lock_doubles_the_next(app: Flask, database_clock: "DatabaseClock") -> None:
    for _ in range(5):
        count_try("member:a")
    waits = []
    for _ in range(7):
        database_clock.advance(timedelta(hours=1, seconds=1))
        tried = count_try("member:a")
        assert tried.locked_until is not None
        waits.append(round((tried.locked_until - database_clock.now()).total_seconds() / 60))
    assert waits == [2, 4, 8, 16, 32, 60, 60]


def test_failures_are_forgotten_after_a_day(app: Flask, database_clock: "DatabaseClock") -> None:
    for _ in range(4):
        count_try("member:a")
    database_clock.advance(timedelta(hours=25))
    assert [count_try("member:a") for _ in range(4)] == [Try(allowed=True, locked_until=None)] * 4


def test_one_lock_is_nobody_elses_and_can_be_lifted(app: Flask) -> None:
    for _ in range(6):
        count_try("member:a")
    assert count_try("member:b").allowed
    forget_tries("member:a")
    assert count_try("member:a") == Try(allowed=True, locked_until=None)
