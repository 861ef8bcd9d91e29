"""Pushes messages and events to the backend's callback: signed, in the account's mode, with the platform's retries."""

import logging
import threading
import time
from collections.abc import Callable
from typing import get_args

from wechat.sandbox.clock import PlatformClock
from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.crypto import sign
from wechat.sandbox.engine.envelope import seal
from wechat.sandbox.engine.messages import Incoming
from wechat.sandbox.engine.posting import NoConnectionError, get_text, post_xml
from wechat.sandbox.engine.replies import Reply, ReplyReader
from wechat.sandbox.engine.schedule import Schedule
from wechat.sandbox.faults.plan import FaultPlan, Tampering
from wechat.sandbox.identifiers import random_text
from wechat.sandbox.state.chat import Attempt, Delivery

NO_ANSWER = Reply("unanswered", fault="no_answer")
HELD = Reply("unanswered", notes=("held back until after the next push",))
LATE_AFTER = 15  # seconds of the platform's clock
TAMPERINGS = frozenset(get_args(Tampering))

log = logging.getLogger(__name__)
Then = Callable[[Delivery, Reply], None]


class PushEngine:
    """Delivers one account's pushes and waits in the caller's thread until the end is known."""

    def __init__(
        self, config: Callable[[], SandboxConfig], clock: PlatformClock, schedule: Schedule, faults: FaultPlan
    ) -> None:
        self._config = config
        self._clock = clock
        self._schedule = schedule
        self._faults = faults
        self._lock = threading.Lock()
        self._held: list[tuple[Incoming, Then]] = []

    def deliver(self, push: Incoming, then: Then) -> Delivery:
        """Push until a whole answer comes or the tries are used up, judge it, and hand the judgement to `then`.

        Every try has its own timestamp, nonce and signature over the same message. No answer in time, a broken
        connection and a 5xx are tried again; whatever else the backend says is its last word.
        """
        fault = self._faults.take("push", push.kind)
        kind = fault.kind if fault else None
        if kind == "out_of_order":
            with self._lock:
                self._held.append((push, then))
            return _delivery(push, HELD, [])
        if kind == "concurrent_duplicate":
            twin = threading.Thread(target=self._attempt, args=(push, None), daemon=True)
            twin.start()
        delivery, reply = self._until_answered(push, kind if kind in TAMPERINGS else None)
        then(delivery, reply)
        self._retell(push, kind)
        self._let_go()
        return delivery

    def verify(self) -> bool:
        """Ask the backend to prove that it knows the token, as when its address is saved."""
        config = self._config()
        timestamp, nonce = str(int(self._clock())), str(config.rng.randrange(10**8, 10**10))
        echo = random_text(config.rng, 19, "123456789")
        signature = sign(config.token, timestamp, nonce)
        query = {"signature": signature, "echostr": echo, "timestamp": timestamp, "nonce": nonce}
        try:
            status, body = get_text(config.callback_url, query, config.push_timeout)
        except (TimeoutError, NoConnectionError):
            return False
        return (status, body) == (200, echo.encode())

    def _until_answered(self, push: Incoming, tampering: str | None) -> tuple[Delivery, Reply]:
        config = self._config()
        attempts: list[Attempt] = []
        reply = NO_ANSWER
        for _ in range(config.push_retries + 1):
            if attempts and attempts[-1].trouble != "timeout":
                time.sleep(config.push_pause)
            attempt, body = self._attempt(push, tampering)
            attempts.append(attempt)
            if attempt.status is not None and attempt.status < 500:
                reply = ReplyReader(config).read(attempt.status, body, push)
                break
        log.info("push %s: %s after %d tries, fault %s", push.kind, reply.outcome, len(attempts), reply.fault)
        return _delivery(push, reply, attempts), reply

    def _attempt(self, push: Incoming, tampering: str | None) -> tuple[Attempt, bytes]:
        config = self._config()
        envelope = seal(config, push, self._clock(), tampering)
        timestamp, nonce = envelope.query["timestamp"], envelope.query["nonce"]
        try:
            status, answer = post_xml(config.callback_url, envelope.query, envelope.body, config.push_timeout)
        except TimeoutError:
            return Attempt(timestamp, nonce, None, "timeout", tampering), b""
        except NoConnectionError:
            return Attempt(timestamp, nonce, None, "connection", tampering), b""
        return Attempt(timestamp, nonce, status, None, tampering), answer

    def _retell(self, push: Incoming, kind: str | None) -> None:
        if kind == "duplicate":
            self._attempt(push, None)
        elif kind == "late_retry":
            self._schedule.later(LATE_AFTER, self._attempt, push, None)

    def _let_go(self) -> None:
        """Deliver what was held back to come after another push."""
        with self._lock:
            held, self._held = self._held, []
        for push, then in held:
            then(*self._until_answered(push, None))


def _delivery(push: Incoming, reply: Reply, attempts: list[Attempt]) -> Delivery:
    tries = tuple(attempts)
    return Delivery(push.kind, push.event_key, reply.outcome, reply.encrypted, reply.fault, reply.notes, tries)
