"""Staff accounts, their sessions, the audit trail and the files they asked for."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment


class Member(Base):
    """Somebody on the staff; `name` is what they sign in with."""

    __tablename__ = "staff_member"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    display_name: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(Text)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())


class SignInTries(Base):
    """Failed tries in a row for a member, or for one of a few thousand buckets into which unknown names fall.

    Unknown names are counted alike, so that being locked out does not tell that a name exists; a bucket is too
    coarse to lead back to what was typed.
    """

    __tablename__ = "staff_sign_in_tries"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    failed_at: Mapped[datetime | None] = mapped_column(Moment)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (CheckConstraint("failures >= 0", name="failures_are_counted_from_zero"),)


class StaffSession(Base):
    """One signed-in browser; the cookie's token rests only as its digest."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    seen_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class AuditEntry(Base):
    """What somebody did, written in the transaction of the act itself; never changed, never removed.

    `fields` holds the names of what was touched, never values.
    """

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now(), index=True)
    actor: Mapped[str] = mapped_column(String(40))
    act: Mapped[str] = mapped_column(String(60))
    object: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(String(20), default="done")
    fields: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    request_id: Mapped[str | None] = mapped_column(String(32))
    network: Mapped[str | None] = mapped_column(String(50))


class Download(Base):
    """A file somebody asked for, made by a job: how far it is, and where it lies when it is ready."""

    __tablename__ = "download"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    filename: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[str | None] = mapped_column(String(64))
    requested_by: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    requested_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    ready_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'ready', 'failed')", name="download_state_is_known"),
        CheckConstraint(
            "state <> 'ready' OR (digest IS NOT NULL AND filename IS NOT NULL)", name="ready_download_has_a_file"
        ),
        Index("downloads_by_time", "requested_at"),
    )
