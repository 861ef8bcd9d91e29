"""Reading the trail: pages of acts, newest first, and all acts in the order they were chained."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal_column, select, tuple_
from sqlalchemy.orm import Session, aliased

from foundation.transaction import transaction
from staff.actors import NOT_MEMBERS
from staff.audit.choosing import Choice
from staff.audit.models import AuditEntry, AuditLink
from staff.models import Member

PAGE_SIZE = 50
AT_ONCE = 2_000  # rows in memory
_LAST_ID = 2**63 - 1
_Asker = aliased(Member)
_WITH_NAMES = (
    select(AuditEntry, Member.display_name, _Asker.display_name)
    .outerjoin(Member, Member.name == AuditEntry.actor)
    .outerjoin(_Asker, _Asker.name == AuditEntry.asked_by)
)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One act as a reader sees it; `person` and `asker` are display names where they have one."""

    id: int
    at: datetime
    actor: str
    person: str
    role: str | None
    asker: str | None
    act: str
    object: str
    result: str
    purpose: str
    fields: tuple[str, ...]
    network: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The latest acts before a point, newest first; `older` leads to the next page, None at the end."""

    lines: tuple[AuditLine, ...]
    older: int | None


def latest_acts(*, act: str = "", actor: str = "", before: int | None = None, size: int = PAGE_SIZE) -> AuditPage:
    """Return up to `size` acts before the one with the id `before`, of one kind or person where these are named."""
    return chosen_acts(Choice(person=actor, act=act), before=before, size=size)


def chosen_acts(choice: Choice, *, before: int | None = None, size: int = PAGE_SIZE) -> AuditPage:
    """Return up to `size` acts that were chosen, newest first, before the one with the id `before` if it is there."""
    query = _WITH_NAMES.where(*_conditions(choice)).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    with transaction() as session:
        point = None if before is None else _point(session, before)
        if point is not None:
            query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < point)
        rows = session.execute(query.limit(size + 1)).all()
        lines = tuple(_line(entry, person, asker) for entry, person, asker in rows[:size])
    return AuditPage(lines, lines[-1].id if len(rows) > size else None)


def count_chosen(session: Session, choice: Choice) -> int:
    """Count what was chosen; it takes its time, so only jobs ask."""
    return session.scalar(select(func.count()).select_from(AuditEntry).where(*_conditions(choice))) or 0


def read_chosen(session: Session, choice: Choice) -> Iterator[tuple[int, AuditLine]]:
    """Yield all that was chosen with the numbers of their links, in the chain's order; memory does not grow."""
    linked = _WITH_NAMES.add_columns(AuditLink.seq).join(AuditLink, AuditLink.entry_id == AuditEntry.id)
    query = linked.where(*_conditions(choice)).order_by(AuditLink.seq)
    with session.execute(query, execution_options={"yield_per": AT_ONCE}) as rows:
        for entry, person, asker, seq in rows:
            yield seq, _line(entry, person, asker)


def people_in_the_trail() -> dict[str, str]:
    """Return the display names of whoever can stand in the trail, by account names."""
    with transaction() as session:
        rows = session.execute(select(Member.name, Member.display_name).order_by(Member.display_name)).all()
    return NOT_MEMBERS | {row.name: row.display_name for row in rows}


def _point(session: Session, entry_id: int) -> tuple[datetime, int] | None:
    at = session.scalar(select(AuditEntry.at).where(AuditEntry.id == min(entry_id, _LAST_ID)))
    return None if at is None else (at, entry_id)


def _conditions(choice: Choice) -> list[ColumnElement[bool]]:
    equal = ((AuditEntry.actor, choice.person), (AuditEntry.result, choice.result))
    conditions = [column == value for column, value in equal if value]
    if choice.kind:
        conditions.append(func.split_part(AuditEntry.act, literal_column("'.'"), literal_column("1")) == choice.kind)
    elif choice.act:
        conditions.append(AuditEntry.act == choice.act)
    if choice.begins:
        conditions.append(AuditEntry.at >= choice.begins)
    if choice.ends:
        conditions.append(AuditEntry.at < choice.ends)
    if choice.text:
        conditions.append(func.letter_pairs(AuditEntry.object).op("@>")(func.letter_pairs(choice.text)))
        conditions.append(func.strpos(func.lower(AuditEntry.object), func.lower(choice.text)) > 0)
    return conditions


def _line(entry: AuditEntry, person: str | None, asker: str | None) -> AuditLine:
    return AuditLine(
        id=entry.id,
        at=entry.at,
        actor=entry.actor,
        person=person or NOT_MEMBERS.get(entry.actor, entry.actor),
        role=entry.role,
        asker=asker or entry.asked_by,
        act=entry.act,
        object=entry.object,
        result=entry.result,
        purpose=entry.purpose,
        fields=tuple(entry.fields),
        network=entry.network,
        request_id=entry.request_id,
    )
