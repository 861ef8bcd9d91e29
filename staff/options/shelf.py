"""The options as this process knows them: read at most every five seconds, and at once after a change made here."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from foundation.database import db
from staff.options.kinds import Json
from staff.options.models import OptionVersion

log = structlog.get_logger(__name__)
SECONDS_KEPT = 5.0
_NEVER_READ = -1
_EXTENSION = "options"


@dataclass(frozen=True, slots=True)
class _Kept:
    values: Mapping[str, Json] = field(default_factory=dict)
    read_at: float = 0.0
    change: int = _NEVER_READ


class Shelf:
    """What is set, by name. One thread reads anew; meanwhile the others go by what was read before."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._changes = 0
        self._kept = _Kept()

    def set_values(self) -> Mapping[str, Json]:
        """Return the values that are set. While the database is away it is what was known before, or nothing."""
        kept = self._kept
        if self._is_fresh(kept):
            return kept.values
        # Nobody waits for the very first reading: under a storm of ballots every thread of the service would.
        changed = kept.change not in {_NEVER_READ, self._changes}
        if not self._lock.acquire(blocking=changed):
            return kept.values
        try:
            if not self._is_fresh(self._kept):
                self._kept = self._read_anew()
            return self._kept.values
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Have the next reader ask the database."""
        self._changes += 1

    def _is_fresh(self, kept: _Kept) -> bool:
        return kept.change == self._changes and self._clock() - kept.read_at < SECONDS_KEPT

    def _read_anew(self) -> _Kept:
        change = self._changes
        try:
            values = _read()
        except (DBAPIError, PoolTimeout) as error:
            log.warning("options_unreadable", error=type(error).__name__)
            values = self._kept.values
        return _Kept(values, self._clock(), change)


def _read() -> Mapping[str, Json]:
    """Read on a connection of its own, so that a failure undoes nobody's transaction."""
    query = (
        select(OptionVersion.name, OptionVersion.value)
        .ext(distinct_on(OptionVersion.name))
        .order_by(OptionVersion.name, OptionVersion.version.desc())
    )
    with db.engine.connect() as connection:
        rows = connection.execute(query).all()
    return {name: value for name, value in rows if value is not None}


def init_shelf(app: Flask) -> None:
    app.extensions[_EXTENSION] = Shelf()


def option_shelf() -> Shelf:
    """Return the shelf of the application that is being served."""
    found: Shelf = current_app.extensions[_EXTENSION]
    return found
