"""Turnout: how many have voted and when, from figures that the sequencer keeps; nothing of choices or of units."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from foundation.clock import database_now, local, local_day
from foundation.database import Moment
from foundation.transaction import transaction
from votes.models import Ballot, Poll, PollHead, TurnoutHour
from votes.polls import poll_to_read

HOURS_SHOWN = 48
MOST_WAITING = 10_000
"""Beyond so many, ballots that wait for their number are no longer counted for a page."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How many persons have voted, their numbered ballots, and the ballots that wait for their number."""

    voters: int
    ballots: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Hour:
    """Ballots accepted in the hour that begins at `at`."""

    at: datetime
    ballots: int


@dataclass(frozen=True, slots=True)
class Day:
    """Ballots accepted on one day of Asia/Shanghai."""

    day: date
    ballots: int


@dataclass(frozen=True, slots=True)
class Turnout:
    """How many have voted, by hour for the last two days and by day from the first."""

    voters: int
    ballots: int
    hours: tuple[Hour, ...]
    days: tuple[Day, ...]
    as_of: datetime


def turnout(slug: str) -> Turnout:
    """Return how many have voted and when; hours and days without a ballot are there with 0. Raises NotFound."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        now = database_now(session)
        figures = figures_of(session, poll.id)
        rows = session.execute(select(TurnoutHour.hour, TurnoutHour.ballots).where(TurnoutHour.poll_id == poll.id))
        per_hour = {local(hour): ballots for hour, ballots in rows}
        span = _span(poll, now, list(per_hour))
        return Turnout(figures.voters, figures.ballots, _hours(per_hour, span), _days(per_hour, span), now)


def figures_of(session: Session, poll_id: int) -> Figures:
    """Return how many have voted in a poll; ballots that a stopped sequencer lets wait count up to MOST_WAITING."""
    row = session.execute(_FIGURES, {"poll": poll_id}).one_or_none()
    return Figures(*row) if row else Figures(0, 0, 0)


def recount_turnout(session: Session, head: PollHead) -> None:
    """Put a count of the whole ledger in place of a poll's figures; its head has to be locked."""
    session.execute(delete(TurnoutHour).where(TurnoutHour.poll_id == head.poll_id))
    hour = _hour_of_ballot()
    counted = select(literal(head.poll_id), hour, func.count()).where(_numbered(head.poll_id)).group_by(hour)
    session.execute(insert(TurnoutHour).from_select(["poll_id", "hour", "ballots"], counted))
    head.voters = _persons(session, head.poll_id)


def turnout_faults(session: Session, poll_id: int) -> Iterator[str]:
    """Compare a poll's kept figures with its ledger; yields a sentence for each that differs."""
    kept = session.execute(select(TurnoutHour.hour, TurnoutHour.ballots).where(TurnoutHour.poll_id == poll_id))
    hour = _hour_of_ballot()
    counted = session.execute(select(hour, func.count()).where(_numbered(poll_id)).group_by(hour))
    if sorted(map(tuple, kept)) != sorted(map(tuple, counted)):
        yield "the kept turnout by hour differs from the ledger"
    head = session.get(PollHead, poll_id)
    voters = _persons(session, poll_id)
    if head is not None and head.voters != voters:
        yield f"the kept number of voters differs from the ledger: {head.voters} instead of {voters}"


def _numbered(poll_id: int) -> ColumnElement[bool]:
    return (Ballot.poll_id == poll_id) & Ballot.number.is_not(None)


def _hour_of_ballot() -> ColumnElement[datetime]:
    return func.date_trunc("hour", Ballot.accepted_at, "UTC", type_=Moment)


def _persons(session: Session, poll_id: int) -> int:
    return session.scalar(select(func.count(Ballot.voter_tag.distinct())).where(_numbered(poll_id))) or 0


def _span(poll: Poll, now: datetime, hours: Sequence[datetime]) -> tuple[datetime, datetime] | None:
    """Return the first and last hour to show, None for a poll that has not begun."""
    begin = min([*hours, local(poll.opens_at)] if poll.opens_at else hours, default=None)
    if poll.state == "draft" or begin is None or local(now) < begin:
        return None
    end = min(now, poll.closed_at - timedelta.resolution) if poll.closed_at else now
    return _on_the_hour(begin), _on_the_hour(max(begin, local(end)))


def _hours(per_hour: Mapping[datetime, int], span: tuple[datetime, datetime] | None) -> tuple[Hour, ...]:
    if span is None:
        return ()
    begin, end = span
    begin = max(begin, end - timedelta(hours=HOURS_SHOWN - 1))
    hours = [begin + timedelta(hours=step) for step in range(int((end - begin) / timedelta(hours=1)) + 1)]
    return tuple(Hour(hour, per_hour.get(hour, 0)) for hour in hours)


def _days(per_hour: Mapping[datetime, int], span: tuple[datetime, datetime] | None) -> tuple[Day, ...]:
    if span is None:
        return ()
    first, last = local_day(span[0]), local_day(span[1])
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    per_day = dict.fromkeys(days, 0)
    for at, ballots in per_hour.items():
        per_day[at.date()] = per_day.get(at.date(), 0) + ballots
    return tuple(Day(day, per_day[day]) for day in days)


def _on_the_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


_WAITING = (
    select(Ballot.id).where(Ballot.poll_id == bindparam("poll"), Ballot.number.is_(None)).limit(MOST_WAITING).subquery()
)
_FIGURES = select(PollHead.voters, PollHead.size, select(func.count()).select_from(_WAITING).scalar_subquery()).where(
    PollHead.poll_id == bindparam("poll")
)
