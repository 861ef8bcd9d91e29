"""Alarms: raised in the transaction of what sets them off, listed, and acknowledged by a supervisor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, func, insert, select, update
from sqlalchemy.orm import aliased

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.actors import NOT_MEMBERS, Actor
from staff.audit import record
from staff.models import Member
from staff.supervision.alarm_rules import KINDS
from staff.supervision.models import Alarm

PAGE_SIZE = 50
FOLDED_FOR = timedelta(hours=1)
LONGEST_NOTE = 500
_table: Table = Alarm.__table__  # type: ignore[assignment]  # declared as a FromClause


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """An alarm as the page shows it; `about` is the display name where it is about somebody."""

    id: int
    key: str
    name: str
    sentence: str
    about: str
    raised_at: datetime
    last_at: datetime
    times: int
    seen_by: str | None
    seen_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class AlarmPage:
    """Alarms, the latest first; `older` leads to the next page, None at the end."""

    lines: tuple[AlarmLine, ...]
    older: int | None


def raise_alarm(kind: str, sentence: str, object: str = "") -> None:  # noqa: A002
    """Raise an alarm in the running transaction, which it shares the fate of.

    The `sentence` names nobody and gives no value; `object` is what the audit trail would call it. While one of this
    kind about this object from the last hour waits to be seen, it is counted there.
    """
    with transaction() as session:
        raise_alarm_on(session.connection(), kind, sentence, object)


def raise_alarm_on(connection: Connection, kind: str, sentence: str, object: str = "") -> None:  # noqa: A002
    """Raise an alarm over a connection, for whoever stands in the middle of a flush."""
    # One at a time looks for what it repeats, so that two at once are not two alarms.
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"alarm {kind} {object}", 0))))
    now = func.clock_now()
    repeated = (
        select(_table.c.id)
        .where(
            _table.c.kind == kind,
            _table.c.object == object,
            _table.c.seen_at.is_(None),
            _table.c.raised_at > now - FOLDED_FOR,
        )
        .order_by(_table.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    folded = connection.execute(
        update(_table)
        .where(_table.c.id == repeated)
        .values(times=_table.c.times + 1, last_at=func.greatest(_table.c.last_at, now))
        .returning(_table.c.id)
    ).first()
    if folded is None:
        values = {"key": random_id(), "kind": kind, "sentence": sentence, "object": object}
        connection.execute(insert(_table).values(**values))


def list_alarms(*, unseen: bool = False, before: int | None = None, size: int = PAGE_SIZE) -> AlarmPage:
    """Return up to `size` alarms with ids below `before`, all or only those that nobody has acknowledged."""
    seer, concerned = aliased(Member), aliased(Member)
    query = (
        select(Alarm, seer.display_name, concerned.display_name)
        .outerjoin(seer, seer.id == Alarm.seen_by)
        .outerjoin(concerned, concerned.name == Alarm.object)
        .order_by(Alarm.id.desc())
        .limit(size + 1)
    )
    if unseen:
        query = query.where(Alarm.seen_at.is_(None))
    if before is not None:
        query = query.where(Alarm.id < min(before, 2**63 - 1))
    with transaction() as session:
        rows = session.execute(query).all()
        lines = tuple(_line(alarm, seen_by, about) for alarm, seen_by, about in rows[:size])
    return AlarmPage(lines, lines[-1].id if len(rows) > size else None)


def acknowledge(key: str, note: str, actor: Actor) -> None:
    """Note that `actor` has looked into an alarm; raises NotFound, Conflict where somebody did before."""
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"处理说明太长，最多{LONGEST_NOTE}个字。", field="note")
    with transaction() as session:
        alarm = session.scalars(select(Alarm).where(Alarm.key == key).with_for_update()).one_or_none()
        if alarm is None:
            raise NotFound("没有这条告警。")
        if alarm.seen_at is not None:
            raise Conflict("这条告警已经确认过了。")
        alarm.seen_by, alarm.seen_at, alarm.note = actor.member_id, func.clock_now(), note
        record("supervision.acknowledge", f"{name_of(alarm.kind)}（{alarm.id}）", actor, fields=("seen_by", "note"))


def name_of(kind: str) -> str:
    """Return what pages call a kind of alarm."""
    return KINDS.get(kind, kind)


def latest_unseen(size: int) -> Sequence[AlarmLine]:
    """Return the latest alarms that nobody has acknowledged."""
    return list_alarms(unseen=True, size=size).lines


def _line(alarm: Alarm, seen_by: str | None, about: str | None) -> AlarmLine:
    return AlarmLine(
        id=alarm.id,
        key=alarm.key,
        name=name_of(alarm.kind),
        sentence=alarm.sentence,
        about=about or NOT_MEMBERS.get(alarm.object, alarm.object),
        raised_at=alarm.raised_at,
        last_at=alarm.last_at,
        times=alarm.times,
        seen_by=seen_by,
        seen_at=alarm.seen_at,
        note=alarm.note,
    )
