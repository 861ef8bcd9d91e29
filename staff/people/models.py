"""Invitations, links for a new password, and hand-overs."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, LargeBinary, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment
from foundation.encryption import EncryptedBytes


class Invitation(Base):
    """Somebody who may join the staff: named, approved where that takes a second person, given a link, come.

    The link's token rests as its digest. A new link takes the place of the former one.
    """

    __tablename__ = "staff_invitation"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    display_name: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[bytes | None] = mapped_column(EncryptedBytes("staff_invitation.phone"))
    valid_until: Mapped[datetime | None] = mapped_column(Moment)
    invited_by: Mapped[int | None] = mapped_column(
        ForeignKey("staff_member.id"), index=True, doc="nobody where the command line invited the first"
    )
    invited_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), unique=True)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint(
            "role IN ('administrator', 'leader', 'office', 'unit', 'investigator', 'supervisor')",
            name="invited_role_is_known",
        ),
        CheckConstraint(
            "(role IN ('unit', 'investigator')) = (unit IS NOT NULL)", name="only_outsiders_are_invited_to_a_unit"
        ),
        CheckConstraint(
            "role <> 'investigator' OR valid_until IS NOT NULL", name="investigators_are_invited_for_a_time"
        ),
        CheckConstraint("(token_digest IS NULL) = (expires_at IS NULL)", name="invitation_link_has_its_end"),
        CheckConstraint("token_digest IS NULL OR approved_at IS NOT NULL", name="only_the_approved_get_a_link"),
        CheckConstraint("(accepted_at IS NULL) = (member_id IS NULL)", name="who_accepted_is_a_member"),
        CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="invitation_ends_in_one_way"),
    )


class PasswordLink(Base):
    """A way for one member to set a new password, once; the former password holds until then.

    Without a token it was approved, and waits for `granted_to` to take it.
    """

    __tablename__ = "staff_password_link"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), unique=True)
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    granted_to: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    made_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    expires_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint(
            "(token_digest IS NULL) = (granted_to IS NOT NULL)", name="link_without_a_token_is_granted_to_somebody"
        ),
    )


class HandOver(Base):
    """What somebody who left held, what became of it, and who took over; written once.

    `items` are [what it is, how many, what became of it].
    """

    __tablename__ = "staff_hand_over"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), unique=True)
    successor_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    items: Mapped[list[list[str | int]]] = mapped_column(JSONB)
    handed_over_by: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    handed_over_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        CheckConstraint("successor_id <> member_id", name="somebody_else_takes_over"),
        CheckConstraint("handed_over_by <> member_id", name="nobody_hands_themselves_over"),
    )
