"""The platform's clock, which may be moved or stopped, and its calendar: days and months of UTC+8."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

PLATFORM_ZONE = timezone(timedelta(hours=8))
_AHEAD = 8 * 3600
_DAY = 86_400


class PlatformClock:
    """Seconds since 1970 as the platform sees them: another clock's, moved ahead or standing still."""

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._ahead = 0.0
        self._frozen: float | None = None

    def __call__(self) -> float:
        frozen = self._frozen
        return self._base() + self._ahead if frozen is None else frozen

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def advance(self, seconds: float) -> None:
        """Move ahead at once; a clock that stands still stands still later."""
        with self._lock:
            if self._frozen is None:
                self._ahead += seconds
            else:
                self._frozen += seconds

    def freeze(self, at: float | None = None) -> None:
        """Stand still, now or at a given moment."""
        with self._lock:
            self._frozen = self() if at is None else at

    def thaw(self) -> None:
        """Go on from where it stands."""
        with self._lock:
            if self._frozen is not None:
                self._ahead, self._frozen = self._frozen - self._base(), None


def day_of(at: float) -> int:
    """The number of the platform's day, which begins at midnight of UTC+8."""
    return int((at + _AHEAD) // _DAY)


def minute_of(at: float) -> int:
    return int(at // 60)


def month_of(at: float) -> int:
    """The number of the platform's calendar month."""
    moment = datetime.fromtimestamp(at, PLATFORM_ZONE)
    return moment.year * 12 + moment.month
