"""The audit trail: one row per act, in the act's own transaction, and the page of the latest ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from foundation.transaction import transaction
from staff.actors import NOT_MEMBERS, Actor
from staff.models import AuditEntry, Member

PAGE_SIZE = 200
_LAST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One act as the page shows it; `person` is the display name where the actor has one."""

    id: int
    at: datetime
    actor: str
    person: str
    act: str
    object: str
    result: str
    fields: tuple[str, ...]
    network: str | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The latest acts before a point, newest first; `older` leads to the next page, None at the end."""

    lines: tuple[AuditLine, ...]
    older: int | None


def record(
    act: str,
    object: str,  # noqa: A002
    actor: Actor,
    *,
    fields: Sequence[str] = (),
    result: str = "done",
) -> None:
    """Add the row to the running transaction, which it shares the fate of.

    `fields` are the names of what was touched, never values; `result` is done or refused.
    """
    with transaction() as session:
        session.add(
            AuditEntry(
                actor=actor.name,
                act=act,
                object=object,
                result=result,
                fields=list(fields),
                request_id=actor.request_id,
                network=actor.network,
            )
        )


def latest_acts(*, act: str = "", actor: str = "", before: int | None = None, size: int = PAGE_SIZE) -> AuditPage:
    """Return up to `size` acts with ids below `before`, of one kind or person where these are named."""
    query = select(AuditEntry, Member.display_name).outerjoin(Member, Member.name == AuditEntry.actor)
    if act:
        query = query.where(AuditEntry.act == act)
    if actor:
        query = query.where(AuditEntry.actor == actor)
    if before is not None:
        query = query.where(AuditEntry.id < min(before, _LAST_ID))
    with transaction() as session:
        rows = session.execute(query.order_by(AuditEntry.id.desc()).limit(size + 1)).all()
        lines = tuple(_line(entry, person) for entry, person in rows[:size])
    return AuditPage(lines, lines[-1].id if len(rows) > size else None)


def _line(entry: AuditEntry, person: str | None) -> AuditLine:
    return AuditLine(
        id=entry.id,
        at=entry.at,
        actor=entry.actor,
        person=person or NOT_MEMBERS.get(entry.actor, entry.actor),
        act=entry.act,
        object=entry.object,
        result=entry.result,
        fields=tuple(entry.fields),
        network=entry.network,
    )
