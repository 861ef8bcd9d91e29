"""The candidates of a poll as staff look at them: found by what they are called, sorted, a page at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, contains_eager

from foundation.errors import NotFound
from foundation.transaction import transaction
from votes.models import Award, Candidate, Poll
from votes.ordering import order_candidates
from votes.polls import poll_to_read

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A candidate as the console shows them; `place` in the award's list, `fixed` there by hand."""

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
    brief: str
    deeds: str
    photo: str | None
    thumbnail: str | None
    consented: bool
    secrecy_reviewed: bool
    withdrawn_at: datetime | None


SORTS: dict[str, Callable[[CandidateRow], tuple[int | str, ...]]] = {
    "number": lambda row: (row.number,),
    "name": lambda row: (row.initials, row.name, row.number),
    "unit": lambda row: (row.unit, row.number),
    "place": lambda row: (row.award_position, row.place, row.number),
}


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """One page of the candidates found, and how many there are in all."""

    rows: tuple[CandidateRow, ...]
    found: int
    page: int
    pages: int


def find_candidates(
    slug: str, *, words: str = "", award: int | None = None, lacking: str = "", sort: str = "number", page: int = 1
) -> CandidatePage:
    """Return the candidates whose number, name, initials, unit or post has `words`, a page of 50 at a time.

    `lacking` keeps those without a check (consented, secrecy_reviewed) or without a photo. A page beyond the last
    is the last.
    """
    with transaction() as session:
        places = _places(poll_to_read(session, slug))
        rows = [_row(candidate, places) for candidate in session.scalars(_found(slug, words, award, lacking))]
    rows.sort(key=SORTS.get(sort, SORTS["number"]))
    pages = max(1, -(-len(rows) // PER_PAGE))
    page = min(max(1, page), pages)
    return CandidatePage(tuple(rows[(page - 1) * PER_PAGE : page * PER_PAGE]), len(rows), page, pages)


def all_candidates(slug: str) -> tuple[CandidateRow, ...]:
    """Return all of a poll's candidates by number; raises NotFound."""
    with transaction() as session:
        places = _places(poll_to_read(session, slug))
        rows = [_row(candidate, places) for candidate in session.scalars(_found(slug, "", None, ""))]
    return tuple(sorted(rows, key=SORTS["number"]))


def find_numbers(slug: str, *, words: str = "", award: int | None = None, lacking: str = "") -> tuple[int, ...]:
    """Return the numbers of all the candidates found, over all pages."""
    with transaction() as session:
        return tuple(sorted(candidate.number for candidate in session.scalars(_found(slug, words, award, lacking))))


def read_candidate(slug: str, number: int) -> CandidateRow:
    """Return one candidate; raises NotFound."""
    with transaction() as session:
        return _row(candidate_of(session, slug, number), _places(poll_to_read(session, slug)))


def candidate_of(session: Session, slug: str, number: int) -> Candidate:
    """Return a candidate by the poll's slug and the number; raises NotFound."""
    query = _found(slug, "", None, "").where(Candidate.number == number)
    candidate = session.scalars(query).one_or_none()
    if candidate is None:
        raise NotFound("没有这名候选对象。")
    return candidate


def _places(poll: Poll) -> dict[int, int]:
    """Return at which place of the award's list each number stands."""
    return {
        candidate.number: place
        for award in poll.awards
        for place, candidate in enumerate(listed_in(award, poll), start=1)
    }


def listed_in(award: Award, poll: Poll) -> list[Candidate]:
    """Return an award's candidates in the order in which the poll lists them."""
    return order_candidates(award.candidates, poll.candidate_order, poll.draw_seed)


def _found(slug: str, words: str, award: int | None, lacking: str) -> Select[Candidate]:
    query = (
        select(Candidate)
        .join(Candidate.award)
        .join(Poll, Candidate.poll_id == Poll.id)
        .where(Poll.slug == slug)
        .options(contains_eager(Candidate.award))
    )
    if award is not None:
        query = query.where(Candidate.award_id == award)
    conditions = [_matches(word) for word in words.split()]
    return query.where(*conditions, *_lacks(lacking))


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


def _row(candidate: Candidate, places: Mapping[int, int]) -> CandidateRow:
    return CandidateRow(
        number=candidate.number,
        award_id=candidate.award_id,
        award=candidate.award.name,
        award_position=candidate.award.position,
        for_organisations=candidate.award.for_organisations,
        place=places[candidate.number],
        fixed=candidate.place_in_list > 0,
        name=candidate.name,
        initials=candidate.initials,
        unit=candidate.unit,
        post=candidate.post,
        brief=candidate.brief,
        deeds=candidate.deeds,
        photo=candidate.photo,
        thumbnail=candidate.thumbnail,
        consented=candidate.consented,
        secrecy_reviewed=candidate.secrecy_reviewed,
        withdrawn_at=candidate.withdrawn_at,
    )
