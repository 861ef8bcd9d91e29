"""How many customer-service messages the account may still send to a person, and until when."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from wechat.sandbox.errors import ApiError

Occasion = Literal["message", "click", "follow", "scan"]

# seconds open, messages allowed
ALLOWANCES: dict[Occasion, tuple[int, int]] = {
    "message": (48 * 3600, 5),
    "click": (60, 3),
    "follow": (60, 3),
    "scan": (60, 3),
}


@dataclass
class Window:
    """Open until closes (clock seconds), with so many messages left."""

    closes: float
    left: int


class CustomerWindows:
    """The open windows of every person; a new occasion of a kind opens that kind's window afresh."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, dict[Occasion, Window]] = {}

    def open(self, openid: str, occasion: Occasion) -> None:
        seconds, messages = ALLOWANCES[occasion]
        with self._lock:
            self._windows.setdefault(openid, {})[occasion] = Window(self._clock() + seconds, messages)

    def close(self, openid: str) -> None:
        """Shut every window of a person who left."""
        with self._lock:
            self._windows.pop(openid, None)

    def spend(self, openid: str) -> None:
        """Count one message, against the window that closes first; 45015 when none is open, 45047 when all are used."""
        with self._lock:
            now = self._clock()
            windows = [window for window in self._windows.get(openid, {}).values() if now < window.closes]
            if not windows:
                raise ApiError(45015, "response out of time limit or subscription is canceled")
            unused = [window for window in windows if window.left]
            if not unused:
                raise ApiError(45047, "out of response count limit")
            min(unused, key=lambda window: window.closes).left -= 1
