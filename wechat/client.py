"""Calls to the platform: wechatpy's client, sent where the settings say, with time-outs, one token and typed errors."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
import structlog
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from config import Settings
from wechat.errors import Busy, TokenRefused, Unreachable, WeChatError, refusal
from wechat.tokens import IssuedToken, TokenKeeper

log = structlog.get_logger(__name__)
PLATFORM = "https://api.weixin.qq.com"
TIMEOUT_SECONDS = 5.0
READ_TRIES = 3
FIRST_PAUSE_SECONDS = 0.2
_CONNECTIONS = 32

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """Whom a code of a sign-in stood for; a snapshot is a virtual user."""

    openid: str
    snapshot: bool


@dataclass(frozen=True, slots=True)
class Following:
    """Whether somebody follows the account, and since when, by the platform's clock."""

    follows: bool
    since: datetime


class _Elsewhere(HTTPAdapter):
    """Sends what was meant for the platform's API to `base`, and never waits without end."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        super().__init__(pool_maxsize=_CONNECTIONS)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        options["timeout"] = TIMEOUT_SECONDS
        if self._base != PLATFORM:
            # requests chose a proxy for the platform's address; a stand-in is reached directly.
            options["proxies"] = {}
            request.url = self._base + (request.url or PLATFORM).removeprefix(PLATFORM)
        return super().send(request, *args, **options)


class _PlatformClient(WeChatClient):  # type: ignore[misc]  # wechatpy is not typed
    """wechatpy's client with our token, our address and no retries of its own, which know no bound."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.wechat_secret.get_secret_value()
        super().__init__(settings.wechat_appid, secret, auto_retry=False)
        self._http.mount(PLATFORM, _Elsewhere(settings.wechat_api_url))
        self.keeper = TokenKeeper(settings.wechat_appid, self.fetch_stable_token)

    @property
    def access_token(self) -> str:
        return self.keeper.current()

    def fetch_stable_token(self) -> IssuedToken:
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret, "force_refresh": False}
        answer = self.ask("post", "stable_token", params=[], data=body)
        token, lasts = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lasts, int):
            raise Unreachable
        return IssuedToken(token, lasts)

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Call `path` once; wechatpy adds the token unless `params` is a list. Raises WeChatError.

        Causes are cut off: they hold the address, and with it the secret or the token.
        """
        try:
            answer = self._request(method, path, **options)
        except WeChatClientException as error:
            raise _failed(path, error.errcode) from None
        except (requests.RequestException, ValueError, TypeError):
            raise _failed(path, None) from None
        if not isinstance(answer, dict):
            raise _failed(path, None)
        return answer


def _failed(path: str, errcode: int | None) -> WeChatError:
    log.warning("wechat_call_failed", path=path, errcode=errcode)
    return Unreachable() if errcode is None else refusal(errcode)


class WeChat:
    """What the service asks of the platform; every method raises WeChatError and needs an application context."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = _PlatformClient(settings)
        self._secret = settings.wechat_secret.get_secret_value()
        self._sleep = sleep

    def exchange_code(self, code: str) -> WebIdentity:
        """Return who signed in; a code works once, so this is never tried twice. Raises CodeRefused."""
        params = [
            ("appid", self._client.appid),
            ("secret", self._secret),
            ("code", code),
            ("grant_type", "authorization_code"),
        ]
        path = "sns/oauth2/access_token"
        answer = self._client.ask("get", path, params=params, api_base_url=PLATFORM + "/")
        openid = answer.get("openid")
        if not isinstance(openid, str) or not openid:
            raise _failed(path, None)
        return WebIdentity(openid, snapshot=answer.get("is_snapshotuser") == 1)

    def following(self, openid: str) -> Following:
        """Ask whether this person follows the account; needs the right "users"."""
        answer = self._read("user/info", {"openid": openid})
        since = answer.get("subscribe_time")
        moment = datetime.fromtimestamp(since if isinstance(since, int) else 0, UTC)
        return Following(answer.get("subscribe") == 1, moment)

    def create_menu(self, buttons: list[dict[str, Any]]) -> None:
        """Replace the account's menu; needs the right "menu"."""
        self._with_token("post", "menu/create", data={"button": buttons})

    def _read(self, path: str, params: dict[str, str]) -> Answer:
        """Ask for something that changes nothing: while the platform is busy, up to three times."""
        for pause in range(READ_TRIES - 1):
            try:
                return self._with_token("get", path, params=params)
            except Busy:
                self._sleep(FIRST_PAUSE_SECONDS * 2**pause * random.uniform(1, 1.5))  # noqa: S311  # spreads retries
        return self._with_token("get", path, params=params)

    def _with_token(self, method: str, path: str, **options: Any) -> Answer:
        """Call with the current token; if the platform refuses it, once more with a renewed one."""
        token = self._client.access_token
        params = dict(options.pop("params", {}))
        try:
            return self._client.ask(method, path, params={**params, "access_token": token}, **options)
        except TokenRefused:
            renewed = self._client.keeper.renew(stale=token)
        return self._client.ask(method, path, params={**params, "access_token": renewed}, **options)
