"""The gate before objections: it limits how many are sent in an hour, and knows nothing else."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from flask import Flask, current_app

from foundation.keyvalue import Redis, RedisError, load_script

log = structlog.get_logger(__name__)
WINDOW = 3_600  # seconds
TIMES_PER_FORM = 10
_EXTENSION = "objection_gate"
PAUSE = 1.0  # seconds during which a Redis that failed is left alone


@dataclass(frozen=True, slots=True)
class Limits:
    """Forms that may be sent in an hour: by a person in WeChat, from a network, to a notice from all networks."""

    per_person: int
    per_network: int
    per_notice: int


@dataclass(frozen=True, slots=True)
class Try:
    """A form that somebody sends: `person` is the digest of whom WeChat named, else the network counts."""

    notice: str
    form: str
    network: str
    person: bytes | None = None

    @property
    def sender(self) -> str:
        return f"network:{self.network}" if self.person is None else f"person:{self.person.hex()}"


class ObjectionGate:
    """Limits in Redis, shared by all processes; while Redis is away, in this process alone."""

    def __init__(self, client: Redis, clock: Callable[[], float] = time.time) -> None:
        self._script = load_script(client, "publicity.objections", "try_to_object.lua")
        self._clock = clock
        self._local = _LocalLimiter()
        self._closed_until = 0.0

    def admit(self, attempt: Try, limits: Limits) -> int:
        """Return 0 where the form may come in, else the seconds after which another try makes sense."""
        now = self._clock()
        if now >= self._closed_until:
            try:
                return self._ask(attempt, limits, int(now))
            except RedisError as error:
                log.warning("redis_away", error=type(error).__name__)
                self._closed_until = now + PAUSE
        return self._local.admit(attempt, limits, int(now))

    def _ask(self, attempt: Try, limits: Limits, now: int) -> int:
        place = f"{{objections}}:{now // WINDOW}"
        keys = [f"{place}:{attempt.sender}", f"{place}:notice:{attempt.notice}"]
        named = attempt.person is not None
        arguments: list[str | int] = [
            attempt.form,
            limits.per_person if named else limits.per_network,
            limits.per_notice,
            TIMES_PER_FORM,
            WINDOW - now % WINDOW,
            0 if named else 1,
        ]
        wait: int = self._script(keys, arguments)
        return wait


class _LocalLimiter:
    """The same limits counted in this process, for the while that Redis is away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hour = 0
        self._forms: dict[str, dict[str, int]] = {}
        self._notices: dict[str, int] = {}

    def admit(self, attempt: Try, limits: Limits, now: int) -> int:
        wait = WINDOW - now % WINDOW
        with self._lock:
            if now // WINDOW != self._hour:
                self._hour, self._forms, self._notices = now // WINDOW, {}, {}
            forms = self._forms.setdefault(attempt.sender, {})
            times = forms.get(attempt.form, 0)
            if times:
                passes = times < TIMES_PER_FORM
            else:
                passes = self._has_room(attempt, limits, len(forms))
                self._notices[attempt.notice] = self._counted(attempt) + (passes and attempt.person is None)
            if passes:
                forms[attempt.form] = times + 1
        return 0 if passes else wait

    def _has_room(self, attempt: Try, limits: Limits, forms: int) -> bool:
        if attempt.person is not None:
            return forms < limits.per_person
        return forms < limits.per_network and self._counted(attempt) < limits.per_notice

    def _counted(self, attempt: Try) -> int:
        return self._notices.get(attempt.notice, 0)


def init_gate(app: Flask, client: Redis) -> None:
    app.extensions[_EXTENSION] = ObjectionGate(client)


def current_gate() -> ObjectionGate:
    gate: ObjectionGate = current_app.extensions[_EXTENSION]
    return gate
