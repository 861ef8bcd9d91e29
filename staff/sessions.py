"""Signed-in browsers: server-side rows found by a token of which only the digest rests."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select, update

from foundation.transaction import transaction
from staff.models import Member, StaffSession

ABSOLUTE_LIMIT = timedelta(hours=12)
IDLE_LIMIT = timedelta(minutes=60)
SEEN_EVERY = timedelta(minutes=1)
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that holds right now, and whose it is."""

    id: int
    member_id: int
    name: str
    display_name: str


def begin_session(member_id: int, *, replaces: str | None) -> str:
    """Begin a session for a member and return its token; the session of the token it `replaces` ends.

    The token is always new: what a browser brought along never becomes a session.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction() as session:
        if replaces:
            end_session(replaces)
        session.add(StaffSession(member_id=member_id, token_digest=_digest(token)))
    return token


def find_session(token: str | None, *, keeps_awake: bool = True) -> OpenSession | None:
    """Return the session that `token` opens, unless it was ended, is older than 12 hours or idle for 60 minutes.

    With `keeps_awake` the visit counts as use; it is written down once a minute at most.
    """
    if not token:
        return None
    stale = StaffSession.seen_at <= func.clock_now() - SEEN_EVERY
    query = (
        select(StaffSession.id, Member.id, Member.name, Member.display_name, stale)
        .join(Member, Member.id == StaffSession.member_id)
        .where(StaffSession.token_digest == _digest(token), _holds(), Member.disabled_at.is_(None))
    )
    with transaction() as session:
        row = session.execute(query).one_or_none()
        if row is None:
            return None
        session_id, member_id, name, display_name, is_stale = row
        if is_stale and keeps_awake:
            _mark_seen(session_id)
    return OpenSession(session_id, member_id, name, display_name)


def end_session(token: str) -> None:
    """End the session of `token`, where there is one."""
    _end(StaffSession.token_digest == _digest(token))


def end_sessions_of(member_id: int) -> None:
    """End every session of a member, on whatever machine."""
    _end(StaffSession.member_id == member_id)


def _end(condition: ColumnElement[bool]) -> None:
    with transaction() as session:
        session.execute(
            update(StaffSession)
            .where(condition, StaffSession.ended_at.is_(None))
            .values(ended_at=func.clock_now())
            .execution_options(synchronize_session=False)
        )


def _holds() -> ColumnElement[bool]:
    now = func.clock_now()
    return and_(
        StaffSession.ended_at.is_(None),
        StaffSession.created_at > now - ABSOLUTE_LIMIT,
        StaffSession.seen_at > now - IDLE_LIMIT,
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
