"""What was asked for, and what became of it."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment


class Approval(Base):
    """An act that somebody asks for and another decides on, in time; decided once, never removed.

    `subject` is the room's own key of what it is about, `parameters` what else the act needs; `fingerprint` says
    in which condition the subject was when it was asked for.
    """

    __tablename__ = "approval"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    act: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, str | int | bool | None]] = mapped_column(JSONB)
    purpose: Mapped[str] = mapped_column(Text, default="")
    fingerprint: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    requested_by: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    requested_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    remark: Mapped[str] = mapped_column(Text, default="", doc="why it was refused or withdrawn")

    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'approved', 'refused', 'withdrawn', 'expired')", name="approval_state_is_known"
        ),
        CheckConstraint(
            "(state = 'waiting') = (decided_at IS NULL AND decided_by IS NULL)", name="decision_has_its_person_and_time"
        ),
        CheckConstraint("state NOT IN ('approved', 'refused') OR decided_by <> requested_by", name="two_people_decide"),
        Index(
            "one_waiting_approval_per_act_and_subject",
            "act",
            "subject",
            unique=True,
            postgresql_where="state = 'waiting'",
        ),
    )
