"""How often the platform's paths are called: one rate for all processes together, below what the platform allows."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from redis.commands.core import Script

from foundation.keyvalue import RedisError, keyvalue, load_script

log = structlog.get_logger(__name__)
REST = 1.0  # seconds during which a Redis that failed is left alone
ALONE = 0.1
"""The part of a rate that a process takes for itself while it cannot know what the others do."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second, and how many may come at once after a quiet while."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Grant:
    """How many calls may be made now, and after how many seconds there may be another."""

    calls: int
    wait: float


def even(per_second: float) -> Rate:
    """Return a rate that comes in bursts of a tenth of a second at most."""
    return Rate(per_second, max(math.ceil(per_second / 10), 1))


MASS = "message/mass/"
RATES = {MASS: Rate(0.9, 5)}
"""The platform takes 60 calls a minute of mass sending: with its burst this stays below that in any minute."""


def rate_of(path: str) -> tuple[str, Rate] | None:
    """Return the rate that a path shares with others, under their name; None where none is known."""
    return next(((group, rate) for group, rate in RATES.items() if path.startswith(group)), None)


class Pacer:
    """Gives permits from buckets in Redis, one for each path of an account; without Redis, from its own."""

    def __init__(self, appid: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._prefix = f"wechat:{appid}:pace:"
        self._clock = clock
        self._script: Script | None = None
        self._alone_until = -math.inf
        self._own: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, path: str, rate: Rate, wanted: int = 1) -> Grant:
        """Take up to `wanted` permits for a path, or for a group of paths under one name."""
        if self._clock() < self._alone_until:
            return self._take_alone(path, rate, wanted)
        try:
            given, wait = self._ask(self._prefix + path, rate, wanted)
        except RedisError as error:
            log.warning("wechat_pacer_without_redis", error=type(error).__name__)
            self._alone_until = self._clock() + REST
            return self._take_alone(path, rate, wanted)
        return Grant(given, wait / 1000)

    def _ask(self, key: str, rate: Rate, wanted: int) -> tuple[int, int]:
        if self._script is None:
            self._script = load_script(keyvalue(), "wechat.client", "take_permits.lua")
        given, wait = self._script([key], [rate.per_second, rate.burst, wanted], client=keyvalue())
        return given, wait

    def _take_alone(self, path: str, rate: Rate, wanted: int) -> Grant:
        with self._lock:
            bucket = self._own.setdefault(path, _Bucket(self._clock()))
            return bucket.take(Rate(rate.per_second * ALONE, 1), wanted, self._clock())


class _Bucket:
    def __init__(self, now: float) -> None:
        self._permits, self._at = 1.0, now

    def take(self, rate: Rate, wanted: int, now: float) -> Grant:
        self._permits = min(rate.burst, self._permits + max(now - self._at, 0) * rate.per_second)
        self._at = now
        given = min(wanted, int(self._permits))
        self._permits -= given
        return Grant(given, 0 if self._permits >= 1 else (1 - self._permits) / rate.per_second)
