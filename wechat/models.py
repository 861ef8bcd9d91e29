"""What has to outlive a process: followers, pushes already answered, sign-ins under way, farewells, published menus."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Identity, Index, LargeBinary, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment
from foundation.encryption import EncryptedBytes


class Follower(Base):
    """Somebody who follows, or followed, the account; found by a keyed digest, the openid rests encrypted."""

    __tablename__ = "follower"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    openid: Mapped[bytes | None] = mapped_column(EncryptedBytes("follower.openid"))
    follows: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime] = mapped_column(Moment, doc="CreateTime of the newest event that said so")

    __table_args__ = (CheckConstraint("follows = (openid IS NOT NULL)", name="who_left_is_forgotten"),)


class AnsweredPush(Base):
    """A push that was handled, so that a repeat gets the same answer and no second effect.

    `identity` is a keyed digest and `answer` rests encrypted, for both are about one person.
    """

    __tablename__ = "answered_push"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    identity: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    answer: Mapped[bytes | None] = mapped_column(EncryptedBytes("answered_push.answer"))
    received_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (Index("answered_pushes_by_time", "received_at"),)


class LoginAttempt(Base):
    """A sign-in through OAuth under way: its one-time state, by digest, and where the reader wanted to go."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    state_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    return_path: Mapped[str] = mapped_column(Text)
    restarted: Mapped[bool] = mapped_column(Boolean, default=False)
    started_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (Index("login_attempts_by_time", "started_at"),)


class VoterFarewell(Base):
    """Somebody who left and had everything deleted, by digest: cookies from before `left_at` are void.

    Kept only as long as such a cookie could still be shown.
    """

    __tablename__ = "voter_farewell"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    left_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (Index("voter_farewells_by_time", "left_at"),)


class MenuPublication(Base):
    """The menu as the platform took it; the latest stands."""

    __tablename__ = "menu_publication"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    buttons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    published_by: Mapped[str] = mapped_column(String(40))
    published_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
