"""The audit trail's tables: what was done, the chain over it, and what came of checking the chain."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment


class AuditEntry(Base):
    """What somebody did, written in the transaction of the act itself; never changed, never removed.

    `fields` holds the names of what was touched, never values; `asked_by` is who asked for what the actor approved;
    `purpose` is why, in the words of whoever typed it.
    """

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    actor: Mapped[str] = mapped_column(String(40))
    role: Mapped[str | None] = mapped_column(String(20))
    asked_by: Mapped[str | None] = mapped_column(String(40))
    act: Mapped[str] = mapped_column(String(60))
    object: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(String(20), default="done")
    purpose: Mapped[str] = mapped_column(String(500), default="", server_default="")
    fields: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    request_id: Mapped[str | None] = mapped_column(String(32))
    network: Mapped[str | None] = mapped_column(String(50))

    __table_args__ = (
        Index("audit_entries_by_time", "at", "id"),
        Index("audit_entries_by_actor", "actor", "at", "id"),
        Index("audit_entries_by_act", "act", "at", "id"),
        Index("audit_entries_by_result", "result", "at", "id"),
    )


class AuditLink(Base):
    """One entry's place in the chain, given when its transaction commits; `hash` covers the entry and `previous`."""

    __tablename__ = "audit_link"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id"), unique=True)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheck(Base):
    """A check of the chain, from its beginning or from where the last one ended: how far it is and what it found.

    `seq` and `hash` are the last link where all is well; `fault` says what is wrong, from `fault_seq` on.
    """

    __tablename__ = "audit_check"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    whole: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    hash: Mapped[bytes | None]
    fault: Mapped[str | None] = mapped_column(String(30))
    fault_seq: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("fault IS NULL OR finished_at IS NOT NULL", name="fault_is_found_by_a_finished_check"),
        CheckConstraint("(seq IS NULL) = (hash IS NULL)", name="checked_link_has_its_hash"),
    )
