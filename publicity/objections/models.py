"""Objections, what was done about each, and what was handed in with them; who raised them rests encrypted."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, Moment
from foundation.encryption import EncryptedBytes


class Objection(Base):
    """What somebody holds against one subject of one notice.

    received → accepted → examined → founded or unfounded; or received → declined (不予受理). It is open until it has
    its result. `person` is a keyed digest of the openid of whoever raised it in WeChat under their name. `summary` is
    what the unit that nominated the subject gets to read, and never says who objected. What was encrypted is NULL once
    its term is over.
    """

    __tablename__ = "objection"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(String(14), unique=True, doc="what the reporter is told")
    form_key: Mapped[str] = mapped_column(String(32), unique=True, doc="of the form: sent twice, it is one objection")
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    version_number: Mapped[int] = mapped_column(Integer, doc="of the notice, as it stood then")
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_key: Mapped[str] = mapped_column(String(80))
    subject_name: Mapped[str] = mapped_column(String(80))
    subject_unit: Mapped[str] = mapped_column(String(80), default="")
    way: Mapped[str] = mapped_column(String(10), doc="how it came")
    raised_as: Mapped[str] = mapped_column(String(10), doc="by whom")
    state: Mapped[str] = mapped_column(String(10), default="received")
    text: Mapped[bytes | None] = mapped_column(EncryptedBytes("objection.text"))
    has_lead: Mapped[bool] = mapped_column(doc="it names what can be looked into")
    lead: Mapped[bytes | None] = mapped_column(EncryptedBytes("objection.lead"))
    reporter_name: Mapped[bytes | None] = mapped_column(EncryptedBytes("objection.reporter_name"))
    reporter_unit: Mapped[bytes | None] = mapped_column(EncryptedBytes("objection.reporter_unit"))
    reporter_phone: Mapped[bytes | None] = mapped_column(EncryptedBytes("objection.reporter_phone"))
    person: Mapped[bytes | None] = mapped_column(LargeBinary)
    arrived_on: Mapped[date] = mapped_column(Date, doc="the day that counts: of a letter that of its postmark")
    received_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    due_on: Mapped[date | None] = mapped_column(Date, doc="NULL while no notice tells the working days")
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    summary: Mapped[str] = mapped_column(Text, default="")

    steps: Mapped[list["ObjectionStep"]] = relationship(order_by="ObjectionStep.number")
    attachments: Mapped[list["ObjectionAttachment"]] = relationship(order_by="ObjectionAttachment.id")

    __table_args__ = (
        CheckConstraint("way IN ('wechat', 'web', 'letter', 'telephone', 'visit')", name="objection_way_is_known"),
        CheckConstraint("raised_as IN ('person', 'unit', 'anonymous')", name="objection_says_by_whom"),
        CheckConstraint(
            "state IN ('received', 'accepted', 'examined', 'founded', 'unfounded', 'declined')",
            name="objection_state_is_known",
        ),
        CheckConstraint(
            "(state IN ('founded', 'unfounded', 'declined')) = (settled_at IS NOT NULL)",
            name="settled_objection_has_its_time",
        ),
        CheckConstraint(
            "state IN ('received', 'declined') OR handler_id IS NOT NULL", name="accepted_objection_is_in_a_hand"
        ),
        CheckConstraint("person IS NULL OR way = 'wechat'", name="only_wechat_knows_an_account"),
        CheckConstraint(
            "raised_as <> 'anonymous' OR (reporter_name IS NULL AND reporter_unit IS NULL "
            "AND reporter_phone IS NULL AND person IS NULL)",
            name="anonymous_objection_knows_nobody",
        ),
        Index("objections_by_subject", "subject_kind", "subject_key"),
        Index("objections_by_person", "person"),
    )


class ObjectionStep(Base):
    """What was done about an objection, by whom, and what they noted; numbered from 1, never changed.

    `handler_id` says into whose hands it came by this step, where it came into other hands.
    """

    __tablename__ = "objection_step"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    objection_id: Mapped[int] = mapped_column(ForeignKey("objection.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), doc="what it became")
    note: Mapped[bytes | None] = mapped_column(EncryptedBytes("objection_step.note"), doc="NULL once its term is over")
    member_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), doc="NULL: the page, or a rule")
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        UniqueConstraint("objection_id", "number", name="one_objection_step_per_number"),
        CheckConstraint("number > 0", name="objection_steps_are_numbered_from_one"),
        CheckConstraint(
            "state IN ('received', 'accepted', 'examined', 'founded', 'unfounded', 'declined')",
            name="objection_step_state_is_known",
        ),
    )


class ObjectionAttachment(Base):
    """A file handed in with an objection, or the scan of a unit's seal; name and content rest encrypted."""

    __tablename__ = "objection_attachment"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    objection_id: Mapped[int] = mapped_column(ForeignKey("objection.id", ondelete="CASCADE"), index=True)
    is_seal: Mapped[bool] = mapped_column(default=False)
    filename: Mapped[bytes] = mapped_column(EncryptedBytes("objection_attachment.filename"))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(Integer, doc="bytes")
    digest: Mapped[str] = mapped_column(String(64), doc="of the private file")
