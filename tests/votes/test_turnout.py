"""Turnout as it is kept beside the ledger: in step with the numbers, by the hour, each account once."""

from datetime import datetime, timedelta
from secrets import token_bytes, token_hex

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from foundation.clock import database_now
from foundation.ids import short_code
from foundation.transaction import transaction
from tests.factories import fill_ledger, make_poll
from votes import numbering
from votes.models import Ballot, PollHead, TurnoutHour
from votes.numbering import drain, number_ballots
from votes.overview import find_polls, poll_overview
from votes.room import rebuild_tallies
from votes.turnout import turnout
from votes.verifying import verify_ledger

SEVEN = (("示例奖", 7, 7),)
WEEK = timedelta(days=7)


def cast(poll_id: int, *ballots: tuple[int, int]) -> None:
    """Put a ballot for each (voter, hours ago) into the ledger; it waits for its number, one a day for each voter."""
    with transaction() as session:
        now = database_now(session)
        for voter, hours_ago in ballots:
            at = now - timedelta(hours=hours_ago)
            session.add(_ballot(poll_id, voter, at))


def _ballot(poll_id: int, voter: int, at: datetime) -> Ballot:
    return Ballot(
        poll_id=poll_id,
        voter_tag=voter.to_bytes(16),
        period=at.toordinal(),
        nonce=token_hex(8),
        choices=b"\x01",
        salt=token_bytes(16),
        code=short_code(),
        accepted_at=at,
    )


def kept(poll_id: int) -> tuple[dict[datetime, int], int, int]:
    """Return the kept hours, voters and ballots."""
    with transaction() as session:
        rows = session.execute(select(TurnoutHour.hour, TurnoutHour.ballots).where(TurnoutHour.poll_id == poll_id))
        head = session.get_one(PollHead, poll_id)
        return {row[0]: row[1] for row in rows}, head.voters, head.size


def counted(poll_id: int) -> tuple[dict[datetime, int], int, int]:
    """Return the same, counted by hand over the ledger."""
    with transaction() as session:
        ballots = list(session.scalars(select(Ballot).where(Ballot.poll_id == poll_id, Ballot.number.is_not(None))))
        hours: dict[datetime, int] = {}
        for ballot in ballots:
            hour = ballot.accepted_at.replace(minute=0, second=0, microsecond=0)
            hours[hour] = hours.get(hour, 0) + 1
        return hours, len({ballot.voter_tag for ballot in ballots}), len(ballots)


def test_the_hours_move_in_the_transaction_that_gives_the_numbers(app: Flask) -> None:
    poll_id = make_poll(awards=SEVEN, opens_in=-WEEK)
    cast(poll_id, (1, 1), (2, 1), (3, 5))

    before = kept(poll_id)
    number_ballots(poll_id)

    assert before == ({}, 0, 0)
    assert kept(poll_id) == counted(poll_id)
    assert kept(poll_id)[1:] == (3, 3)


def test_a_voter_of_a_daily_poll_counts_once_on_whatever_day_and_in_whatever_round(app: Flask) -> None:
    poll_id = make_poll(awards=SEVEN, period="daily", opens_in=-WEEK)
    cast(poll_id, (1, 24), (1, 48), (2, 24))
    drain(poll_id)
    cast(poll_id, (1, 0), (2, 0), (3, 0))
    drain(poll_id)

    assert kept(poll_id)[1:] == (3, 6)
    assert (turnout("demo").voters, turnout("demo").ballots) == (3, 6)
    assert (poll_overview("demo").voters, find_polls().rows[0].voters) == (3, 3)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ballots=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 160)), max_size=25),
    size=st.integers(1, 7),
    daily=st.booleans(),
)
def test_however_rounds_fall_the_kept_figures_are_the_ledgers(
    app: Flask, ballots: list[tuple[int, int]], size: int, daily: bool
) -> None:
    poll_id = make_poll(token_hex(4), awards=SEVEN, period="daily" if daily else "once", opens_in=-WEEK)
    once = {(voter, hours // 24 if daily else 0): (voter, hours) for voter, hours in ballots}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbering, "ROUND", size)
        for ballot in {(voter, hours // 24 * 24 if daily else hours) for voter, hours in once.values()}:
            cast(poll_id, ballot)
        while number_ballots(poll_id).numbered:
            pass

    assert kept(poll_id) == counted(poll_id)


def test_verifying_the_ledger_finds_figures_that_differ_and_a_recount_mends_them(app: Flask) -> None:
    poll_id = make_poll(awards=SEVEN, opens_in=-WEEK)
    fill_ledger(poll_id, 100)
    with transaction() as session:
        session.get_one(PollHead, poll_id).voters = 99
        session.scalars(select(TurnoutHour)).one().ballots += 1

    (report,) = verify_ledger()
    rebuild_tallies()

    assert report.faults == (
        "the kept turnout by hour differs from the ledger",
        "the kept number of voters differs from the ledger: 99 instead of 100",
    )
    assert verify_ledger()[0].faults == ()


def test_ballots_that_wait_for_their_number_are_told_apart(app: Flask) -> None:
    poll_id = make_poll(awards=SEVEN, opens_in=-WEEK)
    fill_ledger(poll_id, 3, numbered=False)

    assert (poll_overview("demo").ballots, poll_overview("demo").unnumbered) == (0, 3)
