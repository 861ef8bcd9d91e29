"""Whether an authorise address is one the platform accepts, and where it sends the person back to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from wechat.sandbox.errors import AuthoriseError
from wechat.sandbox.identifiers import openid_of, random_text, unionid_of
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.followers import Follower
from wechat.sandbox.state.oauth import Person
from wechat.sandbox.world import World

ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
EMPTY = {"appid": 10012, "redirect_uri": 10011, "scope": 10010, "state": 10013}
SCOPES = ("snsapi_base", "snsapi_userinfo")
STATE = re.compile(r"[A-Za-z0-9]{1,128}")


@dataclass(frozen=True)
class Authorisation:
    """An accepted authorise address."""

    account: Account
    redirect_uri: str
    scope: str
    state: str
    force_popup: bool
    force_snapshot: bool

    def asks(self, follower: Follower) -> bool:
        """Whether the person is asked: never for the silent scope, nor right after coming from the chat."""
        if self.scope == "snsapi_base":
            return False
        return self.force_popup or not self.account.followers.just_came(follower)


def read_authorisation(world: World, query_string: str) -> Authorisation:
    """Check the address as strictly as the platform does; raise AuthoriseError with the number its page shows."""
    pairs = parse_qsl(query_string, keep_blank_values=True)
    given = _parameters(pairs)
    account = world.by_appid(given["appid"])
    if account is None:
        raise AuthoriseError(None, "appid 不是这里的公众号的")
    if account.config.strict_order and [name for name, _ in pairs][: len(ORDER)] != ORDER:
        raise AuthoriseError(None, f"参数要按这个顺序排列：{'、'.join(ORDER)}")
    if given["response_type"] != "code":
        raise AuthoriseError(None, "response_type 只能是 code")
    if not STATE.fullmatch(given["state"]):
        raise AuthoriseError(None, "state 只能有字母和数字，不超过 128 个")
    if not lies_in(given["redirect_uri"], account.config.redirect_domains):
        raise AuthoriseError(10003, "redirect_uri 的域名与后台配置不一致")
    if given["scope"] not in SCOPES or not account.may("oauth"):
        raise AuthoriseError(10005, "这个公众号没有这些 scope 的权限，scope 参数错误")
    popup, snapshot = (given.get(name) == "true" for name in ("forcePopup", "forceSnapShot"))
    return Authorisation(account, given["redirect_uri"], given["scope"], given["state"], popup, snapshot)


def lies_in(url: str, domains: Iterable[str]) -> bool:
    """Whether an address lies in one of the domains, which count as a whole, port included."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc in domains


def with_query(url: str, **values: str) -> str:
    """The address with more in its query."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(values))))
    return urlunsplit(parts._replace(query=query))


def grant(follower: Follower, asked: Authorisation, fault: str | None) -> str:
    """Let the person in: the address to send them to, with a code in it. `fault` is what goes wrong with it."""
    account = asked.account
    snapshot = follower.snapshot or asked.force_snapshot or fault == "snapshot_user"
    code = account.oauth.issue_code(_person(account, follower, snapshot), asked.scope)
    if fault == "code_used":
        account.oauth.use_up(code)
    if fault == "code_expired":
        account.oauth.expire(code)
    state = random_text(account.config.rng, 16) if fault == "state_changed" else asked.state
    return with_query(asked.redirect_uri, code=code, state=state)


def _parameters(pairs: list[tuple[str, str]]) -> dict[str, str]:
    given = dict.fromkeys(ORDER, "") | dict(pairs)
    for name, code in EMPTY.items():
        if not given.get(name):
            raise AuthoriseError(code, f"{name} 不能为空")
    return given


def _person(account: Account, follower: Follower, snapshot: bool) -> Person:
    unionid = unionid_of(follower.key) if account.config.has_unionid else ""
    if not snapshot:
        return Person(follower.openid, follower.name, unionid=unionid)
    # A virtual person is another one at every visit.
    virtual = random_text(account.config.rng, 16)
    return Person(openid_of(account.config.appid, f"snapshot {virtual}"), "微信用户", snapshot=True)
