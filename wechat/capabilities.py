"""What the account may do: the switches of WECHAT_CAPABILITIES without what the platform refused while we ran."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from foundation.database import db
from foundation.transaction import after_commit, transaction
from staff.actors import SYSTEM
from staff.audit import record
from wechat.acts import REFUSED
from wechat.errors import WeChatError
from wechat.models import RefusedRight
from wechat.rights import RIGHTS, Right, right_of

log = structlog.get_logger(__name__)
SECONDS_KEPT = 5.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A right that the platform refused: at which call, with which errcode, since when."""

    right: Right
    path: str
    errcode: int
    since: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    names: frozenset[str] = frozenset()
    fresh_until: float = 0.0


class Capabilities:
    """The rights of one account. What was refused is read at most every five seconds, and by one thread at a time."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._appid = settings.wechat_appid
        self._switched_on = settings.capabilities
        self._clock = clock
        self._lock = threading.Lock()
        self._kept = _Kept()

    def has(self, name: str) -> bool:
        """Tell whether the account has this right, by what this process knew a few seconds ago at most."""
        return name in self._switched_on and name not in self._refused()

    def switched_on(self, name: str) -> bool:
        """Tell whether the operator says that the account has this right, whatever came of it."""
        return name in self._switched_on

    def refuse(self, path: str, error: WeChatError) -> None:
        """Switch off the right that this call takes. What is written shares no fate with the caller's transaction."""
        right = right_of(path)
        if right is None:
            return
        log.error("wechat_right_refused", right=right.name, path=path, errcode=error.errcode)
        try:
            # A context of its own has a session of its own.
            with current_app.app_context():
                _write(self._appid, right, path, error.errcode or 0)
        except SQLAlchemyError as failed:
            log.warning("wechat_refusal_not_kept", right=right.name, kind=type(failed).__name__)
        self._kept = _Kept(self._kept.names | {right.name}, self._clock() + SECONDS_KEPT)

    def restore(self, name: str) -> bool:
        """Trust the switch again, within the running transaction; False where the right was not refused."""
        with transaction() as session:
            gone = delete(RefusedRight).filter_by(appid=self._appid, right=name).returning(RefusedRight.right)
            after_commit(self.forget)
            return session.execute(gone).one_or_none() is not None

    def refusals(self) -> tuple[Refusal, ...]:
        """Return what the platform refused of what is switched on, the latest last."""
        with transaction() as session:
            rows = session.scalars(select(RefusedRight).filter_by(appid=self._appid).order_by(RefusedRight.refused_at))
            return tuple(
                Refusal(RIGHTS[row.right], row.path, row.errcode, row.refused_at)
                for row in rows
                if row.right in RIGHTS and self.switched_on(row.right)
            )

    def forget(self) -> None:
        """Have the next reader ask the database."""
        self._kept = _Kept(self._kept.names)

    def _refused(self) -> frozenset[str]:
        kept = self._kept
        if self._clock() < kept.fresh_until or not self._lock.acquire(blocking=False):
            return kept.names
        try:
            self._kept = _Kept(self._read(kept.names), self._clock() + SECONDS_KEPT)
            return self._kept.names
        finally:
            self._lock.release()

    def _read(self, known: frozenset[str]) -> frozenset[str]:
        """Read on a connection of its own, so that a failure undoes nobody's transaction."""
        query = select(RefusedRight.right).where(RefusedRight.appid == self._appid)
        try:
            with db.engine.connect() as connection:
                return frozenset(connection.scalars(query))
        except SQLAlchemyError as error:
            log.warning("wechat_refusals_unreadable", kind=type(error).__name__)
            return known


def _write(appid: str, right: Right, path: str, errcode: int) -> None:
    new = insert(RefusedRight).values(appid=appid, right=right.name, path=path, errcode=errcode)
    with transaction() as session:
        returned = session.execute(new.on_conflict_do_nothing().returning(RefusedRight.right))
        if returned.one_or_none() is not None:
            record(REFUSED, right.label, SYSTEM, fields=("right",), result="refused")
