"""Ballot papers as the chat tells them, read from the database and kept for a while in each process."""

import threading
import time
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only, selectinload
from sqlalchemy.sql.base import ExecutableOption

from foundation.transaction import transaction
from votes.chat.sheet import Entry, Sheet, SheetAward
from votes.models import Award, Candidate, Poll
from votes.ordering import order_candidates
from votes.paper import Paper

SECONDS_KEPT = 30.0
_MOST_KEPT = 64


class SheetShelf:
    """Sheets in use, in this process; a new revision makes a new sheet, a corrected word waits a little."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sheets: dict[tuple[str, int], tuple[float, Sheet]] = {}
        self._lock = threading.Lock()

    def get(self, paper: Paper, site: str) -> Sheet:
        """Return the sheet of a paper that was just read; `site` is the address of the public pages."""
        key = (paper.slug, paper.revision)
        kept = self._sheets.get(key)
        if kept and self._clock() - kept[0] < SECONDS_KEPT:
            return kept[1]
        sheet = read_sheet(paper.poll_id, site)
        with self._lock:
            self._sheets.pop(key, None)
            while len(self._sheets) >= _MOST_KEPT:
                self._sheets.pop(next(iter(self._sheets)))
            self._sheets[key] = self._clock(), sheet
        return sheet

    def forget(self) -> None:
        self._sheets.clear()


def read_sheet(poll_id: int, site: str) -> Sheet:
    """Read one poll's sheet from the database."""
    with transaction() as session:
        poll = _poll(session, poll_id)
        return Sheet(
            slug=poll.slug,
            title=poll.title,
            address=f"{site}/polls/{poll.slug}",
            closes_at=poll.closes_at,
            daily=poll.period == "daily",
            order=poll.candidate_order,
            rules=poll.rules_text,
            phones=tuple(_phones(poll)),
            awards=tuple(_award(poll, award) for award in poll.awards),
        )


def _poll(session: Session, poll_id: int) -> Poll:
    wanted = (Candidate.award_id, Candidate.number, Candidate.place_in_list, Candidate.name, Candidate.unit)
    candidates = selectinload(Poll.candidates).load_only(*wanted, Candidate.post, Candidate.withdrawn_at)
    # Whatever stands in the session is read again: this may be long after it was first loaded.
    query = select(Poll).where(Poll.id == poll_id).options(selectinload(Poll.awards), candidates, _without_key())
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _without_key() -> ExecutableOption:
    names = (Poll.slug, Poll.title, Poll.closes_at, Poll.period, Poll.candidate_order, Poll.draw_seed, Poll.rules_text)
    return load_only(*names, Poll.enquiry_phone, Poll.supervision_phone)


def _phones(poll: Poll) -> list[str]:
    told = (("咨询电话", poll.enquiry_phone), ("监督电话", poll.supervision_phone))
    return [f"{what}：{number}" for what, number in told if number]


def _award(poll: Poll, award: Award) -> SheetAward:
    mine = (candidate for candidate in poll.candidates if candidate.award_id == award.id)
    listed = order_candidates(mine, poll.candidate_order, poll.draw_seed)
    choosable = sum(candidate.withdrawn_at is None for candidate in listed)
    return SheetAward(
        name=award.name,
        measure="个" if award.for_organisations else "名",
        least=min(award.min_choices, choosable),
        most=award.max_choices,
        entries=tuple(_entry(candidate, organisation=award.for_organisations) for candidate in listed),
    )


def _entry(candidate: Candidate, *, organisation: bool) -> Entry:
    where = candidate.unit if organisation else candidate.post or candidate.unit
    return Entry(candidate.number, candidate.name, where, candidate.withdrawn_at is not None)
