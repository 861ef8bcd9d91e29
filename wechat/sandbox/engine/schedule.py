"""What the platform does later: acts that fall due by its own clock, carried out by a few threads or on demand."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

HANDS = 4
LOOK_EVERY = 0.02  # seconds of real time; the platform's clock may be moved meanwhile

log = logging.getLogger(__name__)
_Act = tuple[float, int, Callable[..., object], tuple[Any, ...]]


class Schedule:
    """Acts in the order in which they fall due. Its threads live only while something is waiting."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: list[_Act] = []
        self._numbers = itertools.count()
        self._hands = 0
        self._running = 0

    def later(self, seconds: float, act: Callable[..., object], *values: Any) -> None:
        """Have something done in so many seconds of the platform's clock."""
        with self._changed:
            heapq.heappush(self._waiting, (self._clock() + seconds, next(self._numbers), act, values))
            if self._hands < min(HANDS, len(self._waiting)):
                self._hands += 1
                threading.Thread(target=self._work, daemon=True).start()
            self._changed.notify()

    def run_due(self, *, everything: bool = False, within: float = 30.0) -> bool:
        """Do what is due (or all that waits) now and wait for what is being done; False if that took too long."""
        ends = time.monotonic() + within
        while time.monotonic() < ends:
            while act := self._take(everything=everything):
                self._do(act)
            with self._changed:
                if self._changed.wait_for(lambda: not self._running or self._due(everything), 1) and not self._busy():
                    return True
        return False

    def waiting(self) -> int:
        return len(self._waiting) + self._running

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._hands -= 1
                    return
                if not self._due(everything=False):
                    self._changed.wait(LOOK_EVERY)
                    continue
            act = self._take(everything=False)
            if act:
                self._do(act)

    def _busy(self) -> bool:
        return self._running > 0 or self._due(everything=False)

    def _due(self, everything: bool) -> bool:
        return bool(self._waiting) and (everything or self._waiting[0][0] <= self._clock())

    def _take(self, *, everything: bool) -> _Act | None:
        with self._changed:
            if not self._due(everything):
                return None
            self._running += 1
            return heapq.heappop(self._waiting)

    def _do(self, act: _Act) -> None:
        try:
            act[2](*act[3])
        except Exception:
            log.exception("an act of the schedule failed")
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()
