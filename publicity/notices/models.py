"""Notices, their versions, whom they are about, what is attached, and where they stood besides."""

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
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
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, Moment

KEY = String(32)


class Notice(Base):
    """Something that is made public under one lasting address, in versions.

    One with a period (`working_days` above 0) is concluded when that is over; any other stays as it was published.
    """

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(KEY, unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    working_days: Mapped[int] = mapped_column(Integer, doc="of its period; 0 where it has none")
    created_by: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    concluded_at: Mapped[datetime | None] = mapped_column(Moment)
    concluded_by: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    conclusion: Mapped[str] = mapped_column(Text, default="", doc="why it was concluded although objections were open")

    versions: Mapped[list["NoticeVersion"]] = relationship(back_populates="notice", order_by="NoticeVersion.number")

    __table_args__ = (
        CheckConstraint(
            "kind IN ('unit', 'candidates', 'final', 'plain', 'opening', 'closing')", name="notice_kind_is_known"
        ),
        CheckConstraint("working_days BETWEEN 0 AND 60", name="notice_period_is_sensible"),
        CheckConstraint("(concluded_at IS NULL) = (concluded_by IS NULL)", name="concluded_notice_says_by_whom"),
        CheckConstraint("concluded_at IS NULL OR working_days > 0", name="only_a_period_is_concluded"),
    )


class NoticeVersion(Base):
    """One wording of a notice: drafted, examined, issued; published ones are never changed.

    Who takes objections is part of the wording, since a version stays as it was read. `change` says what it is to the
    version before: the first, subjects added or replaced (the clock starts anew), a withdrawal or a misprint (it does
    not). The period is fixed when it is published. `revision` grows with each edit of a draft, so that what is examined
    or issued is what was read.
    """

    __tablename__ = "notice_version"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    change: Mapped[str] = mapped_column(String(10))
    change_note: Mapped[str] = mapped_column(Text, default="")
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, doc="cleaned HTML; 〔名单〕 and 〔公示期〕 stand where those are shown")
    body_by_hand: Mapped[bool] = mapped_column(default=False, doc="edited, so no longer written anew from subjects")
    office: Mapped[str] = mapped_column(Text, default="", doc="who takes objections")
    office_hours: Mapped[str] = mapped_column(Text, default="")
    office_phone: Mapped[str] = mapped_column(String(40), default="")
    office_address: Mapped[str] = mapped_column(Text, default="")
    office_email: Mapped[str] = mapped_column(String(80), default="")
    revision: Mapped[int] = mapped_column(Integer, default=0)
    drafted_by: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    drafted_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    editors: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), doc="ids of all who had a hand in the draft; none of them examines or issues it"
    )
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    returned_because: Mapped[str] = mapped_column(Text, default="", doc="what whoever sent it back wants changed")
    first_day: Mapped[date | None] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)

    notice: Mapped[Notice] = relationship(back_populates="versions")
    subjects: Mapped[list["NoticeSubject"]] = relationship(
        order_by="NoticeSubject.position", cascade="all, delete-orphan"
    )
    attachments: Mapped[list["NoticeAttachment"]] = relationship(
        order_by="NoticeAttachment.position", cascade="all, delete-orphan"
    )

    __table_args__ = (
        Index(
            "one_notice_version_per_number",
            "notice_id",
            "number",
            unique=True,
            postgresql_where=text("state <> 'dropped'"),
        ),
        CheckConstraint("number > 0", name="notice_versions_are_numbered_from_one"),
        CheckConstraint(
            "state IN ('draft', 'reviewing', 'signing', 'published', 'dropped')", name="notice_version_state_is_known"
        ),
        CheckConstraint(
            "change IN ('first', 'subjects', 'withdrawal', 'misprint')", name="notice_version_change_is_known"
        ),
        CheckConstraint("(change = 'first') = (number = 1)", name="only_the_first_version_changes_nothing"),
        CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL) AND (state = 'published') = (issued_by IS NOT NULL)",
            name="published_version_says_when_and_by_whom",
        ),
        CheckConstraint("(first_day IS NULL) = (last_day IS NULL)", name="period_has_two_ends"),
        CheckConstraint("first_day <= last_day", name="period_ends_after_it_begins"),
        Index(
            "one_unpublished_version_per_notice",
            "notice_id",
            unique=True,
            postgresql_where=text("state IN ('draft', 'reviewing', 'signing')"),
        ),
        Index("notice_versions_by_publication", "published_at", postgresql_where=text("state = 'published'")),
    )


class NoticeSubject(Base):
    """Whom or what a version is about; `kind` and `key` name the same one in every version and every room."""

    __tablename__ = "notice_subject"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("notice_version.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20), doc="person, organisation, or what the room above calls it")
    key: Mapped[str] = mapped_column(String(80))
    heading: Mapped[str] = mapped_column(String(60), default="", doc="the award it stands under in the list")
    name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(160), default="", doc="unit and post")
    unit: Mapped[str] = mapped_column(String(80), default="", doc="推荐单位")

    __table_args__ = (
        UniqueConstraint("version_id", "kind", "key", name="one_subject_per_key_and_version"),
        Index("notice_subjects_by_key", "kind", "key"),
    )


class NoticeAttachment(Base):
    """A file that readers may take along with a version; it rests encrypted until somebody asks for it."""

    __tablename__ = "notice_attachment"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(KEY, unique=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("notice_version.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    filename: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(Integer, doc="bytes")
    digest: Mapped[str] = mapped_column(String(64), doc="of the private file")


class NoticeMedium(Base):
    """Where a notice stood besides, with the evidence: a link or a scan."""

    __tablename__ = "notice_medium"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(KEY, unique=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60), doc="焦作日报, 部门网站")
    appeared_on: Mapped[date] = mapped_column(Date)
    address: Mapped[str] = mapped_column(Text, default="")
    filename: Mapped[str] = mapped_column(String(120), default="")
    digest: Mapped[str | None] = mapped_column(String(64), doc="of the scan, a private file")
    noted_by: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    noted_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (CheckConstraint("address <> '' OR digest IS NOT NULL", name="medium_has_its_evidence"),)
