"""The sequencer: dense numbers, a tally in step with the ledger, polls that close on time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from foundation.keyvalue import keyvalue
from foundation.transaction import transaction
from tests.conftest import DatabaseClock
from tests.factories import fill_ledger, make_poll
from votes.models import Ballot, Poll, PollHead
from votes.numbering import TallyKeeper, drain, last_publication, number_ballots
from votes.parts import votes_parts
from votes.room import build_sequencer
from votes.tally import LedgerCount, RunningTally, ShownTally, count_in_ledger

SEVEN = (("示例奖", 7, 7),)


@pytest.fixture
def tally(app: Flask) -> RunningTally:
    return votes_parts().tally


@pytest.fixture
def keeper(tally: RunningTally) -> TallyKeeper:
    return TallyKeeper(tally)


def epoch_of(poll_id: int) -> str:
    with transaction() as session:
        return session.get_one(PollHead, poll_id).epoch


def expected_votes(ballots: int) -> dict[int, int]:
    """What `fill_ledger` chose: ballot i chooses candidate i mod 7 + 1."""
    return {n + 1: len(range(n or 7, ballots + 1, 7)) for n in range(7) if range(n or 7, ballots + 1, 7)}


def test_ballots_are_numbered_densely_from_one_until_none_waits(app: Flask) -> None:
    poll_id = make_poll(awards=SEVEN)
    fill_ledger(poll_id, 12_345, numbered=False)

    assert drain(poll_id) == 12_345

    with transaction() as session:
        numbers = list(session.scalars(select(Ballot.number).order_by(Ballot.number)))
        size = session.get_one(PollHead, poll_id).size
    assert numbers == list(range(1, 12_346))
    assert size == 12_345


def test_a_round_with_nothing_to_do_changes_nothing(app: Flask) -> None:
    poll_id = make_poll(awards=SEVEN)

    assert (number_ballots(poll_id).numbered, number_ballots(poll_id).size) == (0, 0)


def test_the_tally_follows_the_ledger_and_stands_at_its_number(keeper: TallyKeeper, tally: RunningTally) -> None:
    poll_id = make_poll(awards=SEVEN)
    keeper.keep(poll_id)
    fill_ledger(poll_id, 100)

    keeper.keep(poll_id)

    assert tally.read(poll_id) == ShownTally(epoch_of(poll_id), 100, expected_votes(100))


@pytest.mark.parametrize("loss", ["flushed", "older copy", "another epoch", "further than the ledger"])
def test_a_tally_that_does_not_fit_the_ledger_is_rebuilt(keeper: TallyKeeper, tally: RunningTally, loss: str) -> None:
    poll_id = make_poll(awards=SEVEN)
    fill_ledger(poll_id, 100)
    epoch = epoch_of(poll_id)
    lost: dict[str, Callable[[], object]] = {
        "flushed": lambda: keyvalue().flushall(),
        "older copy": lambda: tally.replace(poll_id, epoch, LedgerCount(40, expected_votes(40), 40)),
        "another epoch": lambda: tally.replace(poll_id, "elsewhere", LedgerCount(100, {1: 5}, 100)),
        "further than the ledger": lambda: tally.replace(poll_id, epoch, LedgerCount(900, {1: 900}, 900)),
    }
    lost[loss]()

    keeper.keep(poll_id)

    assert tally.read(poll_id) == ShownTally(epoch, 100, expected_votes(100))


def test_a_step_is_never_added_twice(tally: RunningTally, app: Flask) -> None:
    poll_id = make_poll(awards=SEVEN)
    epoch = epoch_of(poll_id)
    tally.replace(poll_id, epoch, LedgerCount(0, {}, 0))
    step = LedgerCount(10, {1: 10}, 10)

    assert [tally.advance(poll_id, epoch, step, expected=0) for _ in range(2)] == [True, False]
    assert tally.read(poll_id) == ShownTally(epoch, 10, {1: 10})


def test_a_tally_that_was_tampered_with_is_found_and_put_right(keeper: TallyKeeper, tally: RunningTally) -> None:
    poll_id = make_poll(awards=SEVEN)
    fill_ledger(poll_id, 100)
    keeper.keep(poll_id)
    assert keeper.reconcile(poll_id) is True
    keyvalue().hincrby(f"{{{poll_id}}}:tally", "3", 1)

    assert keeper.reconcile(poll_id) is False
    assert tally.read(poll_id) == ShownTally(epoch_of(poll_id), 100, expected_votes(100))


@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_hidden_poll_keeps_no_tally(keeper: TallyKeeper, tally: RunningTally, state: str) -> None:
    poll_id = make_poll(awards=SEVEN, visibility="hidden", state="open")
    fill_ledger(poll_id, 10)

    keeper.keep(poll_id)

    assert tally.read(poll_id) is None


def test_a_daily_tally_stands_where_the_ledger_stood_at_six_in_the_evening(
    keeper: TallyKeeper, tally: RunningTally, database_clock: DatabaseClock
) -> None:
    database_clock.set(datetime(2026, 4, 20, 9, 59, tzinfo=UTC))  # 17:59 in Shanghai
    poll_id = make_poll(awards=SEVEN, visibility="daily", closes_in=timedelta(days=7))
    fill_ledger(poll_id, 14)
    keeper.keep(poll_id)
    before = tally.read(poll_id)
    database_clock.set(datetime(2026, 4, 20, 10, 0, 30, tzinfo=UTC))
    keeper.keep(poll_id)

    assert before == ShownTally(epoch_of(poll_id), 0, {})
    assert tally.read(poll_id) == ShownTally(epoch_of(poll_id), 14, expected_votes(14))


@pytest.mark.parametrize(
    ("now", "published"),
    [
        (datetime(2026, 4, 20, 9, 59, tzinfo=UTC), datetime(2026, 4, 19, 10, 0, tzinfo=UTC)),
        (datetime(2026, 4, 20, 10, 0, tzinfo=UTC), datetime(2026, 4, 20, 10, 0, tzinfo=UTC)),
        (datetime(2026, 4, 20, 16, 30, tzinfo=UTC), datetime(2026, 4, 20, 10, 0, tzinfo=UTC)),
    ],
)
def test_daily_results_are_published_at_six_in_the_evening_of_shanghai(now: datetime, published: datetime) -> None:
    assert last_publication(now) == published


def test_a_round_numbers_counts_and_closes_what_is_due(
    app: Flask, tally: RunningTally, database_clock: DatabaseClock
) -> None:
    poll_id = make_poll(awards=SEVEN, closes_in=timedelta(hours=1))
    fill_ledger(poll_id, 50, numbered=False)
    database_clock.advance(timedelta(hours=2))

    build_sequencer().round()

    with transaction() as session:
        assert session.get_one(Poll, poll_id).state == "closed"
    assert tally.read(poll_id) == ShownTally(epoch_of(poll_id), 50, expected_votes(50))


def test_counting_in_parts_is_counting_the_whole(app: Flask) -> None:
    poll_id = make_poll(awards=SEVEN)
    fill_ledger(poll_id, 25_000)
    told: list[int] = []

    with transaction() as session:
        whole = count_in_ledger(session, poll_id, on_progress=told.append)
        part = count_in_ledger(session, poll_id, after=10, up_to=20)

    assert whole == LedgerCount(25_000, expected_votes(25_000), 25_000)
    assert (part.ballots, sum(part.votes.values()), part.last_number) == (10, 10, 20)
    assert told == [10_000, 20_000, 25_000]


def test_a_poll_whose_key_cannot_be_read_is_counted_all_the_same(keeper: TallyKeeper, tally: RunningTally) -> None:
    """Numbers and tallies need no key: where it is lost, what was accepted still counts, here and in other polls."""
    poll_id = make_poll(awards=SEVEN, state="draft")
    opened = "state = 'open', opens_at = clock_now() - interval '1 day', closes_at = clock_now() + interval '1 day'"
    with transaction() as session:
        session.execute(text("UPDATE poll SET voter_key = '\\x0102'"))
        session.execute(text(f"UPDATE poll SET {opened}"))
    fill_ledger(poll_id, 100)

    keeper.keep(poll_id)

    assert tally.read(poll_id) == ShownTally(epoch_of(poll_id), 100, expected_votes(100))
