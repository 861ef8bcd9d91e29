"""What supervisors leave behind: witness marks, opinions with their whole history, and the alarms they saw."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment


class WitnessMark(Base):
    """A supervisor's word that a step went as the facts say; only added.

    `facts` are the pairs of name and value that were shown, `digest` tells them from other facts.
    """

    __tablename__ = "witness_mark"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(String(20))
    facts: Mapped[list[list[str]]] = mapped_column(JSONB)
    digest: Mapped[str] = mapped_column(String(64))
    remark: Mapped[str] = mapped_column(Text, default="")
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    marked_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        UniqueConstraint(
            "kind", "subject", "step", "member_id", "digest", name="one_witness_mark_per_person_step_and_facts"
        ),
    )


class Opinion(Base):
    """What a supervisor objects to, in one matter or (without subject) in general; only added."""

    __tablename__ = "opinion"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(14), unique=True)
    kind: Mapped[str | None] = mapped_column(String(20))
    subject: Mapped[str | None] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(Text, default="", doc="of the subject, as it was called then")

    __table_args__ = (
        CheckConstraint("(kind IS NULL) = (subject IS NULL)", name="subject_has_its_kind"),
        Index("opinions_by_subject", "kind", "subject"),
    )


class OpinionEntry(Base):
    """One turn in an opinion's history, and the state it brings the opinion into; only added.

    A turn that waits for an answer says until when, the last day included.
    """

    __tablename__ = "opinion_entry"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    opinion_id: Mapped[int] = mapped_column(ForeignKey("opinion.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date | None]
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        UniqueConstraint("opinion_id", "number", name="one_opinion_entry_per_turn"),
        CheckConstraint("number > 0", name="turns_count_from_one"),
        CheckConstraint("state IN ('open', 'answered', 'reopened', 'settled')", name="opinion_state_is_known"),
        CheckConstraint("(state = 'open') = (number = 1)", name="opinion_begins_open"),
        CheckConstraint("(state IN ('open', 'reopened')) = (due_on IS NOT NULL)", name="question_has_its_deadline"),
    )


class Alarm(Base):
    """Something that a supervisor should look at, and whether one did; it is acknowledged once, never removed.

    Repeats within an hour only raise `times` and `last_at`. The sentence names nobody; `object` says in the audit
    trail's own words what it is about.
    """

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    sentence: Mapped[str] = mapped_column(Text)
    object: Mapped[str] = mapped_column(Text, default="")
    raised_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    last_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    times: Mapped[int] = mapped_column(default=1, server_default="1")
    seen_by: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(Text, default="", server_default="")

    __table_args__ = (
        CheckConstraint("times > 0", name="alarm_was_raised_at_least_once"),
        CheckConstraint("(seen_by IS NULL) = (seen_at IS NULL)", name="who_saw_an_alarm_saw_it_at_a_time"),
        Index("alarms_not_seen", "kind", "object", postgresql_where="seen_at IS NULL"),
    )
