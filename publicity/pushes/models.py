"""Pushes, and a row for each follower to whom one is delivered."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment


class Push(Base):
    """A notice told to an audience over one channel.

    draft → waiting (for approval) → approved (until `starts_at`) → planning → running ⇄ paused → finished; or
    cancelled; or failed, and then `error` says why. A pause of which the service itself is the cause says why too, and
    when it goes on (`resumes_at`). Channels `template`, `once` and `customer` have a row for each follower; `mass`
    and `publication` are one job of the platform's, `draft` only lays an article among the account's drafts.
    """

    __tablename__ = "push"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    version_number: Mapped[int] = mapped_column(Integer, doc="of the notice, as it stood when this was approved")
    channel: Mapped[str] = mapped_column(String(12))
    audience: Mapped[str] = mapped_column(String(8), doc="all, tag, testers")
    tag_number: Mapped[int | None] = mapped_column(Integer)
    tag_name: Mapped[str] = mapped_column(String(30), default="")
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, doc="what is sent, as its channel takes it")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    revision: Mapped[int] = mapped_column(Integer, default=0)
    starts_at: Mapped[datetime | None] = mapped_column(Moment, doc="NULL: as soon as it is approved")
    created_by: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    planned_after: Mapped[int] = mapped_column(
        BigInteger, default=0, doc="the follower, or the consent, up to whom deliveries were planned"
    )
    planned_at: Mapped[datetime | None] = mapped_column(Moment, doc="when the last delivery was planned")
    total: Mapped[int] = mapped_column(BigInteger, default=0, doc="deliveries planned")
    repeats: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", doc="of deliveries that are erased; see Delivery.repeats"
    )
    resumes_at: Mapped[datetime | None] = mapped_column(Moment, doc="when a push that paused by itself goes on")
    begun_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint(
            "channel IN ('mass', 'template', 'once', 'customer', 'publication', 'draft')", name="push_channel_is_known"
        ),
        CheckConstraint("audience IN ('all', 'tag', 'testers')", name="push_audience_is_known"),
        CheckConstraint("(audience = 'all') = (tag_number IS NULL)", name="push_to_some_names_their_tag"),
        CheckConstraint(
            "state IN ('draft', 'approved', 'planning', 'running', 'paused', 'finished', 'cancelled', 'failed')",
            name="push_state_is_known",
        ),
        CheckConstraint(
            "(state IN ('finished', 'cancelled', 'failed')) = (ended_at IS NOT NULL)", name="ended_push_has_its_time"
        ),
        CheckConstraint("state <> 'failed' OR error <> ''", name="failed_push_says_why"),
        CheckConstraint("resumes_at IS NULL OR state = 'paused'", name="only_a_paused_push_goes_on_by_itself"),
        Index("pushes_under_way", "state", postgresql_where=text("ended_at IS NULL")),
        Index("pushes_by_end", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )


class Delivery(Base):
    """One message of a push to one follower, or to one consent of the platform's one-time question.

    waiting → sending (leased) → sent → delivered, as the platform tells; or blocked, refused, unfollowed, failed; or
    unknown, where nobody can say whether it arrived and sending it again could double it. Its id in the push makes the
    id by which the platform knows a repeat. `doubted_at` stands from the moment a message leaves until its answer is
    written down, so a row without it was never sent; `tries` tells whose lease it is. `told` is how it ended, where the
    platform's event came before its answer.
    """

    __tablename__ = "push_delivery"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    push_id: Mapped[int] = mapped_column(ForeignKey("push.id", ondelete="CASCADE"))
    follower_id: Mapped[int | None] = mapped_column(ForeignKey("follower.id", ondelete="SET NULL"), index=True)
    consent_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), server_default="waiting", default="waiting")
    tries: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    due_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now(), doc="not to be sent before")
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    doubted_at: Mapped[datetime | None] = mapped_column(Moment, doc="when it first left, while no answer is known")
    repeats: Mapped[int] = mapped_column(
        Integer, server_default="0", default=0, doc="how often it left again while nobody knew whether it had arrived"
    )
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    errcode: Mapped[int | None] = mapped_column(Integer)
    number: Mapped[str | None] = mapped_column(String(32), doc="the platform's msgid")
    told: Mapped[str | None] = mapped_column(String(10), doc="the state that the platform's early event spoke of")

    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'delivered', 'blocked', 'refused', 'unfollowed', 'failed', "
            "'unknown', 'cancelled')",
            name="delivery_state_is_known",
        ),
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="only_what_is_being_sent_is_leased"),
        CheckConstraint("follower_id IS NULL OR consent_id IS NULL", name="delivery_goes_one_way"),
        CheckConstraint("told IS NULL OR number IS NOT NULL", name="what_was_told_is_of_a_number"),
        UniqueConstraint("push_id", "follower_id", name="one_delivery_per_follower"),
        Index(
            "one_delivery_per_consent",
            "push_id",
            "consent_id",
            unique=True,
            postgresql_where=text("consent_id IS NOT NULL"),
        ),
        Index("deliveries_to_send", "push_id", "due_at", "id", postgresql_where=text("state = 'waiting'")),
        Index(
            "deliveries_in_doubt",
            "push_id",
            "due_at",
            postgresql_where=text("state = 'waiting' AND doubted_at IS NOT NULL"),
        ),
        Index("deliveries_being_sent", "push_id", "lease_until", postgresql_where=text("state = 'sending'")),
        Index("deliveries_by_outcome", "push_id", "state", "errcode"),
        Index("deliveries_repeated", "push_id", postgresql_where=text("repeats > 0")),
        Index("deliveries_by_number", "number", postgresql_where=text("number IS NOT NULL")),
    )


class PushCount(Base):
    """How many deliveries of an ended push came out one way: what is left when the deliveries themselves are erased."""

    __tablename__ = "push_count"

    push_id: Mapped[int] = mapped_column(ForeignKey("push.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), primary_key=True)
    errcode: Mapped[int] = mapped_column(Integer, primary_key=True, doc="0 where the platform gave none")
    count: Mapped[int] = mapped_column(BigInteger)
