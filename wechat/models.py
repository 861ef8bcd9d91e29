"""What has to outlive a process: followers, pushes already answered, sign-ins under way, farewells, published menus."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
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
    seen_in: Mapped[int | None] = mapped_column(BigInteger, doc="the latest FollowerSync that met them")

    __table_args__ = (
        CheckConstraint("follows = (openid IS NOT NULL)", name="who_left_is_forgotten"),
        Index("followers_who_left_by_time", "changed_at", postgresql_where=text("follows IS FALSE")),
    )


class AnsweredPush(Base):
    """A push that was handled, so that a repeat gets the same answer and no second effect.

    `identity` and `person` are keyed digests and `answer` rests encrypted, for all are about one person; the answer
    goes when that person leaves, or when it went out another way.
    """

    __tablename__ = "answered_push"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    identity: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person: Mapped[bytes | None] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(EncryptedBytes("answered_push.answer"))
    received_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        Index("answered_pushes_by_time", "received_at"),
        Index("answered_pushes_by_person", "person"),
    )


class LatePush(Base):
    """A push whose handling the platform could not wait for: it heard that all is well, so it has to come true.

    `message` is the push as it came; the row goes once the push is handled and its answer is on its way.
    """

    __tablename__ = "late_push"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    identity: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    message: Mapped[bytes] = mapped_column(EncryptedBytes("late_push.message"))
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    received_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    due_at: Mapped[datetime] = mapped_column(Moment, doc="when somebody looks whether it was handled")

    __table_args__ = (Index("late_pushes_by_due_time", "due_at"),)


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


class PersonalLink(Base):
    """The way in of one person for one purpose on an account without sign-in; the newest replaces those before.

    Link, person and browser rest as keyed digests, the openid encrypted.
    """

    __tablename__ = "personal_link"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str] = mapped_column(Text)
    openid: Mapped[bytes] = mapped_column(EncryptedBytes("personal_link.openid"))
    path: Mapped[str] = mapped_column(Text)
    button: Mapped[str] = mapped_column(Text, doc="what stands on the button that leads in")
    browser: Mapped[bytes | None] = mapped_column(LargeBinary, doc="the first that came in by it")
    made_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        UniqueConstraint("person", "purpose", name="one_link_per_person_and_purpose"),
        Index("personal_links_by_time", "made_at"),
    )


class FollowerSync(Base):
    """One round through the account's list of followers; `cursor` is after whom the next page begins."""

    __tablename__ = "follower_sync"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="running")
    cursor: Mapped[bytes | None] = mapped_column(EncryptedBytes("follower_sync.cursor"))
    pages: Mapped[int] = mapped_column(Integer, default=0, doc="how many were asked for, again after a start anew")
    total: Mapped[int] = mapped_column(BigInteger, default=0, doc="how many there are, as the platform says")
    seen: Mapped[int] = mapped_column(BigInteger, default=0)
    gone: Mapped[int] = mapped_column(BigInteger, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    started_by: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    moved_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        CheckConstraint("state IN ('running', 'stopped', 'done')", name="follower_sync_state_is_known"),
        CheckConstraint("state <> 'stopped' OR error IS NOT NULL", name="stopped_sync_says_why"),
        CheckConstraint("state <> 'done' OR cursor IS NULL", name="finished_sync_names_nobody"),
        Index("one_follower_sync_at_a_time", text("(true)"), unique=True, postgresql_where=text("state <> 'done'")),
    )


class AccountReading(Base):
    """What stood on the account when somebody looked, or when our menu `replaced` it: the way back."""

    __tablename__ = "account_reading"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    source: Mapped[str] = mapped_column(String(4), doc="who made the menu: api, page, none")
    buttons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    conditional: Mapped[int] = mapped_column(Integer, default=0, doc="how many menus there are for some readers")
    replies: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    replaced: Mapped[bool] = mapped_column(Boolean, default=False)
    read_by: Mapped[str] = mapped_column(String(40))
    read_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        CheckConstraint("source IN ('api', 'page', 'none')", name="menu_source_is_known"),
        CheckConstraint("NOT replaced OR source <> 'none'", name="only_a_menu_is_replaced"),
    )


class SceneCode(Base):
    """A QR code with a scene that the platform made for this account, with its picture."""

    __tablename__ = "scene_code"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    appid: Mapped[str] = mapped_column(String(40))
    scene: Mapped[str] = mapped_column(String(64))
    picture: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None] = mapped_column(Moment, doc="NULL for one that lasts")
    made_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (UniqueConstraint("appid", "scene", name="one_code_per_scene"),)


class RefusedRight(Base):
    """A right that the settings give the account and the platform refused (48001) while the service ran."""

    __tablename__ = "refused_right"

    appid: Mapped[str] = mapped_column(String(40), primary_key=True)
    right: Mapped[str] = mapped_column(String(30), primary_key=True)
    path: Mapped[str] = mapped_column(String(100), doc="the call at which it came out")
    errcode: Mapped[int] = mapped_column(Integer)
    refused_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
