"""Signing in through WeChat's web authorisation: out with a one-time state, back with a code that is used once.

The state rests as a digest together with a secret of the browser, so that it opens nothing anywhere else.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

import orjson
import structlog
from sqlalchemy import delete, func

from foundation.ids import random_id
from foundation.keyvalue import RedisError, keyvalue
from foundation.transaction import transaction
from foundation.web import safe_path
from wechat.account import current_account
from wechat.client import WebIdentity
from wechat.errors import CodeRefused, Misconfigured, NotPermitted, WeChatError
from wechat.models import LoginAttempt

log = structlog.get_logger(__name__)
ATTEMPT_LASTS = timedelta(minutes=10)
CODE_REMEMBERED_SECONDS = 600
CODE_BEEN_USED = 40163
RETURN_PATH = "/wechat/login/return"


@dataclass(frozen=True, slots=True)
class Departure:
    """Send the browser to `url`; `browser` is the secret it is to bring back."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Let the browser go on to `path`; `identity` is whom it now belongs to, None where it knew already."""

    path: str
    identity: WebIdentity | None


@dataclass(frozen=True, slots=True)
class Halt:
    """The sign-in ended without a result: what to tell the reader, and the path they wanted."""

    status: int
    title: str
    sentence: str
    path: str = "/"


@dataclass(frozen=True, slots=True)
class NoSignIn:
    """The account cannot sign anybody in on the web: the reader has to come through menu or chat."""

    path: str


Outcome = Departure | Arrival | Halt | NoSignIn


@dataclass(frozen=True, slots=True)
class _Visit:
    """One return from the platform: what it brought, and whether the browser had a voter's cookie already."""

    code: str
    ticket: bytes
    browser: str
    signed_in: bool


@dataclass(frozen=True, slots=True)
class _Attempt:
    path: str
    restarted: bool
    expired: bool = False


def depart(wanted: str | None, browser: str | None) -> Departure | NoSignIn:
    """Begin a sign-in that ends at `wanted`, where this is a plain path on the site."""
    path = safe_path(wanted)
    if not current_account().may("oauth"):
        return NoSignIn(path)
    return _depart(path, browser or random_id(), restarted=False)


def arrive(code: str, state: str, browser: str | None, *, signed_in: bool) -> Outcome:
    """End a sign-in with what the platform sent back.

    A second load of the same return goes on where the browser is signed in, else it starts over, once.
    """
    if not current_account().may("oauth"):
        return NoSignIn("/")
    visit = _Visit(code, _ticket(state, browser or ""), browser or "", signed_in)
    attempt = _consume(visit.ticket)
    if attempt is None:
        return _without_attempt(visit)
    if attempt.expired:
        return Halt(403, "登录页放得太久了", "登录要在10分钟内完成，请重新进入。", attempt.path)
    if not code:
        return Halt(403, "没有登录成功", "您没有同意登录。不登录也可以看内容，投票时需要登录。", attempt.path)
    return _exchange(visit, attempt) if _remember(visit, attempt) else _start_over(visit, attempt)


def _depart(path: str, browser: str, *, restarted: bool) -> Departure:
    state = random_id()
    with transaction() as session:
        ticket = _ticket(state, browser)
        session.add(LoginAttempt(state_digest=ticket, return_path=path, restarted=restarted))
    return Departure(_authorise_url(state), browser)


def _authorise_url(state: str) -> str:
    """Write the platform's address; it compares it letter by letter, so the order of the parameters matters."""
    account = current_account()
    host = account.settings.wechat_open_url.rstrip("/")
    back = quote(account.site + RETURN_PATH, safe="")
    return (
        f"{host}/connect/oauth2/authorize?appid={account.settings.wechat_appid}&redirect_uri={back}"
        f"&response_type=code&scope=snsapi_base&state={state}#wechat_redirect"
    )


def _consume(ticket: bytes) -> _Attempt | None:
    """Take the attempt away, so that its state works once."""
    expired = LoginAttempt.started_at <= func.clock_now() - ATTEMPT_LASTS
    taken = delete(LoginAttempt).filter_by(state_digest=ticket)
    with transaction() as session:
        returned = taken.returning(LoginAttempt.return_path, LoginAttempt.restarted, expired)
        row = session.execute(returned).one_or_none()
    return None if row is None else _Attempt(*row)


def _without_attempt(visit: _Visit) -> Outcome:
    """Answer a state that is unknown here: a second load, or one that never was ours."""
    before = _remembered(visit)
    if visit.signed_in:
        return Arrival(before.path if before else "/", None)
    if before is None:
        return Halt(403, "没有登录成功", "这个登录链接已经用过，或不是在这台手机上打开的。请重新进入。")
    return _start_over(visit, before)


def _exchange(visit: _Visit, attempt: _Attempt) -> Outcome:
    try:
        return Arrival(attempt.path, current_account().client.exchange_code(visit.code))
    except CodeRefused as error:
        return _start_over(visit, attempt, may_go_on=error.errcode == CODE_BEEN_USED)
    except NotPermitted:
        # The client has switched the right off and put it on the desk; from now on nobody is sent out.
        return Arrival(attempt.path, None) if visit.signed_in else NoSignIn(attempt.path)
    except Misconfigured as error:
        log.error("wechat_sign_in_misconfigured", errcode=error.errcode)  # noqa: TRY400  # the cause is the errcode
        return Halt(503, "暂时不能登录", "公众号的登录功能出了问题，请从公众号菜单进入，或稍后再试。", attempt.path)
    except WeChatError as error:
        return Halt(503, "暂时不能登录", error.message, attempt.path)


def _start_over(visit: _Visit, attempt: _Attempt, *, may_go_on: bool = True) -> Outcome:
    if visit.signed_in and may_go_on:
        return Arrival(attempt.path, None)
    if attempt.restarted:
        sentence = "微信没有认可这次登录。请关闭本页，回到公众号，从菜单或消息里重新打开。"
        return Halt(403, "没有登录成功", sentence, attempt.path)
    return _depart(attempt.path, visit.browser, restarted=True)


def _remember(visit: _Visit, attempt: _Attempt) -> bool:
    """Mark the code as taken; False where it was before. May be lost: the platform refuses a second use too."""
    value = orjson.dumps({"t": visit.ticket.hex(), "p": attempt.path, "r": attempt.restarted})
    try:
        return bool(keyvalue().set(_code_key(visit.code), value, nx=True, ex=CODE_REMEMBERED_SECONDS))
    except RedisError:
        return True


def _remembered(visit: _Visit) -> _Attempt | None:
    """Return the attempt that took this code with this state in this browser, as far as Redis remembers."""
    try:
        kept = keyvalue().get(_code_key(visit.code))
    except RedisError:
        return None
    value = orjson.loads(kept) if kept else {}
    return _Attempt(value["p"], value["r"]) if value.get("t") == visit.ticket.hex() else None


def _code_key(code: str) -> str:
    return "wechat:code:" + current_account().digest("code", code).hex()


def _ticket(state: str, browser: str) -> bytes:
    return current_account().digest("state", f"{state}\n{browser}")
