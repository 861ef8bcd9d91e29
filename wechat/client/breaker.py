"""Paths that are not called for a while, because the platform said no and would say it again.

Redis holds them for all processes; what is lost there is found out again at the next refusal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import structlog

from foundation.clock import SHANGHAI, Clock, utc_now
from foundation.keyvalue import RedisError, keyvalue
from wechat.errors import MINUTE_USED_UP, Misconfigured, QuotaReached, Unreachable, WeChatError, refusal

log = structlog.get_logger(__name__)
MISCONFIGURED_WAITS = timedelta(minutes=1)
SILENCE_WAITS = timedelta(seconds=2)
KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Pause:
    """A path, what the platform said about it and since when; it is not called before `until`."""

    path: str
    error: WeChatError
    since: datetime
    until: datetime


class Breaker:
    """Remembers refusals of one account; without Redis every process does so for itself."""

    def __init__(self, appid: str, clock: Clock = utc_now) -> None:
        self._key = f"wechat:{appid}:paused"
        self._clock = clock
        self._alone: dict[str, bytes] = {}

    def check(self, path: str) -> bool:
        """Raise what the platform said about this path where it is not to be called yet.

        Returns whether anything is remembered of it, which a call that works ought to clear.
        """
        pause = self._find(path)
        if pause and pause.until > self._clock():
            raise pause.error
        return pause is not None

    def note(self, path: str, error: WeChatError) -> None:
        """Remember a refusal that will last: used up calls, or wrong settings."""
        until = self._until(error)
        if until is None:
            return
        if isinstance(error, QuotaReached):
            error.until = until
        log.error("wechat_path_paused", path=path, errcode=error.errcode, until=until.isoformat())
        self._keep(path, error, until)

    def note_silence(self, path: str) -> None:
        """Have nobody ask again for a moment, so that those who wait for the same answer do not wait in turn."""
        self._keep(path, Unreachable(), self._clock() + SILENCE_WAITS)

    def clear(self, path: str) -> None:
        """Forget what was remembered of a path, for it works or is to be tried again."""
        self._alone.pop(path, None)
        try:
            keyvalue().hdel(self._key, path)
        except RedisError:
            log.warning("wechat_breaker_without_redis")

    def pauses(self) -> tuple[Pause, ...]:
        """Return the paths whose calls are used up for now or whose settings were wrong at the last try."""
        try:
            kept = keyvalue().hgetall(self._key)
        except RedisError:
            kept = {path.encode(): value for path, value in self._alone.items()}
        return tuple(sorted(self._lasting(kept), key=lambda pause: pause.path))

    def _lasting(self, kept: dict[bytes, bytes]) -> Iterator[Pause]:
        for path, value in kept.items():
            pause = _read(path.decode(), value)
            used_up = isinstance(pause.error, QuotaReached) and pause.until > self._clock()
            if used_up or isinstance(pause.error, Misconfigured):
                yield pause

    def _until(self, error: WeChatError) -> datetime | None:
        now = self._clock()
        if isinstance(error, Misconfigured):
            return now + MISCONFIGURED_WAITS
        if isinstance(error, QuotaReached):
            return _next_minute(now) if error.errcode == MINUTE_USED_UP else _next_midnight(now)
        return None

    def _find(self, path: str) -> Pause | None:
        try:
            value = keyvalue().hget(self._key, path)
        except RedisError:
            value = self._alone.get(path)
        return _read(path, value) if value else None

    def _keep(self, path: str, error: WeChatError, until: datetime) -> None:
        before = self._find(path)
        since = before.since if before and before.error.errcode == error.errcode else self._clock()
        said = {name: error.answer[name] for name in ("errcode", "errmsg") if name in error.answer}
        value = orjson.dumps({"errcode": error.errcode, "said": said, "since": since, "until": until})
        self._alone[path] = value
        try:
            keyvalue().hset(self._key, path, value)
            keyvalue().expire(self._key, KEPT)
        except RedisError:
            log.warning("wechat_breaker_without_redis")


def _read(path: str, value: bytes) -> Pause:
    kept = orjson.loads(value)
    since, until = datetime.fromisoformat(kept["since"]), datetime.fromisoformat(kept["until"])
    error = Unreachable() if kept["errcode"] is None else refusal(kept["errcode"], kept["said"])
    if isinstance(error, QuotaReached):
        error.until = until
    return Pause(path, error, since, until)


def _next_midnight(now: datetime) -> datetime:
    """Return the end of the platform's day."""
    here = now.astimezone(SHANGHAI)
    return here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
