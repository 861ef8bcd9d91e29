"""The account's access token: one holder for all processes, kept in Redis, fetched under a lock."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from foundation.keyvalue import RedisError, keyvalue
from wechat.errors import Misconfigured, Unreachable, refusal

log = structlog.get_logger(__name__)
RENEWED_BEFORE_END = 300
LOCK_SECONDS = 12
REFUSED_SECONDS = 60


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as the platform gave it; `lasts` is in seconds."""

    text: str
    lasts: int


class TokenKeeper:
    """Hands out the current token and renews it once for everybody.

    Without Redis every call asks the platform, which in its stable mode answers the same token.
    """

    def __init__(self, appid: str, fetch: Callable[[], IssuedToken]) -> None:
        self._fetch = fetch
        self._token = f"wechat:{appid}:token"
        self._lock = f"wechat:{appid}:token-lock"
        self._refused = f"wechat:{appid}:token-refused"

    def current(self) -> str:
        """Return a token that should work; raises WeChatError."""
        try:
            return self._kept() or self.renew(stale="")
        except RedisError:
            return self._without_redis()

    def renew(self, stale: str) -> str:
        """Return a token other than `stale`, which the platform refused, if it has one to give."""
        try:
            return self._renew_alone(stale)
        except RedisError:
            return self._without_redis()

    def _renew_alone(self, stale: str) -> str:
        lock = keyvalue().lock(self._lock, timeout=LOCK_SECONDS, blocking_timeout=LOCK_SECONDS / 2, sleep=0.05)
        if not lock.acquire():
            raise Unreachable
        try:
            kept = self._kept()
            return kept if kept and kept != stale else self._fetch_and_keep()
        finally:
            with suppress(RedisError):
                lock.release()

    def _fetch_and_keep(self) -> str:
        self._stop_if_just_refused()
        try:
            issued = self._fetch()
        except Misconfigured as error:
            keyvalue().set(self._refused, error.errcode or 0, ex=REFUSED_SECONDS)
            log.error("wechat_settings_refused", errcode=error.errcode)  # noqa: TRY400  # the cause is the errcode
            raise
        keyvalue().set(self._token, issued.text, ex=max(issued.lasts - RENEWED_BEFORE_END, 1))
        return issued.text

    def _stop_if_just_refused(self) -> None:
        """Wrong settings are not asked about again for a minute: no storm against the platform."""
        errcode = keyvalue().get(self._refused)
        if errcode is not None:
            raise refusal(int(errcode))

    def _kept(self) -> str:
        kept = keyvalue().get(self._token)
        return kept.decode() if kept else ""

    def _without_redis(self) -> str:
        log.warning("wechat_token_without_redis")
        return self._fetch().text
