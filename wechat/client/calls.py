"""What the service asks of the platform: every call with one token, one retry and no secret in its failure."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from config import Settings
from foundation.clock import Clock, utc_now
from wechat.client.breaker import Breaker
from wechat.client.keeping import Issued, Keeper
from wechat.client.line import Line
from wechat.client.pacing import Pacer, even, rate_of
from wechat.client.tokens import TokenKeeper
from wechat.client.transport import Answer, Transport, unusable
from wechat.client.wire import Wire
from wechat.errors import NO_MENU, Busy, NotPermitted, TokenRefused, Unreachable, WeChatError

READ_TRIES = 3
FIRST_PAUSE_SECONDS = 0.2
TOKEN = "stable_token"  # noqa: S105  # a path
TICKET = "ticket/getticket"
CODE = "/sns/oauth2/access_token"
_NOTHING: Mapping[str, str] = MappingProxyType({})


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


def _ignore(_path: str, _error: NotPermitted) -> None:
    """Have a refusal go no further than its caller."""


class WeChat:
    """The platform's API; every method raises WeChatError and needs an application context.

    Paths are below /cgi-bin/ unless they begin with a slash. `not_permitted` is told the path of every call that the
    account has no right to.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        not_permitted: Callable[[str, NotPermitted], None] = _ignore,
    ) -> None:
        appid = settings.wechat_appid
        self._settings = settings
        self._transport = Transport(settings)
        self._sleep = sleep
        self._not_permitted = not_permitted
        self._wire = Wire(settings)
        self._pacer = Pacer(appid)
        self.breaker = Breaker(appid, clock)
        self._tokens = TokenKeeper(appid, self._fetch_token, clock)
        self._tickets = Keeper(f"wechat:{appid}:jsapi-ticket", self._fetch_ticket)

    def read(self, path: str, *, params: Mapping[str, str] = _NOTHING, data: Mapping[str, Any] | None = None) -> Answer:
        """Ask for something that changes nothing, by GET or, with `data`, by POST.

        While the platform is busy it is asked up to three times.
        """
        if data is None:
            return self._with_token(self._patiently, "get", path, params)
        return self._with_token(self._patiently, "post", path, params, data=dict(data))

    def write(self, path: str, data: Mapping[str, Any]) -> Answer:
        """Do something that has an effect, by POST, once; after Unreachable nobody knows whether it had it.

        Waits where the path has a rate and the calls so far came faster.
        """
        self._keep_pace(path)
        return self._with_token(_once, "post", path, _NOTHING, data=dict(data))

    def line(self, path: str, per_second: float) -> Line:
        """Return what writes to `path` many times, by several threads, `per_second` times at most over all processes.

        Paths with a line keep their rate by asking it for permits; a single `write` takes none.
        """
        return Line(
            path,
            even(per_second),
            self._wire,
            tokens=self._tokens,
            breaker=self.breaker,
            pacer=self._pacer,
            refused=self._note,
        )

    def upload(
        self, path: str, *, params: Mapping[str, str], filename: str, content: bytes, content_type: str
    ) -> Answer:
        """Send a file in the field `media`, once."""
        return self._with_token(_once, "post", path, params, files={"media": (filename, content, content_type)})

    def jsapi_ticket(self) -> str:
        """Return what pages are signed with for the JS-SDK."""
        return self._tickets.current()

    def check_token(self) -> None:
        """Find out whether the platform gives us a token, by asking it now, held back by nothing."""
        self.breaker.clear(TOKEN)
        self._fetch_token(False)

    def exchange_code(self, code: str) -> WebIdentity:
        """Return who signed in; a code works once, so this is never tried twice. Raises CodeRefused."""
        params = {
            "appid": self._settings.wechat_appid,
            "secret": self._settings.wechat_secret.get_secret_value(),
            "code": code,
            "grant_type": "authorization_code",
        }
        answer = self._ask("get", CODE, params)
        openid = answer.get("openid")
        if not isinstance(openid, str) or not openid:
            raise unusable(CODE)
        return WebIdentity(openid, snapshot=answer.get("is_snapshotuser") == 1)

    def following(self, openid: str) -> Following:
        """Ask whether this person follows the account; needs the right "users"."""
        answer = self.read("user/info", params={"openid": openid})
        since = answer.get("subscribe_time")
        moment = datetime.fromtimestamp(since if isinstance(since, int) else 0, UTC)
        return Following(answer.get("subscribe") == 1, moment)

    def create_menu(self, buttons: list[dict[str, Any]]) -> None:
        """Replace the account's menu; needs the right "menu"."""
        self.write("menu/create", {"button": buttons})

    def menu(self) -> Answer | None:
        """Return the account's menu as menu/get tells it, None where there is none; needs the right "menu"."""
        try:
            return self.read("menu/get")
        except WeChatError as error:
            if error.errcode == NO_MENU:
                return None
            raise

    def _with_token(
        self,
        tried: Callable[[Callable[[], Answer]], Answer],
        method: str,
        path: str,
        params: Mapping[str, str],
        **options: Any,
    ) -> Answer:
        """Call with the current token; if the platform refuses it, once more with a renewed one."""

        def call(token: str) -> Answer:
            return tried(lambda: self._ask(method, path, {**params, "access_token": token}, **options))

        token = self._tokens.current()
        try:
            return call(token)
        except TokenRefused:
            renewed = self._tokens.renew(token)
        return call(renewed)

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        for pause in range(READ_TRIES - 1):
            try:
                return call()
            except Busy:
                self._sleep(FIRST_PAUSE_SECONDS * 2**pause * random.uniform(1, 1.5))  # noqa: S311  # spreads retries
        return call()

    def _ask(self, method: str, path: str, params: Mapping[str, str], **options: Any) -> Answer:
        """Call once, unless the breaker knows better."""
        remembered = self.breaker.check(path)
        try:
            answer = self._transport.ask(method, path, params, **options)
        except WeChatError as error:
            self._note(path, error)
            raise
        if remembered:
            self.breaker.clear(path)
        return answer

    def _note(self, path: str, error: WeChatError) -> None:
        """Remember a refusal that would only be repeated."""
        self.breaker.note(path, error)
        if isinstance(error, NotPermitted):
            self._not_permitted(path, error)

    def _keep_pace(self, path: str) -> None:
        shared = rate_of(path)
        while shared is not None and not (grant := self._pacer.take(*shared)).calls:
            self._sleep(grant.wait)

    def _fetch_token(self, force: bool) -> Issued:
        data = {
            "grant_type": "client_credential",
            "appid": self._settings.wechat_appid,
            "secret": self._settings.wechat_secret.get_secret_value(),
            "force_refresh": force,
        }
        # A day has few forced renewals: that they are used up says nothing about the ordinary ones.
        ask = self._transport.ask if force else self._ask
        answer = self._for_all(TOKEN, lambda: self._patiently(lambda: ask("post", TOKEN, _NOTHING, data=data)))
        return _issued(TOKEN, answer, "access_token")

    def _fetch_ticket(self) -> Issued:
        ask = partial(self._with_token, self._patiently, "get", TICKET, {"type": "jsapi"})
        return _issued(TICKET, self._for_all(TICKET, ask), "ticket")

    def _for_all(self, path: str, ask: Callable[[], Answer]) -> Answer:
        """Ask for what others wait for too: where no answer comes, they do not ask one after the other."""
        self.breaker.check(path)
        try:
            return ask()
        except (Unreachable, Busy):
            self.breaker.note_silence(path)
            raise


def _once(call: Callable[[], Answer]) -> Answer:
    return call()


def _issued(path: str, answer: Answer, name: str) -> Issued:
    text, lasts = answer.get(name), answer.get("expires_in")
    if not isinstance(text, str) or not text or not isinstance(lasts, int):
        raise unusable(path)
    return Issued(text, lasts)
