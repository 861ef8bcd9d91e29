"""Signed-in browsers: server-side rows found by a token of which only the digest rests.

A session begins half-way, after the password, and is then good for the second step alone; the second factor ends it
and begins a complete one under a new token.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, and_, bindparam, exists, func, or_, select, update

from foundation.database import rows_changed
from foundation.transaction import transaction
from staff.models import Member, StaffSession
from staff.roles import Role

ABSOLUTE_LIMIT = timedelta(hours=12)
IDLE_LIMIT = timedelta(minutes=60)
HALF_WAY_LIMIT = timedelta(minutes=10)
FAMILIAR_FOR = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=1)
NOWHERE = "unknown"
"""The network of whoever comes without an address."""

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that holds right now, and whose it is; until it is `complete` only the second step is open to it."""

    id: int
    member_id: int
    name: str
    display_name: str
    role: Role
    unit: str | None
    complete: bool


@dataclass(frozen=True, slots=True)
class SignedInBrowser:
    """A complete session as its owner sees it; `here` where it is the one that asks."""

    key: str
    browser: str
    network: str
    begun_at: datetime
    seen_at: datetime
    here: bool


def begin_session(
    member_id: int, *, replaces: str | None, complete: bool = False, network: str | None = None, browser: str = ""
) -> str:
    """Begin a session for a member and return its token; the session of the token it `replaces` ends.

    The token is always new: what a browser brought along never becomes a session. `browser` is a few words of ours.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction() as session:
        if replaces:
            end_session(replaces)
        session.add(
            StaffSession(
                member_id=member_id,
                token_digest=_digest(token),
                network=network or NOWHERE,
                browser=browser,
                proven_at=func.clock_now() if complete else None,
            )
        )
    return token


def raise_session(token: str) -> str | None:
    """End the half-way session of `token` and begin the complete one in its place; return the new token.

    None where there is no half-way session any more: of two that come at once, one rises.
    """
    with transaction() as session:
        query = _ending(StaffSession.token_digest == _digest(token), StaffSession.proven_at.is_(None), _holds())
        ended = session.execute(
            query.returning(StaffSession.member_id, StaffSession.network, StaffSession.browser)
        ).one_or_none()
        if ended is None:
            return None
        return begin_session(
            ended.member_id, replaces=None, complete=True, network=ended.network, browser=ended.browser
        )


def find_session(token: str | None, *, keeps_awake: bool = True) -> OpenSession | None:
    """Return the session that `token` opens, unless it was ended, is too old or idle, or its member may not come in.

    With `keeps_awake` the visit counts as use; it is written down once a minute at most.
    """
    if not token:
        return None
    with transaction() as session:
        row = session.execute(_OPENED, {"digest": _digest(token)}).one_or_none()
        if row is None:
            return None
        session_id, member_id, name, display_name, role, unit, is_complete, is_stale = row
        if is_stale and keeps_awake:
            _mark_seen(session_id)
    return OpenSession(session_id, member_id, name, display_name, Role(role), unit, is_complete)


def may_come_in() -> ColumnElement[bool]:
    """Return the condition on a member whose account works at this moment."""
    return and_(
        Member.disabled_at.is_(None),
        Member.left_at.is_(None),
        or_(Member.valid_until.is_(None), Member.valid_until > func.clock_now()),
    )


def browsers_of(member_id: int, token: str | None) -> tuple[SignedInBrowser, ...]:
    """Return a member's complete sessions that hold right now, the one of `token` first, then the last seen first."""
    here = StaffSession.token_digest == _digest(token or "")
    columns = (StaffSession.key, StaffSession.browser, StaffSession.network, StaffSession.created_at)
    query = (
        select(*columns, StaffSession.seen_at, here)
        .where(StaffSession.member_id == member_id, StaffSession.proven_at.is_not(None), _holds())
        .order_by(here.desc(), StaffSession.seen_at.desc(), StaffSession.id.desc())
    )
    with transaction() as session:
        return tuple(SignedInBrowser(*row) for row in session.execute(query))


def owner_of_session(key: str) -> int | None:
    """Return whose session goes by `key`, ended or not; None where there is none."""
    with transaction() as session:
        return session.scalars(select(StaffSession.member_id).where(StaffSession.key == key)).one_or_none()


def is_familiar(member_id: int, network: str | None) -> bool:
    """Tell whether the member was signed in, second factor and all, from this network in the last 90 days."""
    been = exists().where(
        StaffSession.member_id == member_id,
        StaffSession.network == (network or NOWHERE),
        StaffSession.proven_at > func.clock_now() - FAMILIAR_FOR,
    )
    with transaction() as session:
        return bool(session.execute(select(been)).scalar_one())


def remember_pending(token: str, secret: bytes) -> None:
    """Keep a second factor that is shown to this browser, for ten minutes or until it is confirmed."""
    with transaction() as session:
        session.execute(
            update(StaffSession)
            .where(StaffSession.token_digest == _digest(token), _holds())
            .values(pending_secret=secret, pending_until=func.clock_now() + HALF_WAY_LIMIT)
            .execution_options(synchronize_session=False)
        )


def pending_of(token: str) -> bytes | None:
    """Return the second factor that is shown to this browser and waits for its first code."""
    query = select(StaffSession.pending_secret).where(
        StaffSession.token_digest == _digest(token), StaffSession.pending_until > func.clock_now(), _holds()
    )
    with transaction() as session:
        return session.scalars(query).one_or_none()


def end_session(token: str) -> None:
    """End the session of `token`, where there is one."""
    _end(StaffSession.token_digest == _digest(token))


def end_session_of(member_id: int, key: str) -> bool:
    """End the member's session that goes by `key`; tell whether there was one to end."""
    return _end(StaffSession.member_id == member_id, StaffSession.key == key) == 1


def end_sessions_of(member_id: int, *, but: str | None = None) -> int:
    """End every session of a member, on whatever machine, but the one of the token `but`; return how many."""
    return _end(StaffSession.member_id == member_id, StaffSession.token_digest != _digest(but or ""))


def _end(*conditions: ColumnElement[bool]) -> int:
    with transaction() as session:
        return rows_changed(session.execute(_ending(*conditions)))


def _ending(*conditions: ColumnElement[bool]) -> Update:
    return (
        update(StaffSession)
        .where(*conditions, StaffSession.ended_at.is_(None))
        .values(ended_at=func.clock_now(), pending_secret=None, pending_until=None)
        .execution_options(synchronize_session=False)
    )


def _holds() -> ColumnElement[bool]:
    now = func.clock_now()
    return and_(
        StaffSession.ended_at.is_(None),
        StaffSession.created_at > now - ABSOLUTE_LIMIT,
        StaffSession.seen_at > now - IDLE_LIMIT,
        or_(StaffSession.proven_at.is_not(None), StaffSession.created_at > now - HALF_WAY_LIMIT),
    )


def _mark_seen(session_id: int) -> None:
    with transaction() as session:
        session.execute(
            update(StaffSession)
            .where(StaffSession.id == session_id)
            .values(seen_at=func.clock_now())
            .execution_options(synchronize_session=False)
        )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


_OPENED = (
    select(
        *(StaffSession.id, Member.id, Member.name, Member.display_name, Member.role, Member.unit),
        StaffSession.proven_at.is_not(None),
        StaffSession.seen_at <= func.clock_now() - SEEN_EVERY,
    )
    .join(Member, Member.id == StaffSession.member_id)
    .where(StaffSession.token_digest == bindparam("digest"), _holds(), may_come_in())
)
"""The session of a digest, if it holds: asked at every page, so it is put together once."""
