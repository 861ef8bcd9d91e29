"""How polls stand, for those who run them: where each is in its life and how many have voted, never for whom."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, case, func, literal, or_, select, true
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.transaction import transaction
from votes.models import Award, Candidate, Poll, PollHead
from votes.phases import Phase, ended_early, phase_of
from votes.polls import default_rules_text, poll_to_read, settings_of
from votes.readiness import Readiness, Standing, check_readiness
from votes.settings import AwardSettings, PollSettings
from votes.turnout import figures_of

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class PollSummary:
    """A poll in the list of polls; `voters` counts WeChat accounts."""

    slug: str
    title: str
    phase: Phase
    opens_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None
    candidates: int
    voters: int


@dataclass(frozen=True, slots=True)
class PollsPage:
    """One page of the polls found, and how many there are in all."""

    rows: tuple[PollSummary, ...]
    found: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class AwardOverview:
    """An award as it stands, and how many candidates it has."""

    settings: AwardSettings
    candidates: int


@dataclass(frozen=True, slots=True)
class PollOverview:
    """All that the console shows of a poll but its candidates; `ballots` are the numbered ones."""

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

    @property
    def closed_early(self) -> datetime | None:
        """Return when the poll ended, where that was before its time."""
        return ended_early(self.closed_at, self.settings.closes_at)


@dataclass(frozen=True, slots=True)
class _AwardCount:
    """The candidates of an award, counted."""

    award_id: int
    all: int
    standing: int
    without_consent: int
    without_review: int
    without_photo: int


_CANDIDATES = (
    select(func.count()).select_from(Candidate).where(Candidate.poll_id == Poll.id).correlate(Poll).scalar_subquery()
)
_COLUMNS = (
    Poll.slug,
    Poll.title,
    Poll.state,
    Poll.opens_at,
    Poll.closes_at,
    Poll.closed_at,
    _CANDIDATES.label("candidates"),
    func.coalesce(PollHead.voters, 0).label("voters"),
)
_STANDS = Candidate.withdrawn_at.is_(None)
_COUNTS = select(
    Candidate.poll_id,
    Candidate.award_id,
    func.count(),
    func.count().filter(_STANDS),
    func.count().filter(_STANDS, Candidate.consented.is_(False)),
    func.count().filter(_STANDS, Candidate.secrecy_reviewed.is_(False)),
    func.count().filter(_STANDS, Candidate.photo.is_(None)),
).group_by(Candidate.poll_id, Candidate.award_id)
_TO_CHECK = (
    *(Poll.id, Poll.slug, Poll.opens_at, Poll.closes_at, Poll.candidate_order, Poll.draw_seed),
    *(Poll.enquiry_phone, Poll.supervision_phone),
)
SORTS: Mapping[str, tuple[UnaryExpression[datetime | None], ...]] = {
    "new": (),
    "opens": (Poll.opens_at.desc().nulls_last(),),
    "closes": (Poll.closes_at.desc().nulls_last(),),
}


def list_polls() -> tuple[PollSummary, ...]:
    """Return all polls, the latest first."""
    with transaction() as session:
        return _summaries(session, true(), "new", limit=None, offset=0)


def find_polls(*, words: str = "", phase: str = "", sort: str = "new", page: int = 1) -> PollsPage:
    """Return the polls whose title or address has every word, in one phase if one is named, 50 at a time.

    The latest come first unless `sort` is one of SORTS. A page beyond the last is the last.
    """
    condition = and_(true(), *(_matches(word) for word in words.split()), _is_in(phase))
    with transaction() as session:
        found = session.scalar(select(func.count()).select_from(Poll).where(condition)) or 0
        pages = max(1, -(-found // PER_PAGE))
        page = min(max(1, page), pages)
        rows = _summaries(session, condition, sort, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    return PollsPage(rows, found, page, pages)


def poll_overview(slug: str) -> PollOverview:
    """Return how a poll stands by the database's clock; raises NotFound."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        now = database_now(session)
        figures = figures_of(session, poll.id)
        counts = _count_candidates(session, [poll.id])[poll.id]
        per_award = {count.award_id: count.all for count in counts}
        return PollOverview(
            slug=poll.slug,
            phase=phase_of(poll.state, poll.opens_at, poll.closes_at, now),
            settings=settings_of(poll),
            rules_are_default=poll.rules_text == default_rules_text(poll),
            awards=_awards(poll, per_award),
            candidates=sum(per_award.values()),
            withdrawn=sum(count.all - count.standing for count in counts),
            voters=figures.voters,
            ballots=figures.ballots,
            unnumbered=figures.waiting,
            readiness=check_readiness(poll, poll.awards, _standing(counts), now),
            opened_at=poll.opened_at,
            closed_at=poll.closed_at,
            certified_at=poll.certified_at,
            certified_by=poll.certified_by,
            now=now,
        )


