"""The objections of a notice as its report tells them: of whom, how, with what result, and never who raised them."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from foundation.transaction import transaction
from publicity.objections.models import Objection
from publicity.objections.rules import (
    RAISED_AS_NAMES,
    STATE_NAMES,
    WAY_NAMES,
    WITHOUT_LEAD,
    RaisedAs,
    State,
    Way,
    is_declined_by_rule,
)


@dataclass(frozen=True, slots=True)
class ObjectionFigures:
    """One objection in the report; `result` is the written summary, or the rule by which it was declined."""

    code: str
    subject_name: str
    subject_unit: str
    way: Way
    raised_as: RaisedAs
    state: State
    arrived_on: date
    received_at: datetime
    settled_at: datetime | None
    result: str

    @property
    def way_words(self) -> str:
        return WAY_NAMES[self.way]

    @property
    def raised_as_words(self) -> str:
        return RAISED_AS_NAMES[self.raised_as]

    @property
    def state_words(self) -> str:
        return STATE_NAMES[self.state]


def objection_lines(notice_id: int) -> tuple[ObjectionFigures, ...]:
    """Return the objections of a notice in the order in which they came."""
    query = select(Objection).where(Objection.notice_id == notice_id).order_by(Objection.id)
    with transaction() as session:
        return tuple(_line(objection) for objection in session.scalars(query))


def _line(objection: Objection) -> ObjectionFigures:
    raised_as, state = RaisedAs(objection.raised_as), State(objection.state)
    by_rule = state is State.DECLINED and is_declined_by_rule(raised_as, has_lead=objection.has_lead)
    return ObjectionFigures(
        objection.code,
        objection.subject_name,
        objection.subject_unit,
        Way(objection.way),
        raised_as,
        state,
        objection.arrived_on,
        objection.received_at,
        objection.settled_at,
        objection.summary or (WITHOUT_LEAD if by_rule else ""),
    )
