"""Runs that erase what is kept no longer, what they erased, and what is held back from them."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment


class RetentionRun(Base):
    """One round through the rules: who asked for it and how far it is. `failed` names the rules that did not end."""

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    asked_by: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    failed: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    requested_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'ended')", name="retention_run_state_is_known"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_retention_run_has_its_time"),
        Index("retention_runs_by_time", "requested_at"),
    )


class RetentionErasure(Base):
    """What one rule erased in one run: how many, never what; written in the transaction that erased it."""

    __tablename__ = "retention_erasure"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("retention_run.id"), index=True)
    rule: Mapped[str] = mapped_column(String(60))
    words: Mapped[str] = mapped_column(Text)
    term_seconds: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (CheckConstraint("count > 0", name="erasure_counts_something"),)


class RetentionCertificate(Base):
    """The signed statement of what a run erased; `document` is exactly what was signed, with its signature."""

    __tablename__ = "retention_certificate"

    run_id: Mapped[int] = mapped_column(ForeignKey("retention_run.id"), primary_key=True)
    document: Mapped[dict[str, object]] = mapped_column(JSONB)
    signed_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())


class RetentionHold(Base):
    """What must not be erased for now: the rules it stops (none named: all), for one subject or for everything.

    Two people place it and two lift it; a hold is never removed.
    """

    __tablename__ = "retention_hold"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    rules: Mapped[list[str]] = mapped_column(ARRAY(String))
    subject: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(String(40))
    approved_by: Mapped[str] = mapped_column(String(40))
    placed_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)
    lift_requested_by: Mapped[str | None] = mapped_column(String(40))
    lift_approved_by: Mapped[str | None] = mapped_column(String(40))

    __table_args__ = (
        CheckConstraint("reason <> ''", name="hold_has_its_reason"),
        CheckConstraint("requested_by <> approved_by", name="two_people_place_a_hold"),
        CheckConstraint(
            "(lifted_at IS NULL) = (lift_requested_by IS NULL) AND (lifted_at IS NULL) = (lift_approved_by IS NULL)",
            name="lifted_hold_names_its_people",
        ),
        CheckConstraint("lift_requested_by <> lift_approved_by", name="two_people_lift_a_hold"),
    )
