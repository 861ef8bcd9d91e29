"""How polls stand, for those who run them: where each is in its life and how many have voted, never for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, defer

from foundation.clock import database_now, local, local_day
from foundation.transaction import transaction
from votes.models import Ballot, Candidate, Poll
from votes.phases import Phase, phase_of
from votes.polls import check_ready, default_rules_text, poll_to_read, settings_of, unnumbered_ballots
from votes.readiness import Readiness
from votes.settings import AwardSettings, PollSettings

HOURS_SHOWN = 48


@dataclass(frozen=True, slots=True)
class PollSummary:
    """A poll in the list of polls; `voters` counts WeChat accounts."""

    slug: str
    title: str
    phase: Phase
    opens_at: datetime | None
    closes_at: datetime | None
    candidates: int
    voters: int


@dataclass(frozen=True, slots=True)
class AwardOverview:
    """An award as it stands, and how many candidates it has."""

    settings: AwardSettings
    candidates: int


@dataclass(frozen=True, slots=True)
class PollOverview:
    """All that the console shows of a poll but its candidates."""

    slug: str
    phase: Phase
    settings: PollSettings
    rules_are_default: bool
    awards: tuple[AwardOverview, ...]
    candidates: int
    withdrawn: int
    voters: int
    ballots: int
    unnumbered: int
    readiness: Readiness
    opened_at: datetime | None
    closed_at: datetime | None
    certified_at: datetime | None
    certified_by: str | None
    now: datetime

    @property
    def title(self) -> str:
        return self.settings.title


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
    """How many have voted, by hour for the last two days and by day from the first; without anybody's choice."""

    voters: int
    ballots: int
    hours: tuple[Hour, ...]
    days: tuple[Day, ...]
    as_of: datetime


def list_polls() -> tuple[PollSummary, ...]:
    """Return all polls, the latest first."""
    with transaction() as session:
        now = database_now(session)
        candidates = _counts(session, select(Candidate.poll_id, func.count()).group_by(Candidate.poll_id))
        voters = _counts(
            session, select(Ballot.poll_id, func.count(Ballot.voter_tag.distinct())).group_by(Ballot.poll_id)
        )
        polls = session.scalars(select(Poll).options(defer(Poll.voter_key)).order_by(Poll.id.desc()))
        return tuple(
            PollSummary(
                slug=poll.slug,
                title=poll.title,
                phase=phase_of(poll.state, poll.opens_at, poll.closes_at, now),
                opens_at=poll.opens_at,
                closes_at=poll.closes_at,
                candidates=candidates.get(poll.id, 0),
                voters=voters.get(poll.id, 0),
            )
            for poll in polls
        )


def poll_overview(slug: str) -> PollOverview:
    """Return how a poll stands by the database's clock; raises NotFound."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        now = database_now(session)
        voters, ballots = _voters(session, poll.id)
        return PollOverview(
            slug=poll.slug,
            phase=phase_of(poll.state, poll.opens_at, poll.closes_at, now),
            settings=settings_of(poll),
            rules_are_default=poll.rules_text == default_rules_text(poll),
            awards=_awards(poll),
            candidates=len(poll.candidates),
            withdrawn=sum(candidate.withdrawn_at is not None for candidate in poll.candidates),
            voters=voters,
            ballots=ballots,
            unnumbered=unnumbered_ballots(session, poll.id),
            readiness=check_ready(poll, now),
            opened_at=poll.opened_at,
            closed_at=poll.closed_at,
            certified_at=poll.certified_at,
            certified_by=poll.certified_by,
            now=now,
        )


def turnout(slug: str) -> Turnout:
    """Return how many have voted and when; hours and days without a ballot are there with 0. Raises NotFound."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        now = database_now(session)
        voters, ballots = _voters(session, poll.id)
        per_hour = _per_hour(session, poll.id)
        span = _span(poll, now, list(per_hour))
        return Turnout(voters, ballots, _hours(per_hour, span), _days(per_hour, span), now)


def _counts(session: Session, query: Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(query)}


def _voters(session: Session, poll_id: int) -> tuple[int, int]:
    """Return how many voters there are and how many ballots, which differ in a daily poll."""
    query = select(func.count(Ballot.voter_tag.distinct()), func.count()).where(Ballot.poll_id == poll_id)
    row = session.execute(query).one()
    return row[0], row[1]


def _awards(poll: Poll) -> tuple[AwardOverview, ...]:
    return tuple(
        AwardOverview(
            AwardSettings(
                name=award.name,
                places=award.places,
                max_choices=award.max_choices,
                min_choices=award.min_choices,
                for_organisations=award.for_organisations,
                id=award.id,
            ),
            len(award.candidates),
        )
        for award in poll.awards
    )


def _per_hour(session: Session, poll_id: int) -> dict[datetime, int]:
    hour = func.date_trunc("hour", Ballot.accepted_at)
    query = select(hour, func.count()).where(Ballot.poll_id == poll_id).group_by(hour)
    return {local(at): count for at, count in session.execute(query)}


def _span(poll: Poll, now: datetime, hours: Sequence[datetime]) -> tuple[datetime, datetime] | None:
    """Return the first and last hour to show, None for a poll that has not begun."""
    begin = min([*hours, local(poll.opens_at)] if poll.opens_at else hours, default=None)
    if poll.state == "draft" or begin is None or local(now) < begin:
        return None
    end = min(now, poll.closed_at - timedelta.resolution) if poll.closed_at else now
    return _on_the_hour(begin), _on_the_hour(max(begin, local(end)))


def _hours(per_hour: dict[datetime, int], span: tuple[datetime, datetime] | None) -> tuple[Hour, ...]:
    if span is None:
        return ()
    begin, end = span
    begin = max(begin, end - timedelta(hours=HOURS_SHOWN - 1))
    hours = [begin + timedelta(hours=step) for step in range(int((end - begin) / timedelta(hours=1)) + 1)]
    return tuple(Hour(hour, per_hour.get(hour, 0)) for hour in hours)


def _days(per_hour: dict[datetime, int], span: tuple[datetime, datetime] | None) -> tuple[Day, ...]:
    if span is None:
        return ()
    first, last = local_day(span[0]), local_day(span[1])
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    return tuple(Day(day, sum(count for at, count in per_hour.items() if at.date() == day)) for day in days)


def _on_the_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
