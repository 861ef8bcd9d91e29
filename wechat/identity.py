"""Who a reader is: an encrypted cookie that only a WeChat exchange on our own server, or a personal link, writes.

Signing in through WeChat names a person for the whole site. A personal link names them for one purpose only (a poll,
say), in a cookie of that purpose: it is asked for by name, so a link made for one poll opens no ballot of another and
no page about the person. Where a browser has both, the later one counts, as a later sign-in does.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from wechat.account import Account, current_account
from wechat.farewells import has_left_since

COOKIE = "voter"
BROWSER_COOKIE = "login"
BROWSER_SECONDS = 600  # as long as a sign-in or a personal link may take
MAX_AGE_SECONDS = 30 * 86_400
PURPOSE_SECONDS = 86_400  # whoever came by a personal link gets another one from the chat at any time
SNAPSHOT_SECONDS = 600  # a snapshot passes: whoever goes on to the full service is asked again who they are
_CLOCK_MAY_DIFFER = 300


@dataclass(frozen=True, slots=True)
class Voter:
    """A person as WeChat names them to this account; a snapshot may read and not vote."""

    openid: str
    snapshot: bool


def current_voter(request: Request, purpose: str | None = None) -> Voter | None:
    """Return who sends `request`, or None without a cookie of ours; for a `purpose`, a cookie of that counts too.

    It has to be younger than 30 days (that of a purpose: one day), and than the last time its owner left and had
    everything deleted.
    """
    account = current_account()
    found = _read(request, account, None)
    if purpose is not None:
        found = max(found, _read(request, account, purpose), key=lambda one: one[0])
    return found[1]


def sign_in_voter(response: Response, openid: str, snapshot: bool, *, purpose: str | None = None) -> None:
    """Have the browser remember for 30 days who it is, of a snapshot for ten minutes, for one purpose a day."""
    account = current_account()
    issued = int(account.clock().timestamp())
    value = {"o": openid, "i": issued, "e": account.epoch, "s": snapshot}
    response.set_cookie(
        _cookie_name(account, purpose),
        account.voter_sealer.seal(value if purpose is None else {**value, "p": purpose}),
        max_age=_lasts(purpose, snapshot=snapshot),
        secure=account.settings.secure,
        httponly=True,
        samesite="Lax",
    )


def browser_secret(request: Request) -> str | None:
    """Return the secret by which a browser is known again during a sign-in, None where it brings none of ours."""
    secret = request.cookies.get(current_account().cookie_prefix + BROWSER_COOKIE, "")
    return secret if len(secret) == 32 and secret.isascii() and secret.isalnum() else None


def remember_browser(response: Response, secret: str) -> None:
    """Have the browser bring `secret` for the next ten minutes."""
    account = current_account()
    response.set_cookie(
        account.cookie_prefix + BROWSER_COOKIE,
        secret,
        max_age=BROWSER_SECONDS,
        secure=account.settings.secure,
        httponly=True,
        samesite="Lax",
    )


def _read(request: Request, account: Account, purpose: str | None) -> tuple[int, Voter | None]:
    """Return when the cookie of this purpose was issued, in epoch seconds, and to whom."""
    nobody = (-1, None)
    sealed = request.cookies.get(_cookie_name(account, purpose))
    payload = account.voter_sealer.unseal(sealed) if sealed else None
    if payload is None or payload.get("e") != account.epoch or payload.get("p") != purpose:
        return nobody
    return _voter_in(payload, account, purpose) or nobody


def _voter_in(payload: dict[str, Any], account: Account, purpose: str | None) -> tuple[int, Voter] | None:
    openid, issued, snapshot = payload.get("o"), payload.get("i"), payload.get("s")
    if type(issued) is not int or not isinstance(openid, str) or not openid or not isinstance(snapshot, bool):
        return None
    age = account.clock().timestamp() - issued
    fresh = -_CLOCK_MAY_DIFFER <= age < _lasts(purpose, snapshot=snapshot)
    return (issued, Voter(openid, snapshot)) if fresh and not has_left_since(openid, issued) else None


def _cookie_name(account: Account, purpose: str | None) -> str:
    """Name the cookie of a purpose after its digest: names of cookies hold few characters."""
    name = COOKIE if purpose is None else f"{COOKIE}-{hashlib.sha256(purpose.encode()).hexdigest()[:16]}"
    return account.cookie_prefix + name


def _lasts(purpose: str | None, *, snapshot: bool) -> int:
    if snapshot:
        return SNAPSHOT_SECONDS
    return MAX_AGE_SECONDS if purpose is None else PURPOSE_SECONDS
