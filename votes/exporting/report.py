"""The figures of a tally download, read from SQL as one frozen value, so that every format and part agrees.

Only ballots that the sequencer has numbered count, up to one last number that heads the report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from itertools import count as counting

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from foundation.database import Moment
from foundation.errors import Conflict, NotFound
from votes.models import Award, Ballot, Candidate, CertifiedCount, Poll
from votes.phases import Phase, phase_of
from votes.ranking import Cut, Standing, rank
from votes.tally import count_in_ledger

Progress = Callable[[int, int], object]
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class HourTurnout:
    """How many ballots were accepted in the hour that begins at `began`, an hour of Asia/Shanghai."""

    began: datetime
    ballots: int


@dataclass(frozen=True, slots=True)
class TallyRow:
    """A candidate's votes; `rank` and `cut` are None once withdrawn, `share` (per cent) while there is no ballot."""

    position: int
    number: int
    name: str
    post: str
    unit: str
    votes: int
    share: Decimal | None
    rank: int | None
    tied: bool
    cut: Cut | None

    @property
    def remark(self) -> str:
        """The clerk's 备注."""
        if self.rank is None:
            return "已退出"
        if self.cut is Cut.TIED_AT_CUT:
            return "与末位名额并列"
        words = ("并列" if self.tied else "", "在名额内" if self.cut is Cut.WITHIN else "")
        return "；".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class AwardTally:
    """An award's candidates in the order of their numbers."""

    name: str
    places: int
    rows: tuple[TallyRow, ...]

    @property
    def best_first(self) -> tuple[TallyRow, ...]:
        """The rows by rank, the withdrawn last."""
        return tuple(sorted(self.rows, key=lambda row: (row.rank is None, row.rank or 0, row.number)))


@dataclass(frozen=True, slots=True)
class UnitVotes:
    """What the candidates of one 推荐单位 got together in one award, the withdrawn included."""

    unit: str
    award: str
    candidates: int
    votes: int


@dataclass(frozen=True, slots=True)
class TurnoutReport:
    """How many voted, and no word on whom: all there is of a hidden poll before it is certified.

    `voters` are persons; in a daily poll the hours count each of their ballots.
    """

    title: str
    slug: str
    phase: Phase
    daily: bool
    counted_at: datetime
    last_number: int
    voters: int
    hours: tuple[HourTurnout, ...]


@dataclass(frozen=True, slots=True)
class TallyReport(TurnoutReport):
    """Turnout and votes; `units` stand in the order of the ballot paper, never by their votes."""

    valid: int
    voided: int
    awards: tuple[AwardTally, ...]
    units: tuple[UnitVotes, ...]


def may_show_votes(poll: Poll) -> bool:
    """Tell whether staff may have the votes: those of a hidden poll not before it is certified."""
    return poll.visibility != "hidden" or poll.state == "certified"


def build_tally_report(
    session: Session, poll_slug: str, on_progress: Progress | None = None
) -> TallyReport | TurnoutReport:
    """Read the report; a session in one snapshot (repeatable read) makes it true of one moment.

    `on_progress(counted, ballots)` is called on the way. Raises NotFound, and Conflict where the ledger does not
    bear out what was certified.
    """
    poll = _find_poll(session, poll_slug)
    turnout = _read_turnout(session, poll)
    if not may_show_votes(poll):
        return turnout
    last = turnout.last_number
    counted = count_in_ledger(
        session, poll.id, up_to=last, on_progress=partial(_pass_on, on_progress, last) if on_progress else None
    )
    _check_against_certified(session, poll, counted.votes)
    return _tally(poll, turnout, counted.votes, counted.ballots)


def _pass_on(on_progress: Progress, ballots: int, counted: int) -> None:
    on_progress(counted, ballots)


def _find_poll(session: Session, slug: str) -> Poll:
    """Load what a report shows; the poll's voter key and the candidates' long texts stay where they are."""
    candidates = selectinload(Poll.awards).selectinload(Award.candidates)
    shown = candidates.load_only(
        Candidate.number, Candidate.name, Candidate.unit, Candidate.post, Candidate.withdrawn_at
    )
    poll = session.scalar(select(Poll).where(Poll.slug == slug).options(shown))
    if poll is None:
        raise NotFound("没有这项投票。")
    return poll


