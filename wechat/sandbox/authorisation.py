"""Whether an authorise address is one the platform accepts, and where it sends the person back to."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from wechat.sandbox.account import Account
from wechat.sandbox.errors import AuthoriseError
from wechat.sandbox.followers import Follower
from wechat.sandbox.identifiers import openid_of, random_text
from wechat.sandbox.oauth import Person

ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
EMPTY = {"appid": 10012, "redirect_uri": 10011, "scope": 10010, "state": 10013}
SCOPES = ("snsapi_base", "snsapi_userinfo")
STATE = re.compile(r"[A-Za-z0-9]{1,128}")


@dataclass(frozen=True)
class Authorisation:
    """An accepted authorise address."""

    redirect_uri: str
    scope: str
    state: str

    @property
    def silent(self) -> bool:
        return self.scope == "snsapi_base"


def read_authorisation(query_string: str, appid: str, callback_domain: str) -> Authorisation:
    """Check the address as strictly as the platform does; raise AuthoriseError with the number its page shows."""
    given = _parameters(query_string)
    if given["appid"] != appid:
        raise AuthoriseError(None, "appid 不是这个公众号的")
    if given["response_type"] != "code":
        raise AuthoriseError(None, "response_type 只能是 code")
    if not STATE.fullmatch(given["state"]):
        raise AuthoriseError(None, "state 只能有字母和数字，不超过 128 个")
    if not _lies_in(given["redirect_uri"], callback_domain):
        raise AuthoriseError(10003, "redirect_uri 的域名与后台配置不一致")
    if given["scope"] not in SCOPES:
        raise AuthoriseError(10005, "这个公众号没有这些 scope 的权限，scope 参数错误")
    return Authorisation(given["redirect_uri"], given["scope"], given["state"])


def _parameters(query_string: str) -> dict[str, str]:
    pairs = parse_qsl(query_string, keep_blank_values=True)
    given = dict(pairs)
    for name, code in EMPTY.items():
        if not given.get(name):
            raise AuthoriseError(code, f"{name} 不能为空")
    if [name for name, _ in pairs][: len(ORDER)] != ORDER:
        raise AuthoriseError(None, f"参数要按这个顺序排列：{'、'.join(ORDER)}")
    return given


def _lies_in(url: str, domain: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc == domain


def grant(account: Account, follower: Follower, asked: Authorisation) -> str:
    """Let the person in: the address to send them to, with a code in it."""
    code = account.oauth.issue_code(_person(account, follower), asked.scope)
    parts = urlsplit(asked.redirect_uri)
    query = "&".join(filter(None, (parts.query, urlencode({"code": code, "state": asked.state}))))
    return urlunsplit(parts._replace(query=query))


def _person(account: Account, follower: Follower) -> Person:
    if not follower.snapshot:
        return Person(follower.openid, follower.name)
    # A virtual person is another one at every visit.
    virtual = random_text(account.config.rng, 16)
    return Person(openid_of(account.config.appid, f"snapshot {virtual}"), "微信用户", snapshot=True)
