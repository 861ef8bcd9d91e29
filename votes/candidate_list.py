"""The candidates of a poll as staff look at them: found by what they are called, sorted, a page at a time."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, contains_eager

from foundation.errors import NotFound
from foundation.transaction import transaction
from votes.models import Award, Candidate, Poll
from votes.ordering import order_candidates
from votes.polls import poll_to_read

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """A candidate in the table; `place` in the award's list, `fixed` there by hand."""

    number: int
    award_id: int
    award: str
    award_position: int
    for_organisations: bool
    place: int
    fixed: bool
    name: str
    initials: str
    unit: str
    post: str
    photo: str | None
    thumbnail: str | None
    consented: bool
    secrecy_reviewed: bool
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class CandidateRow(CandidateLine):
    """A candidate with everything that was entered."""

    brief: str
    deeds: str


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """One page of the candidates found, and how many there are in all."""

    rows: tuple[CandidateLine, ...]
    found: int
    page: int
    pages: int


SORTS: Mapping[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "number": (Candidate.number,),
    "name": (Candidate.initials, Candidate.name, Candidate.number),
    "unit": (Candidate.unit, Candidate.number),
}
PLACE = "place"
"""The sort that follows the lists that voters see; it is not in the database and so not among SORTS."""

_LINE = (
    Candidate.number,
    Candidate.award_id,
    Award.name.label("award"),
    Award.position.label("award_position"),
    Award.for_organisations,
    Candidate.place_in_list,
    Candidate.name,
    Candidate.initials,
    Candidate.unit,
    Candidate.post,
    Candidate.photo,
    Candidate.thumbnail,
    Candidate.consented,
    Candidate.secrecy_reviewed,
    Candidate.withdrawn_at,
)
_ROW = (*_LINE, Candidate.brief, Candidate.deeds)


class _Kind(NamedTuple):
    for_organisations: bool


class _Listed(NamedTuple):
    """What the order of a list needs, without loading the candidates' texts."""

    number: int
    name: str
    place_in_list: int
    award: _Kind


def find_candidates(
    slug: str, *, words: str = "", award: int | None = None, lacking: str = "", sort: str = "number", page: int = 1
) -> CandidatePage:
    """Return the candidates whose number, name, initials, unit or post has `words`, a page of 50 at a time.

    `lacking` keeps those without a check (consented, secrecy_reviewed) or without a photo. A page beyond the last
    is the last.
    """
    with transaction() as session:
        poll = poll_to_read(session, slug)
        condition = _condition(poll.id, words, award, lacking)
        found = session.scalar(select(func.count()).select_from(Candidate).where(condition)) or 0
        pages = max(1, -(-found // PER_PAGE))
        page = min(max(1, page), pages)
        rows = _page(session, poll, condition, sort, (page - 1) * PER_PAGE)
        places = _places(session, poll, {row.award_id for row in rows})
        return CandidatePage(tuple(CandidateLine(**_values(row, places)) for row in rows), found, page, pages)


def all_candidates(slug: str) -> tuple[CandidateRow, ...]:
    """Return all of a poll's candidates by number; raises NotFound."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        query = _select(*_ROW).where(Candidate.poll_id == poll.id).order_by(Candidate.number)
        rows = session.execute(query).all()
        places = _places(session, poll, {row.award_id for row in rows})
        return tuple(CandidateRow(**_values(row, places)) for row in rows)


def find_numbers(slug: str, *, words: str = "", award: int | None = None, lacking: str = "") -> tuple[int, ...]:
    """Return the numbers of all the candidates found, over all pages."""
    with transaction() as session:
        condition = _condition(poll_to_read(session, slug).id, words, award, lacking)
        return tuple(session.scalars(select(Candidate.number).where(condition).order_by(Candidate.number)))


def read_candidate(slug: str, number: int) -> CandidateRow:
    """Return one candidate; raises NotFound."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        query = _select(*_ROW).where(Candidate.poll_id == poll.id, Candidate.number == number)
        row = session.execute(query).one_or_none()
        if row is None:
            raise NotFound("没有这名候选对象。")
        return CandidateRow(**_values(row, _places(session, poll, {row.award_id})))


def candidate_of(session: Session, slug: str, number: int) -> Candidate:
    """Return a candidate by the poll's slug and the number; raises NotFound."""
    query = (
        select(Candidate)
        .join(Candidate.award)
        .join(Poll, Candidate.poll_id == Poll.id)
        .where(Poll.slug == slug, Candidate.number == number)
        .options(contains_eager(Candidate.award))
    )
    candidate = session.scalars(query).one_or_none()
    if candidate is None:
        raise NotFound("没有这名候选对象。")
    return candidate


def listed_in(award: Award, poll: Poll) -> list[Candidate]:
    """Return an award's candidates in the order in which the poll lists them."""
    return order_candidates(award.candidates, poll.candidate_order, poll.draw_seed)


def _page(session: Session, poll: Poll, condition: ColumnElement[bool], sort: str, offset: int) -> Sequence[Row[Any]]:
    query = _select(*_LINE).where(condition)
    if sort != PLACE:
        return session.execute(query.order_by(*SORTS.get(sort, SORTS["number"])).limit(PER_PAGE).offset(offset)).all()
    found = session.execute(_select(Candidate.number, Award.position, Candidate.award_id).where(condition)).all()
    places = _places(session, poll, {row.award_id for row in found})
    order = {row.number: (row.position, places[row.number]) for row in found}
    shown = sorted(order, key=order.__getitem__)[offset : offset + PER_PAGE]
    rows = session.execute(query.where(Candidate.number.in_(shown)))
    return sorted(rows, key=lambda row: order[row.number])


def _places(session: Session, poll: Poll, awards: Collection[int]) -> dict[int, int]:
    """Return at which place of its award's list each candidate of `awards` stands, by number."""
    columns = (Candidate.award_id, Candidate.number, Candidate.name, Candidate.place_in_list, Award.for_organisations)
    lists: dict[int, list[_Listed]] = defaultdict(list)
    for award_id, number, name, place, organisations in session.execute(
        _select(*columns).where(Candidate.poll_id == poll.id, Candidate.award_id.in_(awards))
    ):
        lists[award_id].append(_Listed(number, name, place, _Kind(organisations)))
    return {
        one.number: place
        for candidates in lists.values()
        for place, one in enumerate(order_candidates(candidates, poll.candidate_order, poll.draw_seed), start=1)
    }


def _select(*columns: Any) -> Select[Any]:
    return select(*columns).join(Award, Candidate.award_id == Award.id)


def _condition(poll_id: int, words: str, award: int | None, lacking: str) -> ColumnElement[bool]:
    conditions = [Candidate.poll_id == poll_id, *(_matches(word) for word in words.split()), *_lacks(lacking)]
    if award is not None:
        conditions.append(Candidate.award_id == award)
    return and_(*conditions)


def _matches(word: str) -> ColumnElement[bool]:
    if word.isdecimal() and len(word) <= 4:
        return Candidate.number == int(word)
    columns = (Candidate.name, Candidate.initials, Candidate.unit, Candidate.post)
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def _lacks(what: str) -> list[ColumnElement[bool]]:
    lacks = {
        "consented": Candidate.consented.is_(False),
        "secrecy_reviewed": Candidate.secrecy_reviewed.is_(False),
        "photo": Candidate.photo.is_(None),
    }
    return [lacks[what]] if what in lacks else []


def _values(row: Row[Any], places: Mapping[int, int]) -> dict[str, Any]:
    values = dict(row._mapping)
    fixed = values.pop("place_in_list") > 0
    return {**values, "place": places[row.number], "fixed": fixed}