def _read_turnout(session: Session, poll: Poll) -> TurnoutReport:
    last = select(func.coalesce(func.max(Ballot.number), 0)).where(Ballot.poll_id == poll.id)
    counted_at, last_number = session.execute(select(func.clock_now(type_=Moment), last.scalar_subquery())).one()
    hours = _read_hours(session, poll.id, last_number)
    daily = poll.period == "daily"
    return TurnoutReport(
        title=poll.title,
        slug=poll.slug,
        phase=phase_of(poll.state, poll.opens_at, poll.closes_at, counted_at),
        daily=daily,
        counted_at=counted_at,
        last_number=last_number,
        voters=_count_persons(session, poll.id, last_number) if daily else sum(hour.ballots for hour in hours),
        hours=hours,
    )


def _read_hours(session: Session, poll_id: int, last_number: int) -> tuple[HourTurnout, ...]:
    began = func.date_trunc("hour", Ballot.accepted_at, "Asia/Shanghai", type_=Moment).label("began")
    rows = session.execute(
        select(began, func.count())
        .where(Ballot.poll_id == poll_id, Ballot.number <= last_number)
        .group_by("began")
        .order_by("began")
    )
    return tuple(HourTurnout(hour, ballots) for hour, ballots in rows)


def _count_persons(session: Session, poll_id: int, last_number: int) -> int:
    tags = select(func.count(Ballot.voter_tag.distinct()))
    return session.scalar(tags.where(Ballot.poll_id == poll_id, Ballot.number <= last_number)) or 0


def _check_against_certified(session: Session, poll: Poll, votes: dict[int, int]) -> None:
    """Refuse to hand out figures that contradict what two people signed for, or that name nobody on the paper."""
    on_paper = {candidate.number for award in poll.awards for candidate in award.candidates}
    if not votes.keys() <= on_paper:
        raise Conflict("选票记录中有不在选票上的编号，不能导出；请联系系统维护人员核查。")
    if poll.state != "certified":
        return
    rows = session.execute(select(CertifiedCount.number, CertifiedCount.votes).where(CertifiedCount.poll_id == poll.id))
    certified = {number: count for number, count in rows if count}
    if certified != {number: count for number, count in votes.items() if count}:
        raise Conflict("已认证的得票数与选票记录不一致，不能导出；请联系系统维护人员核查。")


def _tally(poll: Poll, turnout: TurnoutReport, votes: dict[int, int], ballots: int) -> TallyReport:
    positions = counting(1)
    awards = tuple(_award(award, votes, ballots, positions) for award in poll.awards)
    return TallyReport(
        title=turnout.title,
        slug=turnout.slug,
        phase=turnout.phase,
        daily=turnout.daily,
        counted_at=turnout.counted_at,
        last_number=turnout.last_number,
        voters=turnout.voters,
        hours=turnout.hours,
        valid=ballots,
        voided=0,
        awards=awards,
        units=_sum_by_unit(awards),
    )


def _award(award: Award, votes: dict[int, int], valid: int, positions: "counting[int]") -> AwardTally:
    here = {candidate.number: votes.get(candidate.number, 0) for candidate in award.candidates}
    standings = rank({c.number: here[c.number] for c in award.candidates if c.withdrawn_at is None}, award.places)
    rows = tuple(
        _row(next(positions), candidate, standings.get(candidate.number), here[candidate.number], valid)
        for candidate in award.candidates
    )
    return AwardTally(award.name, award.places, rows)


def _row(position: int, candidate: Candidate, standing: Standing | None, votes: int, valid: int) -> TallyRow:
    return TallyRow(
        position=position,
        number=candidate.number,
        name=candidate.name,
        post=candidate.post,
        unit=candidate.unit,
        votes=votes,
        share=_share(votes, valid),
        rank=standing.rank if standing else None,
        tied=standing.tied if standing else False,
        cut=standing.cut if standing else None,
    )


def _share(votes: int, valid: int) -> Decimal | None:
    """Return 得票率 in per cent with two decimals, half up."""
    return (Decimal(votes) * 100 / valid).quantize(_HUNDREDTH, ROUND_HALF_UP) if valid else None


def _sum_by_unit(awards: tuple[AwardTally, ...]) -> tuple[UnitVotes, ...]:
    shares: dict[str, dict[str, list[int]]] = {}
    for award in awards:
        for row in award.rows:
            shares.setdefault(row.unit, {}).setdefault(award.name, []).append(row.votes)
    return tuple(
        UnitVotes(unit, award, len(votes), sum(votes))
        for unit, by_award in shares.items()
        for award, votes in by_award.items()
    )
