"""Checking the chain against the entries and against the hashes that were put down elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from foundation.transaction import snapshot
from staff.audit.chain import COLUMNS, START, ChainBrokenError, Fault, Head, Link, walk
from staff.audit.checkpoints import read_marks
from staff.audit.models import AuditCheck, AuditLink

AT_ONCE = 2_000  # rows in memory
_WRITTEN = {
    "id": "e.id::text",
    "at": "trim_scale(extract(epoch FROM e.at) * 1000000)::text",
    "fields": "e.fields::text",
}
_COLUMNS = ", ".join(_WRITTEN.get(name, f"e.{name}") for name in COLUMNS)
_LINKS = text(
    f"SELECT l.seq, l.previous, l.hash, {_COLUMNS} "  # noqa: S608  # our own words
    "FROM audit_link l LEFT JOIN audit_entry e ON e.id = l.entry_id WHERE l.seq > :after ORDER BY l.seq"
)
_UNLINKED = text(
    "SELECT min(e.id) FROM audit_entry e LEFT JOIN audit_link l ON l.entry_id = e.id AND l.seq > 0 "
    "WHERE l.entry_id IS NULL"
)

Progress = Callable[[int], object]


def verify_chain(since: Head = START, on_progress: Progress | None = None) -> Head:
    """Follow the chain from the link `since` to its end, as of one moment, and return its head.

    Memory does not grow with the trail; `on_progress` is told the number of the link it has reached. Raises
    ChainBrokenError with the first link that does not hold.
    """
    marks = read_marks(since.seq)  # before the moment: what is put down later may lie beyond it
    with snapshot() as session:
        if since != START and _hash_of(session, since.seq) != since.hash:
            raise ChainBrokenError(Fault.REWRITTEN, since.seq)
        head, marks = since, _checked(session, since.seq) | marks
        with session.execute(_LINKS, {"after": since.seq}, execution_options={"yield_per": AT_ONCE}) as rows:
            for head in walk(since, map(_link, rows), marks):
                if on_progress and head.seq % AT_ONCE == 0:
                    on_progress(head.seq)
        unlinked = session.execute(_UNLINKED).scalar_one()
        if unlinked is not None:
            raise ChainBrokenError(Fault.UNLINKED, unlinked)
        return head


def count_links() -> int:
    """Return how many links there are, which is the number of the last one."""
    with snapshot() as session:
        return session.scalar(select(func.coalesce(func.max(AuditLink.seq), 0))) or 0


def _link(row: Sequence[Any]) -> Link:
    seq, previous, hash_, *entry = row
    return Link(seq, previous, hash_, None if entry[0] is None else entry)


def _hash_of(session: Session, seq: int) -> bytes | None:
    return session.scalar(select(AuditLink.hash).where(AuditLink.seq == seq))


def _checked(session: Session, after: int) -> dict[int, bytes]:
    """Return where earlier checks found all well: the same has to be there now."""
    checks = session.scalars(select(AuditCheck).where(AuditCheck.seq > after))
    return {check.seq: check.hash for check in checks if check.seq is not None and check.hash is not None}
