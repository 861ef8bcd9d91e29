"""The account's access token: the stable one, forced to change only where the platform refuses what it gives itself."""

from collections.abc import Callable
from functools import partial

import structlog

from foundation.clock import SHANGHAI, Clock, utc_now
from foundation.keyvalue import RedisError, keyvalue
from wechat.client.keeping import Issued, Keeper
from wechat.errors import QuotaReached, TokenRefused

log = structlog.get_logger(__name__)
FORCED_PER_DAY = 20
FORCED_APART = 30  # seconds
_DAY = 86_400


class TokenKeeper(Keeper):
    """Keeps the token; `fetch` asks stable_token, by force if told so."""

    def __init__(self, appid: str, fetch: Callable[[bool], Issued], clock: Clock = utc_now) -> None:
        super().__init__(f"wechat:{appid}:token", partial(fetch, False))
        self._forced = f"wechat:{appid}:token-forced"
        self._fetch_by_force = partial(fetch, True)
        self._clock = clock

    def renew(self, stale: str) -> str:
        """Return a token other than `stale`, which the platform refused; raises TokenRefused where it has none."""
        try:
            return self._renew(stale)
        except RedisError:
            issued = self._fetch()
            if issued.text == stale:
                raise TokenRefused from None
            return issued.text

    def _replace(self, stale: str) -> Issued:
        issued = self._fetch()
        if issued.text != stale:
            return issued
        self._demand_force()
        try:
            forced = self._fetch_by_force()
        except QuotaReached:
            raise TokenRefused from None
        if forced.text == stale:
            raise TokenRefused
        return forced

    def _demand_force(self) -> None:
        """Count a forced renewal; raises TokenRefused where the platform would not take one now."""
        day = self._clock().astimezone(SHANGHAI).date().isoformat()
        if not keyvalue().set(f"{self._forced}-just-now", b"1", nx=True, ex=FORCED_APART):
            raise TokenRefused
        today = f"{self._forced}:{day}"
        counted: int = keyvalue().pipeline().incr(today).expire(today, _DAY).execute()[0]
        if counted > FORCED_PER_DAY:
            raise TokenRefused
        log.warning("wechat_token_forced", today=counted)
