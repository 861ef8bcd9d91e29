"""What supervisors can witness of a poll, with the facts, and what stands against certifying it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, exists, func, select, true
from sqlalchemy.orm import Session

from foundation.clock import database_now, show_moment
from foundation.transaction import transaction
from staff.supervision.opinions import open_opinions
from staff.supervision.witnessing import (
    Facts,
    Standing,
    Step,
    Witnessable,
    WitnessSheet,
    declare_witnessed,
    witness_sheet,
)
from votes.models import Award, Ballot, Candidate, Poll, PollHead
from votes.ordering import drawn_key
from votes.phases import Phase, phase_of
from votes.readiness import Concern, Readiness

KIND = "poll"
STEPS = {"opening": "开启", "draw": "抽签", "close": "结束"}
OFFERED = 50
"""Polls that supervisors are offered, the latest first."""

_FIRST_DRAWN = 10
_POLLS = (
    select(
        *(Poll.id, Poll.slug, Poll.title, Poll.state, Poll.candidate_order, Poll.draw_seed),
        *(Poll.opens_at, Poll.closes_at, Poll.opened_at, Poll.closed_at),
        func.coalesce(PollHead.size, 0).label("ballots"),
        exists().where(Ballot.poll_id == Poll.id, Ballot.number.is_(None)).label("numbering"),
    )
    .outerjoin(PollHead, PollHead.poll_id == Poll.id)
    .order_by(Poll.id.desc())
    .limit(OFFERED)
)
_Numbers = Mapping[int, Sequence[tuple[str, Sequence[int]]]]
"""By poll: the names of its awards with the numbers of their candidates."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A row of _POLLS, where it stands, and the candidates' numbers where they are wanted."""

    poll: Any
    phase: Phase
    numbers: Sequence[tuple[str, Sequence[int]]]


def poll_witnesses(slug: str) -> WitnessSheet:
    """Return the steps of a poll with their facts and who witnessed them; raises NotFound."""
    return witness_sheet(KIND, slug)


def certification_readiness(slug: str) -> Readiness:
    """Say what supervisors have to do with a poll before it is certified: what stops it, and what is only missed."""
    unanswered = open_opinions(KIND, slug)
    missing = [Concern("supervision", f"还有{unanswered}条监督意见没有答复。")] if unanswered else []
    unseen = [step.words for step in poll_witnesses(slug).waiting]
    doubts = [Concern("supervision", f"{'、'.join(unseen)}还没有监督员见证。")] if unseen else []
    return Readiness(tuple(missing), tuple(doubts))


def _find(slug: str) -> Witnessable | None:
    found = _read(Poll.slug == slug, with_facts=true())
    return found[0] if found else None


def _current() -> tuple[Witnessable, ...]:
    has_facts = Poll.state.in_(("open", "closed")) | ((Poll.state == "draft") & (Poll.candidate_order == "drawn"))
    return _read(true(), with_facts=has_facts)


def _read(condition: ColumnElement[bool], *, with_facts: ColumnElement[bool]) -> tuple[Witnessable, ...]:
    """Read polls, the latest first, and the candidates' numbers of those whose facts are wanted."""
    query = _POLLS.add_columns(with_facts.label("wanted")).where(condition)
    with transaction() as session:
        now = database_now(session)
        polls: Sequence[Any] = session.execute(query).all()
        numbers = _numbers(session, [poll.id for poll in polls if poll.wanted])
        return tuple(_witnessable(_Found(poll, _phase(poll, now), numbers.get(poll.id, ()))) for poll in polls)


def _numbers(session: Session, poll_ids: Sequence[int]) -> _Numbers:
    query = (
        select(Award.poll_id, Award.name, func.array_agg(Candidate.number))
        .join(Candidate, Candidate.award_id == Award.id)
        .where(Award.poll_id.in_(poll_ids))
        .group_by(Award.id)
        .order_by(Award.poll_id, Award.position)
    )
    numbers: dict[int, list[tuple[str, Sequence[int]]]] = {}
    for poll_id, name, found in session.execute(query) if poll_ids else ():
        numbers.setdefault(poll_id, []).append((name, found))
    return numbers


def _phase(poll: Any, now: datetime) -> Phase:
    return phase_of(poll.state, poll.opens_at, poll.closes_at, now)


def _witnessable(found: _Found) -> Witnessable:
    poll = found.poll
    page = url_for("polls_console.poll_page", slug=poll.slug)
    finished = found.phase is Phase.CERTIFIED
    return Witnessable(poll.slug, poll.title, page, dict(_steps(found)), finished=finished)


def _steps(found: _Found) -> Iterator[tuple[str, Step]]:
    poll = found.poll
    never_opened = poll.closed_at is not None and poll.opens_at is not None and poll.closed_at < poll.opens_at
    if not never_opened:
        yield "opening", _opening(found)
    if poll.candidate_order == "drawn":
        yield "draw", _draw(found)
    yield "close", _close(found)


def _opening(found: _Found) -> Step:
    poll = found.poll
    if found.phase is Phase.DRAFT:
        return Step(Standing.LATER)
    standing = Standing.COMING if found.phase is Phase.NOT_OPEN else Standing.HAPPENED
    times = (("批准开启", poll.opened_at), ("开始时间", poll.opens_at), ("结束时间", poll.closes_at))
    candidates = ((name, f"{len(numbers)}名候选对象") for name, numbers in found.numbers)
    return Step(standing, poll.opens_at, (*_shown(times), *candidates))


def _draw(found: _Found) -> Step:
    """A draw is done once its seed is written down; until the poll is opened another seed makes another draw."""
    seed = found.poll.draw_seed
    if not seed:
        return Step(Standing.LATER)
    orders = ((f"{name}的排列", _drawn(seed, numbers)) for name, numbers in found.numbers)
    return Step(Standing.HAPPENED, None, (("抽签号码", seed), *orders))


def _drawn(seed: str, numbers: Sequence[int]) -> str:
    order = sorted(numbers, key=lambda number: drawn_key(seed, number))
    first = "、".join(str(number) for number in order[:_FIRST_DRAWN])
    return first if len(order) <= _FIRST_DRAWN else f"{first}……共{len(order)}名"


def _close(found: _Found) -> Step:
    poll, planned = found.poll, ("原定结束", found.poll.closes_at)
    if found.phase in (Phase.DRAFT, Phase.NOT_OPEN):
        return Step(Standing.LATER, poll.closes_at)
    if found.phase is Phase.OPEN or poll.numbering:
        return Step(Standing.COMING, poll.closes_at, (*_shown([planned]), ("目前选票", f"{poll.ballots:,}张")))
    closed_at = poll.closed_at or poll.closes_at
    facts = _shown([planned, ("实际结束", closed_at)])
    return Step(Standing.HAPPENED, closed_at, (*facts, ("账本里的选票", f"{poll.ballots:,}张，全部已编号")))


def _shown(times: Sequence[tuple[str, datetime | None]]) -> Facts:
    return tuple((name, show_moment(at, year=True)) for name, at in times)


declare_witnessed(KIND, "投票", STEPS, find=_find, current=_current)
