"""The API's table of contents: each path, and the few lines that hand a call to the part of the account it is about."""

from collections.abc import Mapping

from wechat.sandbox.account import Account
from wechat.sandbox.calls import Call, Endpoint
from wechat.sandbox.errors import ApiError
from wechat.sandbox.users import describe, describe_many, list_openids

Answer = Mapping[str, object]
OK: Answer = {"errcode": 0, "errmsg": "ok"}
TEXT_BYTES = 2048


def token(account: Account, call: Call) -> Answer:
    _check_client(account, call.query, "client_credential")
    issued = account.tokens.fetch()
    return {"access_token": issued.text, "expires_in": issued.expires_in}


def stable_token(account: Account, call: Call) -> Answer:
    _check_client(account, call.body, "client_credential")
    issued = account.tokens.fetch_stable(call.body.get("force_refresh") is True)
    return {"access_token": issued.text, "expires_in": issued.expires_in}


def menu_create(account: Account, call: Call) -> Answer:
    account.menu.create(call.body)
    return OK


def menu_get(account: Account, _call: Call) -> Answer:
    return account.menu.published()


def menu_delete(account: Account, _call: Call) -> Answer:
    account.menu.delete()
    return OK


def current_selfmenu(account: Account, _call: Call) -> Answer:
    return account.menu.self_menu_info()


def user_get(account: Account, call: Call) -> Answer:
    return list_openids(account, call.query.get("next_openid", ""))


def user_info(account: Account, call: Call) -> Answer:
    return describe(account, call.query.get("openid"), call.query.get("lang"))


def user_info_batchget(account: Account, call: Call) -> Answer:
    return describe_many(account, call.body.get("user_list"))


def custom_send(account: Account, call: Call) -> Answer:
    follower = account.followers.by_openid(str(call.body.get("touser", "")))
    if follower is None:
        raise ApiError(40003, "invalid openid")
    content = _text_content(call.body)
    account.windows.spend(follower.openid)
    account.followers.write(follower, "account", "custom", content)
    return OK


def oauth_access_token(account: Account, call: Call) -> Answer:
    _check_client(account, call.query, "authorization_code")
    return account.oauth.exchange(_required(call.query, "code", 41008)).answer()


def oauth_refresh_token(account: Account, call: Call) -> Answer:
    _check_grant_type(call.query, "refresh_token")
    _check_appid(account, call.query)
    return account.oauth.refresh(_required(call.query, "refresh_token", 41003)).answer()


def oauth_userinfo(account: Account, call: Call) -> Answer:
    grant = account.oauth.authorised(call.query.get("access_token", ""), call.query.get("openid", ""))
    if grant.scope != "snsapi_userinfo":
        raise ApiError(48001, "api unauthorized")
    return {
        "openid": grant.person.openid,
        "nickname": grant.person.nickname,
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": "",
        "privilege": [],
    }


def oauth_auth(account: Account, call: Call) -> Answer:
    account.oauth.authorised(call.query.get("access_token", ""), call.query.get("openid", ""))
    return OK


def _check_client(account: Account, given: Mapping[str, object], grant_type: str) -> None:
    _check_grant_type(given, grant_type)
    _check_appid(account, given)
    if _required(given, "secret", 41004) != account.config.secret:
        raise ApiError(40125, "invalid appsecret")


def _check_grant_type(given: Mapping[str, object], grant_type: str) -> None:
    if given.get("grant_type") != grant_type:
        raise ApiError(40002, "invalid grant_type")


def _check_appid(account: Account, given: Mapping[str, object]) -> None:
    if _required(given, "appid", 41002) != account.config.appid:
        raise ApiError(40013, "invalid appid")


def _required(given: Mapping[str, object], name: str, errcode: int) -> str:
    value = given.get(name)
    if not value:
        raise ApiError(errcode, f"{name} missing")
    return str(value)


def _text_content(body: Mapping[str, object]) -> str:
    text = body.get("text")
    if body.get("msgtype") != "text":
        raise ApiError(40008, "invalid message type")
    content = text.get("content") if isinstance(text, dict) else None
    if not isinstance(content, str) or not content:
        raise ApiError(44004, "empty content")
    if len(content.encode()) > TEXT_BYTES:
        raise ApiError(45002, "content size out of limit")
    return content


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/token": Endpoint("GET", token, needs_token=False),
    "/cgi-bin/stable_token": Endpoint("POST", stable_token, needs_token=False),
    "/cgi-bin/menu/create": Endpoint("POST", menu_create),
    "/cgi-bin/menu/get": Endpoint("GET", menu_get),
    "/cgi-bin/menu/delete": Endpoint("GET", menu_delete),
    "/cgi-bin/get_current_selfmenu_info": Endpoint("GET", current_selfmenu),
    "/cgi-bin/user/get": Endpoint("GET", user_get),
    "/cgi-bin/user/info": Endpoint("GET", user_info),
    "/cgi-bin/user/info/batchget": Endpoint("POST", user_info_batchget),
    "/cgi-bin/message/custom/send": Endpoint("POST", custom_send),
    "/sns/oauth2/access_token": Endpoint("GET", oauth_access_token, needs_token=False),
    "/sns/oauth2/refresh_token": Endpoint("GET", oauth_refresh_token, needs_token=False),
    "/sns/userinfo": Endpoint("GET", oauth_userinfo, needs_token=False),
    "/sns/auth": Endpoint("GET", oauth_auth, needs_token=False),
}
