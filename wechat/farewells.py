"""Who left and had everything deleted: cookies they were given before are void, wherever a copy lies.

Every request with a voter's cookie asks, so each process holds the few farewells that matter and reads once a second
what was added.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.transaction import after_commit, transaction
from wechat.account import current_account
from wechat.models import VoterFarewell

log = structlog.get_logger(__name__)
SECONDS_KEPT = 1.0
_OVERLAP = timedelta(minutes=1)  # transactions commit in another order than they began
_NAME = "wechat_farewells"


class FarewellShelf:
    """The farewells this process knows of, by digest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._read_at: datetime | None = None
        self._left: dict[bytes, datetime] = {}

    def known(self) -> Mapping[bytes, datetime]:
        """Return who left when last, as far as was known a second ago."""
        if self._clock() - self._looked >= SECONDS_KEPT and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._left

    def forget(self) -> None:
        """Read everything anew at the next look."""
        self._looked, self._read_at = float("-inf"), None

    def _look(self) -> None:
        try:
            with transaction() as session:
                self._read(session)
        except SQLAlchemyError as error:
            log.warning("farewells_not_read", kind=type(error).__name__)
        self._looked = self._clock()

    def _read(self, session: Session) -> None:
        now, query = database_now(session), select(VoterFarewell.digest, VoterFarewell.left_at)
        since = self._read_at
        anew = since is None or now < since
        if since is not None and not anew:
            query = query.where(VoterFarewell.left_at > since - _OVERLAP)
        read = {row[0]: row[1] for row in session.execute(query)}
        self._left = read if anew else self._left | read
        self._read_at = now


def init_farewells(app: Flask) -> None:
    app.extensions[_NAME] = FarewellShelf()


def has_left_since(openid: str, issued: int) -> bool:
    """Tell whether this person left after a cookie was issued to them (seconds since 1970)."""
    known = _shelf().known()
    # Hardly anybody leaves, and each ballot asks: without farewells no digest is made.
    left_at = known.get(_digest(openid)) if known else None
    return left_at is not None and issued <= left_at.timestamp()


def note_farewell(session: Session, openid: str) -> None:
    """Make every cookie void that this person was given until now."""
    new = insert(VoterFarewell).values(digest=_digest(openid), left_at=database_now(session))
    session.execute(new.on_conflict_do_update(index_elements=["digest"], set_={"left_at": new.excluded.left_at}))
    after_commit(_shelf().forget)


def _shelf() -> FarewellShelf:
    shelf: FarewellShelf = current_app.extensions[_NAME]
    return shelf


def _digest(openid: str) -> bytes:
    return current_account().digest("farewell", openid)
