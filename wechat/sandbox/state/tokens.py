"""The account's access_tokens: the ordinary and the stable family, their lives, overlap and refusals."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from wechat.sandbox.clock import day_of
from wechat.sandbox.errors import ApiError
from wechat.sandbox.identifiers import new_access_token

LIFE = 7200
OVERLAP = 300
FORCED_APART = 30
FORCED_PER_DAY = 20
REMEMBERED = 86_400
INVALID_CREDENTIAL = (
    "invalid credential, access_token is invalid or not latest, could get access_token"
    " by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
)


@dataclass
class Token:
    """A token that was given out; replaced_until is when it stops because of a newer one (clock seconds)."""

    text: str
    expires: float
    replaced_until: float | None = None


@dataclass(frozen=True)
class Issued:
    """A token as answered; expires_in is in seconds."""

    text: str
    expires_in: int


class Tokens:
    """Issues and checks tokens of both families; stable_token and token do not disturb each other."""

    def __init__(self, clock: Callable[[], float], rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._known: dict[str, Token] = {}
        self._ordinary: Token | None = None
        self._stable: Token | None = None
        self._forced_at: list[float] = []

    def fetch(self) -> Issued:
        """A new ordinary token; the one before it works five minutes longer."""
        with self._lock:
            now = self._clock()
            if self._ordinary:
                self._ordinary.replaced_until = now + OVERLAP
            self._ordinary = self._new(now)
            return Issued(self._ordinary.text, LIFE)

    def fetch_stable(self, force_refresh: bool) -> Issued:
        """The stable token, renewed from five minutes before its end or by force; 45009 past 20 forced a day."""
        with self._lock:
            now = self._clock()
            if force_refresh:
                self._force(now)
            if self._stable is None or now >= self._stable.expires - OVERLAP:
                self._stable = self._new(now)
            return Issued(self._stable.text, int(self._stable.expires - now))

    def knows(self, text: str) -> bool:
        """Whether this account's tokens were ever this one."""
        return text in self._known

    def expire(self, text: str) -> None:
        """End a token's life now, as if its two hours were over."""
        with self._lock:
            token = self._known.get(text)
            if token:
                token.expires = min(token.expires, self._clock())

    def expire_all(self) -> None:
        """End the lives of all tokens now."""
        for text in tuple(self._known):
            self.expire(text)

    def check(self, text: str) -> None:
        """Raise the platform's error for a token that is missing, unknown, expired or replaced."""
        if not text:
            raise ApiError(41001, "access_token missing")
        with self._lock:
            token, now = self._known.get(text), self._clock()
            if token is None:
                raise ApiError(40014, "invalid access_token")
            if token.replaced_until is not None and now >= token.replaced_until:
                raise ApiError(40001, INVALID_CREDENTIAL)
            if now >= token.expires:
                raise ApiError(42001, "access_token expired")

    def _force(self, now: float) -> None:
        if self._forced_at and now - self._forced_at[-1] < FORCED_APART:
            return
        self._forced_at = [at for at in self._forced_at if day_of(at) == day_of(now)]
        if len(self._forced_at) >= FORCED_PER_DAY:
            raise ApiError(45009, "reach max api daily quota limit")
        self._forced_at.append(now)
        if self._stable:
            self._stable.replaced_until = now
            self._stable = None

    def _new(self, now: float) -> Token:
        self._known = {text: token for text, token in self._known.items() if token.expires > now - REMEMBERED}
        token = Token(new_access_token(self._rng), now + LIFE)
        self._known[token.text] = token
        return token
