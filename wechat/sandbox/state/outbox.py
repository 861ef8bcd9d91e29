"""What people saw and what was pushed for them, of each as much as a bounded memory holds."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from wechat.sandbox.state.chat import Content, Delivery, Line, Speaker, Via

MOST_LINES = 50_000
MOST_BROADCASTS = 32
MOST_DELIVERIES = 10_000


@dataclass(frozen=True, slots=True)
class _Entry:
    place: int
    at: float
    speaker: Speaker
    via: Via
    content: Content


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One mass message, kept once for everyone who got it."""

    message_id: int
    recipients: frozenset[str]
    entry: _Entry


class Outbox:
    """The chats of one account's people by openid. The oldest lines of all are forgotten first."""

    def __init__(self, clock: Callable[[], float], most_lines: int = MOST_LINES) -> None:
        self._clock = clock
        self._most_lines = most_lines
        self._lock = threading.Lock()
        self._place = 0
        self._lines: dict[str, list[_Entry]] = {}
        self._order: deque[str] = deque()
        self._forgotten: Counter[str] = Counter()
        self._broadcasts: deque[Broadcast] = deque(maxlen=MOST_BROADCASTS)
        self._deliveries: deque[tuple[str, Delivery]] = deque(maxlen=MOST_DELIVERIES)
        self._sent: Counter[str] = Counter()

    def write(self, openid: str, speaker: Speaker, via: Via, content: Content) -> None:
        """Put a line at the end of a chat."""
        with self._lock:
            lines = self._lines.get(openid)
            if lines is None:
                lines = self._lines[openid] = []
            lines.append(self._entry(speaker, via, content))
            self._order.append(openid)
            self._sent[via] += 1
            if len(self._order) > self._most_lines:
                self._forget(self._order.popleft())

    def broadcast(self, message_id: int, recipients: frozenset[str], content: Content) -> None:
        """Put one line at the end of many chats at once."""
        with self._lock:
            self._broadcasts.append(Broadcast(message_id, recipients, self._entry("account", "mass", content)))
            self._sent["mass"] += len(recipients)

    def withdraw(self, message_id: int) -> None:
        """Take a mass message out of the chats."""
        with self._lock:
            kept = [one for one in self._broadcasts if one.message_id != message_id]
            self._broadcasts = deque(kept, maxlen=MOST_BROADCASTS)

    def lines(self, openid: str, after: int = 0) -> tuple[Line, ...]:
        """The lines of one chat whose number is greater than `after`, the oldest first."""
        with self._lock:
            entries = list(self._lines.get(openid, ()))
            entries += [one.entry for one in self._broadcasts if openid in one.recipients]
            first = self._forgotten[openid] + 1
        entries.sort(key=lambda entry: entry.place)
        numbered = enumerate(entries, first)
        return tuple(Line(n, one.at, one.speaker, one.via, one.content) for n, one in numbered if n > after)

    def record(self, openid: str, delivery: Delivery) -> None:
        with self._lock:
            self._deliveries.append((openid, delivery))

    def deliveries(self, openid: str | None = None) -> tuple[Delivery, ...]:
        """What was pushed for one person, or for all."""
        with self._lock:
            return tuple(one for owner, one in self._deliveries if openid in (None, owner))

    def sent(self) -> dict[str, int]:
        """How many lines came into chats by each way, forgotten ones included."""
        with self._lock:
            return dict(self._sent)

    def clear(self) -> None:
        """Empty all chats and records."""
        with self._lock:
            for kept in (self._lines, self._order, self._forgotten, self._broadcasts, self._deliveries, self._sent):
                kept.clear()

    def _entry(self, speaker: Speaker, via: Via, content: Content) -> _Entry:
        self._place += 1
        return _Entry(self._place, self._clock(), speaker, via, content)

    def _forget(self, openid: str) -> None:
        lines = self._lines[openid]
        lines.pop(0)
        if not lines:
            del self._lines[openid]
        self._forgotten[openid] += 1
