"""How often an account may call each path: per day of UTC+8, and per minute."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from wechat.sandbox.clock import day_of, minute_of, month_of
from wechat.sandbox.errors import ApiError

CLEARS_PER_MONTH = 10
UNLISTED = 10_000_000

DAILY = {
    "/cgi-bin/token": 2000,
    "/cgi-bin/stable_token": 500_000,
    "/cgi-bin/ticket/getticket": 1_000_000,
    "/cgi-bin/menu/create": 1000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/menu/delete": 1000,
    "/cgi-bin/media/upload": 100_000,
    "/cgi-bin/media/get": 200_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/mass/sendall": 100,
    "/cgi-bin/message/mass/send": 100,
    "/cgi-bin/message/mass/preview": 100,
    "/cgi-bin/message/mass/delete": 10,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/user/get": 500,
    "/cgi-bin/user/info": 5_000_000,
    "/cgi-bin/user/info/updateremark": 10_000,
    "/cgi-bin/draft/add": 1000,
    "/cgi-bin/draft/get": 500,
    "/cgi-bin/draft/update": 1000,
    "/cgi-bin/draft/delete": 1000,
    "/cgi-bin/draft/count": 1000,
    "/cgi-bin/draft/batchget": 1000,
    "/cgi-bin/freepublish/submit": 100,
    "/cgi-bin/freepublish/get": 100,
    "/cgi-bin/freepublish/delete": 10,
    "/cgi-bin/freepublish/getarticle": 100,
    "/cgi-bin/freepublish/batchget": 100,
}
PER_MINUTE = {
    "/cgi-bin/stable_token": 10_000,
    "/sns/oauth2/access_token": 50_000,
    "/cgi-bin/message/mass/sendall": 60,
    "/cgi-bin/message/mass/send": 60,
}
FREE = frozenset({"/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2", "/cgi-bin/openapi/quota/get"})


@dataclass(frozen=True, slots=True)
class Usage:
    """What one path may be called and was called today."""

    limit: int
    used: int


class Quotas:
    """Counts calls by path; the limits are the platform's, divided for test accounts, or set by hand."""

    def __init__(self, clock: Callable[[], float], divisor: Callable[[], int]) -> None:
        self._clock = clock
        self._divisor = divisor
        self._lock = threading.Lock()
        self._day, self._minute, self._month = -1, -1, -1
        self._today: dict[str, int] = {}
        self._this_minute: dict[str, int] = {}
        self._clears = 0
        self._daily: dict[str, int] = {}
        self._per_minute: dict[str, int] = {}

    def set(self, path: str, daily: int | None = None, per_minute: int | None = None) -> None:
        """Give a path other limits than the platform's."""
        with self._lock:
            if daily is not None:
                self._daily[path] = daily
            if per_minute is not None:
                self._per_minute[path] = per_minute

    def spend(self, path: str) -> None:
        """Count a call; 45009 when the day's are used up, 45011 when the minute's are."""
        if path in FREE:
            return
        with self._lock:
            self._turn()
            used = self._today.get(path, 0)
            if used >= self._limit(path):
                raise ApiError(45009, "reach max api daily quota limit")
            minute = self._this_minute.get(path, 0)
            if minute >= self._per_minute.get(path, PER_MINUTE.get(path, UNLISTED)):
                raise ApiError(45011, "api minute-quota reach limit, must slower, retry next minute")
            self._today[path] = used + 1
            self._this_minute[path] = minute + 1

    def usage(self, path: str) -> Usage:
        with self._lock:
            self._turn()
            return Usage(self._limit(path), self._today.get(path, 0))

    def clear(self, path: str | None = None) -> None:
        """Begin the day's counts anew, of one path or of all; 48006 when that was done too often this month."""
        with self._lock:
            self._turn()
            if self._clears >= CLEARS_PER_MONTH:
                raise ApiError(48006, "forbid to clear quota because of reaching the limit")
            self._clears += 1
            if path is None:
                self._today.clear()
            else:
                self._today.pop(path, None)

    def _limit(self, path: str) -> int:
        given = self._daily.get(path)
        return max(1, DAILY.get(path, UNLISTED) // self._divisor()) if given is None else given

    def _turn(self) -> None:
        now = self._clock()
        if minute_of(now) == self._minute:
            return
        self._minute = minute_of(now)
        self._this_minute.clear()
        if day_of(now) != self._day:
            self._day = day_of(now)
            self._today.clear()
        if month_of(now) != self._month:
            self._month, self._clears = month_of(now), 0
