"""What may be shown of how a poll stands, when and to whom."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, defer, selectinload

from foundation.clock import database_now
from foundation.errors import NotFound
from foundation.keyvalue import RedisError
from foundation.transaction import transaction
from votes.models import Award, Candidate, CertifiedCount, Poll, PollHead
from votes.numbering import last_publication
from votes.phases import Phase, ended_early, phase_of
from votes.ranking import Standing, rank
from votes.tally import RunningTally


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """A candidate's votes and where they stand among those of the award; who has withdrawn stands nowhere."""

    number: int
    name: str
    unit: str
    votes: int
    standing: Standing | None
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class AwardResult:
    """An award's candidates, the best first."""

    name: str
    places: int
    candidates: tuple[CandidateResult, ...]


@dataclass(frozen=True, slots=True)
class PollResults:
    """How a poll stands after `ballots` ballots, all of them valid but for `voided`."""

    slug: str
    title: str
    phase: Phase
    as_of: datetime
    ballots: int
    voided: int
    awards: tuple[AwardResult, ...]
    closed_early: datetime | None = None


def may_see_results(visibility: str, phase: Phase, *, has_voted: bool) -> bool:
    """Tell whether a reader may see votes. A hidden poll shows nobody anything before it is certified."""
    if phase in (Phase.DRAFT, Phase.NOT_OPEN):
        return False
    if phase is Phase.CERTIFIED or visibility in ("live", "daily"):
        return True
    return visibility == "after_voting" and (has_voted or phase is Phase.CLOSED)


def read_results(slug: str, tally: RunningTally) -> PollResults | None:
    """Return the results as published: from the certified counts, or as the running tally shows them.

    None where there is nothing to show yet. Whether this reader may see them is the caller's question.
    """
    with transaction() as session:
        poll = _poll(session, slug)
        now = database_now(session)
        if poll.state == "certified":
            ballots, votes, as_of = _certified(session, poll)
        else:
            shown = _shown(tally, poll)
            if shown is None:
                return None
            ballots, votes = shown
            as_of = last_publication(now) if poll.visibility == "daily" and poll.state == "open" else now
        awards = tuple(_award_result(award, votes) for award in poll.awards)
        phase = phase_of(poll.state, poll.opens_at, poll.closes_at, now)
        early = ended_early(poll.closed_at, poll.closes_at)
        return PollResults(poll.slug, poll.title, phase, as_of, ballots, 0, awards, early)


def _poll(session: Session, slug: str) -> Poll:
    """Load what a result shows; the poll's voter key and the candidates' long texts stay where they are."""
    candidates = selectinload(Poll.awards).selectinload(Award.candidates)
    shown = candidates.load_only(Candidate.number, Candidate.name, Candidate.unit, Candidate.withdrawn_at)
    poll = session.scalars(select(Poll).where(Poll.slug == slug).options(defer(Poll.voter_key), shown)).one_or_none()
    if poll is None:
        raise NotFound("没有这项投票。")
    return poll


def _certified(session: Session, poll: Poll) -> tuple[int, dict[int, int], datetime]:
    rows = session.execute(select(CertifiedCount.number, CertifiedCount.votes).where(CertifiedCount.poll_id == poll.id))
    ballots = session.get_one(PollHead, poll.id).size
    return ballots, {row[0]: row[1] for row in rows}, poll.certified_at or database_now(session)


def _shown(tally: RunningTally, poll: Poll) -> tuple[int, dict[int, int]] | None:
    try:
        shown = tally.read(poll.id)
    except RedisError:
        return None
    return (shown.number, shown.votes) if shown else None


def _award_result(award: Award, votes: dict[int, int]) -> AwardResult:
    """Rank those who still stand; who has withdrawn follows after them, by number."""
    candidates = {candidate.number: candidate for candidate in award.candidates}
    withdrawn = [number for number, candidate in candidates.items() if candidate.withdrawn_at is not None]
    standing = {number: votes.get(number, 0) for number in candidates.keys() - withdrawn}
    standings: dict[int, Standing | None] = {**rank(standing, award.places), **dict.fromkeys(sorted(withdrawn))}
    rows = tuple(
        CandidateResult(
            number=number,
            name=candidates[number].name,
            unit=candidates[number].unit,
            votes=votes.get(number, 0),
            standing=place,
            withdrawn=place is None,
        )
        for number, place in standings.items()
    )
    return AwardResult(award.name, award.places, rows)
