"""What stands against a subject: asked by whoever is about to take it a step further, in the transaction of that step.

Raising an objection and asking take the same lock, so that one raised meanwhile is either seen or waits for the step.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from publicity.notices.models import Notice
from publicity.objections.models import Objection
from publicity.objections.rules import OPEN, State

_LOCK = "objections"


@dataclass(frozen=True, slots=True)
class OpenObjection:
    """One that has no result yet; `due_on` is None while nobody can tell the working days."""

    code: str
    notice_key: str
    state: State
    received_at: datetime
    due_on: date | None


def lock_subject(session: Session, kind: str, key: str) -> None:
    """Let no objection be raised to a subject until the transaction ends.

    Whoever locks a subject and its notice locks the subject first.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{_LOCK} {kind} {key}", 0))))


def open_objections(kind: str, key: str) -> tuple[OpenObjection, ...]:
    """Return what has no result yet, the oldest first; none is added until the caller's transaction ends."""
    query = (
        select(Objection, Notice.key)
        .join(Notice, Notice.id == Objection.notice_id)
        .where(Objection.subject_kind == kind, Objection.subject_key == key, Objection.state.in_(OPEN))
        .order_by(Objection.id)
    )
    with transaction() as session:
        lock_subject(session, kind, key)
        return tuple(
            OpenObjection(found.code, notice, State(found.state), found.received_at, found.due_on)
            for found, notice in session.execute(query)
        )


def open_in_notice(session: Session, notice_id: int) -> int:
    """Count what has no result yet; none is added while the caller holds the notice's row."""
    query = select(func.count()).select_from(Objection)
    return session.scalars(query.where(Objection.notice_id == notice_id, Objection.state.in_(OPEN))).one()