def polls_in_sight(span: timedelta) -> tuple[PollSummary, ...]:
    """Return the polls that are approved, those over that wait to be certified, and drafts that open within `span`."""
    with transaction() as session:
        in_sight = Poll.state.in_(("open", "closed")) | _opens_within(session, span)
        return _summaries(session, in_sight, "new", limit=None, offset=0)


def drafts_opening_within(span: timedelta) -> tuple[datetime, Mapping[str, Readiness]]:
    """Return the time now, and by slug what each draft lacks whose opening is near or past; as many queries for all."""
    with transaction() as session:
        now = database_now(session)
        drafts: Sequence[Any] = session.execute(select(*_TO_CHECK).where(_opens_within(session, span))).all()
        ids = [draft.id for draft in drafts]
        counted, awards = _count_candidates(session, ids), _awards_to_check(session, ids)
        return now, {
            draft.slug: check_readiness(draft, awards[draft.id], _standing(counted[draft.id]), now) for draft in drafts
        }


def _opens_within(session: Session, span: timedelta) -> ColumnElement[bool]:
    return (Poll.state == "draft") & (Poll.opens_at <= database_now(session) + span)


def _awards_to_check(session: Session, poll_ids: Sequence[int]) -> Mapping[int, list[Any]]:
    columns = (Award.poll_id, Award.id, Award.name, Award.places, Award.min_choices, Award.max_choices)
    awards: defaultdict[int, list[Any]] = defaultdict(list)
    for award in session.execute(select(*columns).where(Award.poll_id.in_(poll_ids)).order_by(Award.position)):
        awards[award.poll_id].append(award)
    return awards


def _summaries(
    session: Session, condition: ColumnElement[bool], sort: str, *, limit: int | None, offset: int
) -> tuple[PollSummary, ...]:
    now = database_now(session)
    query = select(*_COLUMNS).outerjoin(PollHead, PollHead.poll_id == Poll.id).where(condition)
    query = query.order_by(*SORTS.get(sort, ()), Poll.id.desc()).limit(limit).offset(offset)
    return tuple(
        PollSummary(
            slug=row.slug,
            title=row.title,
            phase=phase_of(row.state, row.opens_at, row.closes_at, now),
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            closed_at=row.closed_at,
            candidates=row.candidates,
            voters=row.voters,
        )
        for row in session.execute(query)
    )


def _matches(word: str) -> ColumnElement[bool]:
    return or_(Poll.title.icontains(word, autoescape=True), Poll.slug.icontains(word, autoescape=True))


def _is_in(phase: str) -> ColumnElement[bool]:
    """Say in SQL what `phase_of` says of one poll; no phase is every phase."""
    now = func.clock_now()
    running = case(
        (now < Poll.opens_at, literal(Phase.NOT_OPEN.value)),
        (now < Poll.closes_at, literal(Phase.OPEN.value)),
        else_=literal(Phase.CLOSED.value),
    )
    return case((Poll.state == "open", running), else_=Poll.state) == phase if phase else true()


def _count_candidates(session: Session, poll_ids: Sequence[int]) -> Mapping[int, list[_AwardCount]]:
    """Return by poll how many candidates each award has, and what those who stand lack."""
    counted: defaultdict[int, list[_AwardCount]] = defaultdict(list)
    for poll_id, *rest in session.execute(_COUNTS.where(Candidate.poll_id.in_(poll_ids))):
        counted[poll_id].append(_AwardCount(*rest))
    return counted


def _standing(counts: Sequence[_AwardCount]) -> Standing:
    return Standing(
        per_award={count.award_id: count.standing for count in counts},
        without_consent=sum(count.without_consent for count in counts),
        without_review=sum(count.without_review for count in counts),
        without_photo=sum(count.without_photo for count in counts),
    )


def _awards(poll: Poll, candidates: Mapping[int, int]) -> tuple[AwardOverview, ...]:
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
            candidates.get(award.id, 0),
        )
        for award in poll.awards
    )
