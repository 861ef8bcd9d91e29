"""Opinions 监督意见: raised by a supervisor, answered by whom they concern, settled or asked again; nothing is lost."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from foundation.clock import database_now, local_day
from foundation.database import constraint_of
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.ids import short_code
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from staff.models import Member
from staff.options.calendar import working_day_after
from staff.supervision.models import Opinion, OpinionEntry
from staff.supervision.opinion_rules import (
    DEFAULT_DAYS,
    MOST_DAYS,
    STATE_NAMES,
    UNANSWERED,
    State,
    is_overdue,
    may_become,
)
from staff.supervision.witnessing import Subject, find_subject

PAGE_SIZE = 50
LONGEST_TEXT = 2_000
_LOCK = "opinions"
_Last = aliased(
    OpinionEntry,
    select(OpinionEntry)
    .ext(distinct_on(OpinionEntry.opinion_id))
    .order_by(OpinionEntry.opinion_id, OpinionEntry.number.desc())
    .subquery(),
)
_First, _Raiser = aliased(OpinionEntry), aliased(Member)
_LINES = (
    select(Opinion, _First, _Last, _Raiser.display_name)
    .join(_First, (_First.opinion_id == Opinion.id) & (_First.number == 1))
    .join(_Last, _Last.opinion_id == Opinion.id)
    .join(_Raiser, _Raiser.id == _First.member_id)
)


@dataclass(frozen=True, slots=True)
class OpinionLine:
    """An opinion in a list; `text` is how it began."""

    id: int
    key: str
    title: str
    text: str
    raised_by: str
    raised_at: datetime
    state: State
    due_on: date | None
    changed_at: datetime
    overdue: bool

    @property
    def state_words(self) -> str:
        return STATE_NAMES[self.state]

    @property
    def unanswered(self) -> bool:
        return self.state in UNANSWERED


@dataclass(frozen=True, slots=True)
class OpinionPage:
    """Opinions, the latest first; `older` leads to the next page, None at the end."""

    lines: tuple[OpinionLine, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One entry of an opinion's history."""

    number: int
    state: State
    text: str
    due_on: date | None
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OpinionSheet:
    """An opinion with its whole history, and its subject where the room still knows it."""

    line: OpinionLine
    subject: Subject | None
    turns: tuple[Turn, ...]

    def may_become(self, target: str) -> bool:
        return may_become(self.line.state, State(target))


def raise_opinion(subject: Subject | None, text: str, actor: Actor, *, days: int = DEFAULT_DAYS) -> str:
    """Raise an opinion on a subject, or on nothing in particular, to be answered within `days` working days.

    Returns its key. Raises InvalidInput, and UnknownYear where no notice tells the working days.
    """
    text, days = _checked_text(text), _checked_days(days)
    with transaction() as session:
        if subject is not None:
            _lock(session, subject.kind, subject.key)
        opinion = Opinion(key=short_code(), title=subject.title if subject else "")
        if subject is not None:
            opinion.kind, opinion.subject = subject.kind, subject.key
        session.add(opinion)
        session.flush()
        due_on = _due(session, days)
        _add_turn(session, opinion, actor, number=1, state=State.OPEN, text=text, due_on=due_on)
        record("supervision.object", _audited(opinion), actor, fields=("text", "due_on"))
        return opinion.key


def answer_opinion(key: str, text: str, actor: Actor) -> None:
    """Answer what was asked; raises InvalidInput, NotFound, Conflict where nothing waits for an answer."""
    _take_turn(key, State.ANSWERED, "supervision.answer", _checked_text(text), actor)


def settle_opinion(key: str, text: str, actor: Actor) -> None:
    """Accept the answer, with or without a word: the opinion is settled for good. Raises NotFound, Conflict."""
    _take_turn(key, State.SETTLED, "supervision.settle", _checked_text(text, required=False), actor)


def ask_again(key: str, text: str, actor: Actor, *, days: int = DEFAULT_DAYS) -> None:
    """Say why the answer will not do, and ask for another within `days` working days."""
    text, days = _checked_text(text), _checked_days(days)
    _take_turn(key, State.REOPENED, "supervision.ask_again", text, actor, days=days)


def open_opinions(kind: str, key: str) -> int:
    """Count the opinions on a subject that wait for an answer."""
    query = (
        select(func.count())
        .select_from(Opinion)
        .join(_Last, _Last.opinion_id == Opinion.id)
        .where(Opinion.kind == kind, Opinion.subject == key, _Last.state.in_(UNANSWERED))
    )
    with transaction() as session:
        return session.scalars(query).one()


def refuse_while_objected(kind: str, key: str) -> None:
    """Raise Conflict while an opinion on the subject waits for its answer; none is raised until the transaction ends.

    Call it in the transaction of the step that an unanswered opinion keeps back.
    """
    with transaction() as session:
        _lock(session, kind, key)
        waiting = open_opinions(kind, key)
    if waiting:
        raise Conflict(f"还有{waiting}条监督意见没有答复，答复以后才能办这一步。")


def unsettled_opinions(*, today: date | None = None, size: int = PAGE_SIZE) -> tuple[OpinionLine, ...]:
    """Return the opinions that are not settled, whichever is due first at the top, answered ones below."""
    query = _LINES.where(_Last.state != State.SETTLED).order_by(_Last.due_on.nulls_last(), Opinion.id).limit(size)
    with transaction() as session:
        day = today or local_day(database_now(session))
        return _read(session, query, day)


