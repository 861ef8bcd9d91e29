"""What the platform gives for two hours and every call needs: held once for all processes, fetched under a lock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog

from foundation.keyvalue import RedisError, keyvalue
from wechat.errors import Unreachable, WeChatError

log = structlog.get_logger(__name__)
RENEWED_BEFORE_END = 300  # seconds; so long the platform takes the old one beside the new
GIVEN_UP_BEFORE_END = 10  # seconds; a call under way still has to arrive
LOCK_SECONDS = 30
WAIT_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Issued:
    """A token or ticket as the platform gave it; `lasts` is in seconds."""

    text: str
    lasts: int


@dataclass(frozen=True, slots=True)
class _Kept:
    text: str
    fresh: bool


_NONE = _Kept("", fresh=False)


class Keeper:
    """Hands out the current one and renews it once for everybody.

    Without Redis every call asks the platform, which answers the same one again.
    """

    def __init__(self, key: str, fetch: Callable[[], Issued]) -> None:
        self._key = key
        self._fetch = fetch

    def current(self) -> str:
        """Return one that should work; raises WeChatError."""
        try:
            kept = self._kept()
            if kept.fresh:
                return kept.text
            return self._renew_ahead(kept.text) if kept.text else self._renew(stale="")
        except RedisError:
            return self._without_redis()

    def _renew_ahead(self, old: str) -> str:
        """Renew before the end; whoever comes meanwhile, or finds no answer, goes on with the old one."""
        with self._lock(wait=0) as mine:
            if not mine:
                return old
            kept = self._kept()
            if kept.fresh:
                return kept.text
            try:
                return self._keep(self._fetch())
            except WeChatError:
                return old

    def _renew(self, stale: str) -> str:
        """Return one other than `stale`: what somebody else fetched meanwhile, or a new one."""
        with self._lock(wait=WAIT_SECONDS) as mine:
            if not mine:
                raise Unreachable
            kept = self._kept()
            return kept.text if kept.text and kept.text != stale else self._keep(self._replace(stale))

    def _replace(self, stale: str) -> Issued:  # noqa: ARG002  # what a token needs to know
        return self._fetch()

    def _keep(self, issued: Issued) -> str:
        keyvalue().set(self._key, issued.text, ex=max(issued.lasts - GIVEN_UP_BEFORE_END, 1))
        return issued.text

    def _kept(self) -> _Kept:
        text, left = keyvalue().pipeline().get(self._key).ttl(self._key).execute()
        return _Kept(text.decode(), left > RENEWED_BEFORE_END - GIVEN_UP_BEFORE_END) if text else _NONE

    @contextmanager
    def _lock(self, wait: float) -> Iterator[bool]:
        """Be the only one, if that is granted within `wait` seconds."""
        lock = keyvalue().lock(f"{self._key}-lock", timeout=LOCK_SECONDS, sleep=0.05)
        mine = lock.acquire(blocking=wait > 0, blocking_timeout=wait)
        try:
            yield mine
        finally:
            with suppress(RedisError):
                if mine:
                    lock.release()

    def _without_redis(self) -> str:
        log.warning("wechat_keeper_without_redis")
        return self._fetch().text
