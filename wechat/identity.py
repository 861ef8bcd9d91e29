"""Who a reader is: an encrypted cookie that only a WeChat exchange on our own server writes."""

from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from wechat.account import Account, current_account
from wechat.farewells import has_left_since

COOKIE = "voter"
MAX_AGE_SECONDS = 30 * 86_400
SNAPSHOT_SECONDS = 600  # a snapshot passes: whoever goes on to the full service is asked again who they are
_CLOCK_MAY_DIFFER = 300


@dataclass(frozen=True, slots=True)
class Voter:
    """A person as WeChat names them to this account; a snapshot may read and not vote."""

    openid: str
    snapshot: bool


def current_voter(request: Request) -> Voter | None:
    """Return who sends `request`, or None without a cookie of ours.

    It has to be younger than 30 days, and than the last time its owner left and had everything deleted.
    """
    account = current_account()
    sealed = request.cookies.get(account.cookie_prefix + COOKIE)
    if not sealed:
        return None
    payload = account.voter_sealer.unseal(sealed)
    return None if payload is None else _voter_in(payload, account)


def sign_in_voter(response: Response, openid: str, snapshot: bool) -> None:
    """Have the browser remember for 30 days who it is, of a snapshot for ten minutes."""
    account = current_account()
    issued = int(account.clock().timestamp())
    response.set_cookie(
        account.cookie_prefix + COOKIE,
        account.voter_sealer.seal({"o": openid, "i": issued, "e": account.epoch, "s": snapshot}),
        max_age=_lasts(snapshot=snapshot),
        secure=account.settings.secure,
        httponly=True,
        samesite="Lax",
    )


def _voter_in(payload: dict[str, Any], account: Account) -> Voter | None:
    openid, issued, snapshot = payload.get("o"), payload.get("i"), payload.get("s")
    if payload.get("e") != account.epoch or type(issued) is not int:
        return None
    if not isinstance(openid, str) or not openid or not isinstance(snapshot, bool):
        return None
    age = account.clock().timestamp() - issued
    fresh = -_CLOCK_MAY_DIFFER <= age < _lasts(snapshot=snapshot)
    return Voter(openid, snapshot) if fresh and not has_left_since(openid, issued) else None


def _lasts(*, snapshot: bool) -> int:
    return SNAPSHOT_SECONDS if snapshot else MAX_AGE_SECONDS
