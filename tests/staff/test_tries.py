"""How often something may be tried, from where, by the database's clock."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from staff.tries import CROWD, FAR, NEAR, Patience, Try, count_try, counters_of, forget_tries, forget_try

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
patiences = st.sampled_from([NEAR, FAR, CROWD])


def fail(times: int, *, whose: str = "member:a", network: str = HERE, familiar: bool = False) -> list[bool]:
    """Try so often, and tell which tries were looked at."""
    return [count_try(counters_of(whose, network, familiar=familiar)).allowed for _ in range(times)]


def networks(count: int) -> list[str]:
    return [f"203.0.{number}.0/24" for number in range(count)]


def test_locks_double_from_a_minute_to_their_longest() -> None:
    def minutes(patience: Patience, failures: range) -> list[float]:
        return [lock.total_seconds() / 60 if (lock := patience.lock_after(count)) else 0 for count in failures]

    assert minutes(NEAR, range(4, 14)) == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert minutes(FAR, range(19, 27)) == [0, 1, 2, 4, 8, 15, 15, 15]
    assert minutes(CROWD, range(49, 57)) == [0, 1, 2, 4, 8, 15, 15, 15]


@given(patiences, st.integers(0, 10**6))
def test_a_lock_never_shrinks_with_failures_and_never_passes_its_longest(patience: Patience, failures: int) -> None:
    now, later = patience.lock_after(failures) or timedelta(0), patience.lock_after(failures + 1) or timedelta(0)
    assert now <= later <= patience.longest_lock


@given(patiences, st.integers(0, 1000), st.timedeltas(timedelta(days=-1), timedelta(days=400)))
def test_failures_are_only_forgotten_with_time(patience: Patience, failures: int, since: timedelta) -> None:
    left = patience.remembers(failures, since)
    assert 0 <= left <= failures
    assert left >= patience.remembers(failures, since + HOUR)
    assert patience.remembers(failures, patience.forgets_one_in * failures) == 0


def test_the_fifth_try_in_one_network_locks_and_nothing_counts_while_it_lasts(app: Flask) -> None:
    tries = [count_try(counters_of("member:a", HERE, familiar=True)) for _ in range(7)]
    assert [tried.allowed for tried in tries] == [True] * 5 + [False] * 2
    assert [tried.locked_until is None for tried in tries] == [True] * 4 + [False] * 3
    assert len({tried.locked_until for tried in tries[4:]}) == 1


@pytest.mark.parametrize(("waited", "allowed"), [(timedelta(seconds=50), False), (timedelta(seconds=61), True)])
def test_the_lock_ends_by_the_databases_clock(
    app: Flask, database_clock: "DatabaseClock", waited: timedelta, allowed: bool
) -> None:
    fail(5)
    database_clock.advance(waited)
    assert fail(1) == [allowed]


def test_each_failure_after_a_lock_doubles_the_next(app: Flask, database_clock: "DatabaseClock") -> None:
    fail(5)
    waits = []
    for wait in (1, 2, 4, 8, 16, 32, 60):
        database_clock.advance(wait * MINUTE + timedelta(seconds=1))
        tried = count_try(counters_of("member:a", HERE, familiar=False))
        assert tried.locked_until is not None
        waits.append(round((tried.locked_until - database_clock.now()).total_seconds() / 60))
    assert waits == [2, 4, 8, 16, 32, 60, 60]


def test_failures_are_forgotten_after_a_day(app: Flask, database_clock: "DatabaseClock") -> None:
    fail(4)
    database_clock.advance(timedelta(hours=25))
    assert [count_try(counters_of("member:a", HERE, familiar=True)) for _ in range(4)] == [Try(allowed=True)] * 4


def test_a_lock_in_one_network_locks_nobody_out_elsewhere(app: Flask) -> None:
    assert fail(7) == [True] * 5 + [False] * 2
    assert fail(1, network=THERE) == [True]
    assert fail(1, whose="member:b") == [True]


def test_guessing_from_everywhere_locks_the_name_for_minutes_where_its_owner_never_was(
    app: Flask, database_clock: "DatabaseClock"
) -> None:
    looked_at = [fail(1, network=network) for network in networks(30)]
    assert looked_at == [[True]] * 20 + [[False]] * 10
    assert fail(1, network=HERE, familiar=True) == [True]
    for network in networks(60)[30:]:
        database_clock.advance(timedelta(minutes=15, seconds=1))
        assert fail(1, network=network) == [True]


def test_the_owner_is_never_kept_out_of_the_office_by_guesses_from_elsewhere(
    app: Flask, database_clock: "DatabaseClock"
) -> None:
    for network in networks(200):
        fail(3, network=network)
        own = counters_of("member:a", HERE, familiar=True)
        assert count_try(own).allowed
        forget_try(own)


def test_one_network_trying_many_names_is_slowed_down(app: Flask) -> None:
    looked_at = [fail(1, whose=f"member:{number}") for number in range(60)]
    assert looked_at == [[True]] * 50 + [[False]] * 10
    assert fail(1, whose="member:59", network=THERE) == [True]


def test_what_was_right_counts_for_no_network(app: Flask) -> None:
    for number in range(200):
        counters = counters_of(f"member:{number % 7}", HERE, familiar=False)
        assert count_try(counters).allowed
        forget_try(counters)
    assert fail(5) == [True] * 5


def test_a_right_try_lifts_the_lock_that_counting_it_set_and_keeps_what_was_wrong(app: Flask) -> None:
    for network in networks(19):
        fail(1, network=network)
    counters = counters_of("member:a", THERE, familiar=False)
    assert count_try(counters).locked_until is not None
    forget_try(counters)
    assert [fail(1, network=network) for network in networks(21)[19:]] == [[True], [False]]


def test_passwords_and_codes_are_counted_apart_and_forgotten_together(app: Flask) -> None:
    fail(6)
    codes = counters_of("member:a", HERE, familiar=False, what="code")
    assert [count_try(codes).allowed for _ in range(6)] == [True] * 5 + [False]
    forget_tries("member:a")
    assert (count_try(codes).allowed, fail(1)) == (True, [True])
