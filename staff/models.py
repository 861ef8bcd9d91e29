"""Staff accounts, their sessions and the files they asked for."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment
from foundation.encryption import EncryptedBytes
from foundation.ids import random_id


class Member(Base):
    """Somebody on the staff; `name` is what they sign in with."""

    __tablename__ = "staff_member"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    display_name: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str | None] = mapped_column(String(80), doc="推荐单位, of those who see its things only")
    phone: Mapped[bytes | None] = mapped_column(EncryptedBytes("staff_member.phone"))
    password_hash: Mapped[str] = mapped_column(Text)
    valid_until: Mapped[datetime | None] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment, doc="handed over and gone")
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        CheckConstraint(
            "role IN ('administrator', 'leader', 'office', 'unit', 'investigator', 'supervisor')",
            name="staff_role_is_known",
        ),
        CheckConstraint(
            "(role IN ('unit', 'investigator')) = (unit IS NOT NULL)", name="only_outsiders_belong_to_a_unit"
        ),
        CheckConstraint("left_at IS NULL OR disabled_at IS NOT NULL", name="who_left_is_disabled"),
    )


class SignInTries(Base):
    """Failed tries under one key: a name in one network, a name in all others, or a network whatever the name.

    `whose` holds a member's keys together. Unknown names are counted alike, in a few thousand buckets, so that
    being locked out does not tell that a name exists; a bucket is too coarse to lead back to what was typed.
    """

    __tablename__ = "staff_sign_in_tries"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    whose: Mapped[str] = mapped_column(String(60), index=True)
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    failed_at: Mapped[datetime | None] = mapped_column(Moment)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (CheckConstraint("failures >= 0", name="failures_are_counted_from_zero"),)


class StaffSession(Base):
    """One signed-in browser; the cookie's token rests only as its digest.

    Without `proven_at` it is good for the second step alone. `pending_secret` is a second factor that was shown to
    this browser and is not confirmed yet.
    """

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True, default=random_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    network: Mapped[str] = mapped_column(String(50))
    browser: Mapped[str] = mapped_column(String(40))
    proven_at: Mapped[datetime | None] = mapped_column(Moment)
    pending_secret: Mapped[bytes | None] = mapped_column(EncryptedBytes("staff_session.pending_secret"))
    pending_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    seen_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint(
            "(pending_secret IS NULL) = (pending_until IS NULL)", name="pending_second_factor_comes_to_an_end"
        ),
    )


class SecondFactor(Base):
    """A member's confirmed second factor; no code of `last_step` or of a step before it counts any more."""

    __tablename__ = "staff_second_factor"

    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(EncryptedBytes("staff_second_factor.secret"))
    last_step: Mapped[int] = mapped_column(BigInteger)
    set_up_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())


class RecoveryCode(Base):
    """A code that stands in for the second factor once; only its digest rests."""

    __tablename__ = "staff_recovery_code"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (UniqueConstraint("member_id", "digest", name="one_recovery_code_of_a_member_per_digest"),)


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
    expires_at: Mapped[datetime | None] = mapped_column(Moment, doc="from then on nobody gets the file")

    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'running', 'ready', 'failed', 'expired')", name="download_state_is_known"
        ),
        CheckConstraint(
            "state <> 'ready' OR (digest IS NOT NULL AND filename IS NOT NULL AND expires_at IS NOT NULL)",
            name="ready_download_has_a_file",
        ),
        CheckConstraint("state <> 'expired' OR digest IS NULL", name="expired_download_has_no_file"),
        Index("downloads_by_time", "requested_at"),
        Index("downloads_by_their_end", "expires_at", postgresql_where="state = 'ready'"),
    )
