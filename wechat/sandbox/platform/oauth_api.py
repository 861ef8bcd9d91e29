"""The OAuth calls of a page's backend."""

from collections.abc import Mapping

from wechat.sandbox.errors import ApiError
from wechat.sandbox.platform.base_api import check_appid, check_client, check_grant_type
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint, required
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.oauth import Grant


def access_token(account: Account, call: Call) -> Answer:
    check_client(account, call.query, "authorization_code")
    if not account.may("oauth"):
        raise ApiError(48001, "api unauthorized")
    return account.oauth.exchange(required(call.query, "code", 41008)).answer()


def refresh_token(account: Account, call: Call) -> Answer:
    check_grant_type(call.query, "refresh_token")
    check_appid(account, call.query)
    return account.oauth.refresh(required(call.query, "refresh_token", 41003)).answer()


def userinfo(account: Account, call: Call) -> Answer:
    grant = _authorised(account, call)
    if grant.scope != "snsapi_userinfo":
        raise ApiError(48001, "api unauthorized")
    profile: dict[str, object] = {
        "openid": grant.person.openid,
        "nickname": grant.person.nickname,
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": "",
        "privilege": [],
    }
    return profile | ({"unionid": grant.person.unionid} if grant.person.unionid else {})


def auth(account: Account, call: Call) -> Answer:
    _authorised(account, call)
    return OK


def _authorised(account: Account, call: Call) -> Grant:
    return account.oauth.authorised(call.query.get("access_token", ""), call.query.get("openid", ""))


ENDPOINTS: Mapping[str, Endpoint] = {
    "/sns/oauth2/access_token": Endpoint("GET", access_token, needs_token=False),
    "/sns/oauth2/refresh_token": Endpoint("GET", refresh_token, needs_token=False),
    "/sns/userinfo": Endpoint("GET", userinfo, needs_token=False),
    "/sns/auth": Endpoint("GET", auth, needs_token=False),
}
