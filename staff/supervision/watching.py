"""The watch: every new row of the audit trail, and every check of its chain, is held against the rules of alarm."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, event, func, select
from sqlalchemy.orm import Mapper

from staff.audit.models import AuditCheck, AuditEntry
from staff.audit.wording import fault_words
from staff.supervision.alarm_rules import CHAIN_BROKEN, RULES, Happening
from staff.supervision.alarms import raise_alarm_on

_COUNTED_TO = 100
_trail: Table = AuditEntry.__table__  # type: ignore[assignment]  # declared as a FromClause


@dataclass(frozen=True, slots=True)
class TrailOnConnection:
    """The audit trail as a rule may ask it, in the middle of a flush."""

    connection: Connection

    def count(self, actor: str, *, since: datetime, acts: Collection[str] = (), result: str = "") -> int:
        """Count what `actor` did from `since` on, up to a hundred; more than that no rule asks for."""
        query = select(_trail.c.id).where(_trail.c.at >= since, _trail.c.actor == actor)
        if acts:
            query = query.where(_trail.c.act.in_(acts))
        if result:
            query = query.where(_trail.c.result == result)
        rows = query.limit(_COUNTED_TO).subquery()
        return self.connection.execute(select(func.count()).select_from(rows)).scalar_one()

    def last(self, act: str, object: str, *, since: datetime) -> Happening | None:  # noqa: A002
        """Return the latest row of this act on this object from `since` on."""
        query = select(_trail).where(_trail.c.at >= since, _trail.c.act == act, _trail.c.object == object)
        row = self.connection.execute(query.order_by(_trail.c.at.desc(), _trail.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else Happening(row.act, row.object, row.actor, row.result, row.at, row.network)


def watch() -> None:
    """Look at every row of the trail and every check of the chain from now on; watching twice is watching once.

    An alarm shares the transaction of what sets it off, and so its fate.
    """
    for model, identifier, receiver in ((AuditEntry, "after_insert", _look_at), (AuditCheck, "after_update", _hear)):
        if not event.contains(model, identifier, receiver):
            event.listen(model, identifier, receiver)


def _look_at(_mapper: Mapper[AuditEntry], connection: Connection, entry: AuditEntry) -> None:
    happening = Happening(entry.act, entry.object, entry.actor, entry.result, entry.at, entry.network)
    trail = TrailOnConnection(connection)
    for rule in RULES:
        if rule.listens_to(happening) and rule.applies(happening, trail):
            raise_alarm_on(connection, rule.kind, rule.sentence, rule.about(happening))


def _hear(_mapper: Mapper[AuditCheck], connection: Connection, check: AuditCheck) -> None:
    if check.fault:
        sentence = f"操作记录的链条不完好：{fault_words(check.fault, check.fault_seq)}。请立即查明原因。"
        raise_alarm_on(connection, CHAIN_BROKEN, sentence)
