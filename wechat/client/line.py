"""Many calls of one path, by several threads: what all of them need is looked up once a second, not for each."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson

from wechat.client.breaker import Breaker
from wechat.client.pacing import Grant, Pacer, Rate
from wechat.client.tokens import TokenKeeper
from wechat.client.transport import Answer
from wechat.client.wire import Wire
from wechat.errors import Misconfigured, NotPermitted, QuotaReached, TokenRefused, WeChatError

LOOKED_EVERY = 1.0  # seconds
_OF_ALL = (QuotaReached, Misconfigured, TokenRefused, NotPermitted)


class Refused(Protocol):
    """Takes note of an error of a path."""

    def __call__(self, path: str, error: WeChatError) -> None: ...


class Line:
    """Writes to one path as WeChat.write does, with the same errors, the same one retry with a renewed token."""

    def __init__(
        self,
        path: str,
        rate: Rate,
        wire: Wire,
        *,
        tokens: TokenKeeper,
        breaker: Breaker,
        pacer: Pacer,
        refused: Refused,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._rate = rate
        self._wire = wire
        self._tokens = tokens
        self._breaker = breaker
        self._pacer = pacer
        self._refused = refused
        self._clock = clock
        self._lock = threading.Lock()
        self._looked = -math.inf
        self._remembered = False
        self._token = ""

    def permits(self, wanted: int) -> Grant:
        """Take the right to make up to `wanted` calls now; whoever writes without one calls too often."""
        return self._pacer.take(self._path, self._rate, wanted)

    def write(self, data: Mapping[str, Any]) -> Answer:
        """Do something that has an effect, once; after Unreachable nobody knows whether it had it."""
        body, token = orjson.dumps(data), self._look()
        try:
            return self._ask(token, body)
        except TokenRefused:
            renewed = self._tokens.renew(token)
        return self._ask(renewed, body)

    def _look(self) -> str:
        """Return the token; raises what the platform said about this path where it is not to be called now."""
        with self._lock:
            if self._clock() >= self._looked + LOOKED_EVERY:
                self._remembered = self._breaker.check(self._path)
                self._token = self._tokens.current()
                self._looked = self._clock()
            return self._token

    def _ask(self, token: str, body: bytes) -> Answer:
        try:
            answer = self._wire.post(self._path, token, body)
        except _OF_ALL as error:
            self._refused(self._path, error)
            self._looked = -math.inf
            raise
        if self._remembered:
            self._remembered = False
            self._breaker.clear(self._path)
        return answer
