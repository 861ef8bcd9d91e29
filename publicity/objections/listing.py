"""Objections as the console lists them: the open ones first, whichever is due first at the top."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased, defer

from foundation.clock import database_now, local_day
from foundation.ids import read_short_code
from foundation.transaction import transaction
from publicity.notices.models import Notice, NoticeVersion
from publicity.objections.deadlines import Deadline, deadline_of
from publicity.objections.models import Objection
from publicity.objections.rules import OPEN, RAISED_AS_NAMES, STATE_NAMES, WAY_NAMES, RaisedAs, State, Way
from publicity.objections.version_meant import VERSION_MEANT
from staff.models import Member

PAGE_SIZE = 50
UNSETTLED = "open"
_Handler = aliased(Member)


@dataclass(frozen=True, slots=True)
class ObjectionLine:
    """An objection in a list; `deadline` is None once it is settled, `handler` empty until it is in a hand."""

    code: str
    notice_key: str
    notice_title: str
    subject_name: str
    subject_unit: str
    way: Way
    raised_as: RaisedAs
    state: State
    arrived_on: date
    received_at: datetime
    settled_at: datetime | None
    deadline: Deadline | None
    handler: str

    @property
    def open(self) -> bool:
        return self.state in OPEN

    @property
    def overdue(self) -> bool:
        return self.deadline is not None and self.deadline.overdue

    @property
    def state_words(self) -> str:
        return STATE_NAMES[self.state]

    @property
    def way_words(self) -> str:
        return WAY_NAMES[self.way]

    @property
    def raised_as_words(self) -> str:
        return RAISED_AS_NAMES[self.raised_as]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: in one notice (its key), in one state or `open`, with words in number, name or unit."""

    notice: str = ""
    state: str = ""
    words: str = ""
    page: int = 1

    @property
    def narrow(self) -> bool:
        return bool(self.notice or self.state or self.words)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of objections, how many there are in all, and the notices there are any to: titles by keys."""

    lines: tuple[ObjectionLine, ...]
    total: int
    page: int
    notices: dict[str, str]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


def find_objections(search: Search) -> Found:
    """Return what is looked for, the open ones by their deadline and then the settled ones, the latest first."""
    with transaction() as session:
        wanted = _wanted(search)
        total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        page = max(1, min(search.page, -(-total // PAGE_SIZE)))
        ids = wanted.order_by(*_order()).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
        return Found(_lines(session, Objection.id.in_(ids)), total, page, _notices(session))


def open_lines() -> tuple[ObjectionLine, ...]:
    """Return every objection without a result, whichever is due first at the top."""
    with transaction() as session:
        return _lines(session, Objection.state.in_(OPEN))


def line_of(session: Session, objection_id: int) -> ObjectionLine:
    """Return one objection as lists show it."""
    return _lines(session, Objection.id == objection_id)[0]


def _wanted(search: Search) -> "Select[int]":
    query = select(Objection.id).join(Notice, Notice.id == Objection.notice_id)
    if search.notice:
        query = query.where(Notice.key == search.notice)
    if search.state == UNSETTLED:
        query = query.where(Objection.state.in_(OPEN))
    elif search.state:
        query = query.where(Objection.state == search.state)
    if search.words:
        code = read_short_code(search.words)
        columns = (Objection.subject_name, Objection.subject_unit)
        named = (column.contains(search.words, autoescape=True) for column in columns)
        query = query.where(or_(Objection.code == (code or ""), *named))
    return query


def _order() -> tuple[ColumnElement[Any], ...]:
    is_open = Objection.settled_at.is_(None)
    by_deadline = case((is_open, Objection.due_on)).asc().nulls_last()
    return is_open.desc(), by_deadline, Objection.settled_at.desc(), Objection.id.asc()


def _lines(session: Session, condition: ColumnElement[bool]) -> tuple[ObjectionLine, ...]:
    query = (
        select(Objection, Notice.key, NoticeVersion.title, _Handler.display_name)
        .join(Notice, Notice.id == Objection.notice_id)
        .join(NoticeVersion, VERSION_MEANT)
        .outerjoin(_Handler, _Handler.id == Objection.handler_id)
        .where(condition)
        .order_by(*_order())
        .options(defer(Objection.text), defer(Objection.lead))
    )
    today = local_day(database_now(session))
    return tuple(_line(*row, today) for row in session.execute(query))


def _line(objection: Objection, notice_key: str, title: str, handler: str | None, today: date) -> ObjectionLine:
    settled = objection.settled_at is not None
    return ObjectionLine(
        code=objection.code,
        notice_key=notice_key,
        notice_title=title,
        subject_name=objection.subject_name,
        subject_unit=objection.subject_unit,
        way=Way(objection.way),
        raised_as=RaisedAs(objection.raised_as),
        state=State(objection.state),
        arrived_on=objection.arrived_on,
        received_at=objection.received_at,
        settled_at=objection.settled_at,
        deadline=None if settled else deadline_of(objection.due_on, objection.arrived_on, today),
        handler=handler or "",
    )


def _notices(session: Session) -> dict[str, str]:
    """Return the notices that there are objections to: the title that each had last, by its key."""
    query = (
        select(Notice.key, NoticeVersion.title)
        .join(Objection, Objection.notice_id == Notice.id)
        .join(NoticeVersion, VERSION_MEANT)
        .order_by(Notice.id.desc(), NoticeVersion.number)
    )
    return {row[0]: row[1] for row in session.execute(query)}