def list_opinions(*, state: State | None = None, before: int | None = None, size: int = PAGE_SIZE) -> OpinionPage:
    """Return up to `size` opinions with ids below `before`, the latest first, of one state or of all."""
    query = _LINES.order_by(Opinion.id.desc()).limit(size + 1)
    if state is not None:
        query = query.where(_Last.state == state)
    if before is not None:
        query = query.where(Opinion.id < min(before, 2**63 - 1))
    with transaction() as session:
        rows = _read(session, query, local_day(database_now(session)))
    return OpinionPage(rows[:size], rows[size - 1].id if len(rows) > size else None)


def opinions_on(kind: str, key: str) -> tuple[OpinionLine, ...]:
    """Return the opinions on a subject, the latest first."""
    query = _LINES.where(Opinion.kind == kind, Opinion.subject == key).order_by(Opinion.id.desc()).limit(PAGE_SIZE)
    with transaction() as session:
        return _read(session, query, local_day(database_now(session)))


def opinion_sheet(key: str) -> OpinionSheet:
    """Return an opinion with its history; raises NotFound."""
    with transaction() as session:
        opinion = _opinion(session, key)
        line = _read(session, _LINES.where(Opinion.id == opinion.id), local_day(database_now(session)))[0]
        subject = find_subject(opinion.kind, opinion.subject) if opinion.kind and opinion.subject else None
        return OpinionSheet(line, subject, _turns(session, opinion.id))


def _take_turn(key: str, target: State, act: str, text: str, actor: Actor, *, days: int | None = None) -> None:
    try:
        with transaction() as session:
            opinion = _opinion(session, key)
            number, state = _latest(session, opinion.id)
            if not may_become(state, target):
                raise Conflict(f"这条意见现在是“{STATE_NAMES[state]}”，不能这样办理，请刷新后再看。")
            due_on = None if days is None else _due(session, days)
            _add_turn(session, opinion, actor, number=number + 1, state=target, text=text, due_on=due_on)
            record(act, _audited(opinion), actor, fields=("text",) if due_on is None else ("text", "due_on"))
    except IntegrityError as error:
        if constraint_of(error) != "one_opinion_entry_per_turn":
            raise
        raise Conflict("刚才有人办理了这条意见，请刷新后再看。") from None


def _add_turn(
    session: Session, opinion: Opinion, actor: Actor, *, number: int, state: State, text: str, due_on: date | None
) -> None:
    if actor.member_id is None:
        raise NotAllowed("监督意见要由本人登录后办理。")
    session.add(
        OpinionEntry(
            opinion_id=opinion.id, number=number, state=state, text=text, due_on=due_on, member_id=actor.member_id
        )
    )
    session.flush()


def _latest(session: Session, opinion_id: int) -> tuple[int, State]:
    query = select(OpinionEntry.number, OpinionEntry.state).where(OpinionEntry.opinion_id == opinion_id)
    row = session.execute(query.order_by(OpinionEntry.number.desc()).limit(1)).one()
    return row[0], State(row[1])


def _lock(session: Session, kind: str, key: str) -> None:
    """Let opinions on a subject and the steps they keep back come one after the other."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{_LOCK} {kind} {key}", 0))))


def _due(session: Session, days: int) -> date:
    return working_day_after(local_day(database_now(session)), days)


def _read(
    session: Session, query: "Select[Opinion, OpinionEntry, OpinionEntry, str]", today: date
) -> tuple[OpinionLine, ...]:
    return tuple(_line(*row, today) for row in session.execute(query))


def _line(opinion: Opinion, first: OpinionEntry, last: OpinionEntry, raised_by: str, today: date) -> OpinionLine:
    state = State(last.state)
    return OpinionLine(
        id=opinion.id,
        key=opinion.key,
        title=opinion.title,
        text=first.text,
        raised_by=raised_by,
        raised_at=first.at,
        state=state,
        due_on=last.due_on,
        changed_at=last.at,
        overdue=is_overdue(state, last.due_on, today),
    )


def _turns(session: Session, opinion_id: int) -> tuple[Turn, ...]:
    query = (
        select(OpinionEntry, Member.display_name)
        .join(Member, Member.id == OpinionEntry.member_id)
        .where(OpinionEntry.opinion_id == opinion_id)
        .order_by(OpinionEntry.number)
    )
    return tuple(
        Turn(entry.number, State(entry.state), entry.text, entry.due_on, person, entry.at)
        for entry, person in session.execute(query)
    )


def _opinion(session: Session, key: str) -> Opinion:
    condition: ColumnElement[bool] = Opinion.key == key
    opinion = session.scalars(select(Opinion).where(condition)).one_or_none() if key.isprintable() else None
    if opinion is None:
        raise NotFound("没有这条监督意见。")
    return opinion


def _audited(opinion: Opinion) -> str:
    return f"{opinion.title or '综合意见'}（{opinion.key}）"


def _checked_text(text: str, *, required: bool = True) -> str:
    text = text.strip()
    if required and not text:
        raise InvalidInput("请写明内容。", field="text")
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(f"内容太长，最多{LONGEST_TEXT}个字。", field="text")
    return text


def _checked_days(days: int) -> int:
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"期限填1到{MOST_DAYS}个工作日。", field="days")
    return days
