"""What may be shown of how a poll stands, when and to whom."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.keyvalue import RedisError
from foundation.transaction import transaction
from votes.models import Award, Candidate, CertifiedCount, Poll, PollHead
from votes.numbering import last_publication
from votes.phases import Phase, ended_early, phase_of
from votes.polls import poll_to_read
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


class _Candidate(NamedTuple):
    number: int
    name: str
    unit: str
    withdrawn: bool


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
        poll = poll_to_read(session, slug)
        now = database_now(session)
        if poll.state == "certified":
            ballots, votes, as_of = _certified(session, poll)
        else:
            shown = _shown(tally, poll)
            if shown is None:
                return None
            ballots, votes = shown
            as_of = last_publication(now) if poll.visibility == "daily" and poll.state == "open" else now
        candidates = _candidates(session, poll)
        awards = tuple(_award_result(award, candidates[award.id], votes) for award in poll.awards)
        phase = phase_of(poll.state, poll.opens_at, poll.closes_at, now)
        early = ended_early(poll.closed_at, poll.closes_at)
        return PollResults(poll.slug, poll.title, phase, as_of, ballots, 0, awards, early)


def _candidates(session: Session, poll: Poll) -> Mapping[int, list[_Candidate]]:
    """Return by award what a result shows of its candidates, by number; their long texts stay where they are."""
    shown = (Candidate.award_id, Candidate.number, Candidate.name, Candidate.unit, Candidate.withdrawn_at)
    query = select(*shown).where(Candidate.poll_id == poll.id).order_by(Candidate.number)
    found: defaultdict[int, list[_Candidate]] = defaultdict(list)
    for award_id, number, name, unit, withdrawn_at in session.execute(query):
        found[award_id].append(_Candidate(number, name, unit, withdrawn_at is not None))
    return found


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


def _award_result(award: Award, candidates: Sequence[_Candidate], votes: dict[int, int]) -> AwardResult:
    """Rank those who still stand; who has withdrawn follows after them, by number."""
    by_number = {candidate.number: candidate for candidate in candidates}
    withdrawn = [candidate.number for candidate in candidates if candidate.withdrawn]
    standing = {candidate.number: votes.get(candidate.number, 0) for candidate in candidates if not candidate.withdrawn}
    standings: dict[int, Standing | None] = {**rank(standing, award.places), **dict.fromkeys(withdrawn)}
    rows = tuple(
        CandidateResult(
            number=number,
            name=by_number[number].name,
            unit=by_number[number].unit,
            votes=votes.get(number, 0),
            standing=place,
            withdrawn=place is None,
        )
        for number, place in standings.items()
    )
    return AwardResult(award.name, award.places, rows)
