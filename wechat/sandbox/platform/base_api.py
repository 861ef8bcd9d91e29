"""Tokens, tickets and quotas: what every backend needs before it does anything else."""

from collections.abc import Mapping

from wechat.sandbox.errors import ApiError
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint, required
from wechat.sandbox.state.account import Account

ADDRESSES = ["127.0.0.1"]
CHECKS = ("dns", "ping", "all")


def check_client(account: Account, given: Mapping[str, object], grant_type: str) -> None:
    """Raise the platform's error unless these are the account's own appid and secret."""
    check_grant_type(given, grant_type)
    check_appid(account, given)
    _check_secret(account, required(given, "secret", 41004))


def check_grant_type(given: Mapping[str, object], grant_type: str) -> None:
    if given.get("grant_type") != grant_type:
        raise ApiError(40002, "invalid grant_type")


def check_appid(account: Account, given: Mapping[str, object]) -> None:
    if required(given, "appid", 41002) != account.config.appid:
        raise ApiError(40013, "invalid appid")


def _check_secret(account: Account, secret: str) -> None:
    if secret != account.config.secret:
        raise ApiError(40125, "invalid appsecret")
    if account.config.secret_frozen:
        raise ApiError(40243, "AppSecret has been frozen")


def _check_address(account: Account, call: Call) -> None:
    allowed = account.config.ip_whitelist
    if allowed is not None and call.address not in allowed:
        raise ApiError(40164, f"invalid ip {call.address} ipv6 ::ffff:{call.address}, not in whitelist")


def token(account: Account, call: Call) -> Answer:
    check_client(account, call.query, "client_credential")
    _check_address(account, call)
    issued = account.tokens.fetch()
    return {"access_token": issued.text, "expires_in": issued.expires_in}


def stable_token(account: Account, call: Call) -> Answer:
    check_client(account, call.body, "client_credential")
    _check_address(account, call)
    issued = account.tokens.fetch_stable(call.body.get("force_refresh") is True)
    return {"access_token": issued.text, "expires_in": issued.expires_in}


def clear_quota(account: Account, call: Call) -> Answer:
    check_appid(account, call.body)
    account.quotas.clear()
    return OK


def clear_quota_by_secret(account: Account, call: Call) -> Answer:
    given = call.query if call.query.get("appid") else call.body
    check_appid(account, given)
    _check_secret(account, required(given, "appsecret", 41004))
    account.quotas.clear()
    return OK


def quota_get(account: Account, call: Call) -> Answer:
    path = required(call.body, "cgi_path", 40066)
    usage = account.quotas.usage(path)
    left = max(0, usage.limit - usage.used)
    return {**OK, "quota": {"daily_limit": usage.limit, "used": usage.used, "remain": left}}


def quota_clear(account: Account, call: Call) -> Answer:
    account.quotas.clear(required(call.body, "cgi_path", 40066))
    return OK


def rid_get(_account: Account, call: Call) -> Answer:
    record = call.world.calls.by_rid(required(call.body, "rid", 76001))
    if record is None:
        raise ApiError(76001, "rid not found")
    told = {"invoke_time": int(record.at), "cost_in_ms": 0, "request_url": record.path, "client_ip": call.address}
    return {**OK, "request": told}


def addresses(_account: Account, _call: Call) -> Answer:
    return {"ip_list": ADDRESSES}


def callback_check(account: Account, call: Call) -> Answer:
    if call.body.get("action") not in CHECKS:
        raise ApiError(40201, "invalid action")
    return {"dns": [], "ping": [], "sandbox_verified": account.engine.verify()}


def getticket(account: Account, call: Call) -> Answer:
    if call.query.get("type") != "jsapi":
        raise ApiError(40097, "invalid args: type")
    ticket, expires_in = account.page_tickets.current()
    return {**OK, "ticket": ticket, "expires_in": expires_in}


def shorten(account: Account, call: Call) -> Answer:
    key = account.short_keys.generate(call.body.get("long_data"), call.body.get("expire_seconds"))
    return {**OK, "short_key": key}


def fetch_shorten(account: Account, call: Call) -> Answer:
    return {**OK, **account.short_keys.fetch(call.body.get("short_key"))}


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/token": Endpoint("GET", token, needs_token=False),
    "/cgi-bin/stable_token": Endpoint("POST", stable_token, needs_token=False),
    "/cgi-bin/clear_quota": Endpoint("POST", clear_quota),
    "/cgi-bin/clear_quota/v2": Endpoint("POST", clear_quota_by_secret, needs_token=False),
    "/cgi-bin/openapi/quota/get": Endpoint("POST", quota_get),
    "/cgi-bin/openapi/quota/clear": Endpoint("POST", quota_clear),
    "/cgi-bin/openapi/rid/get": Endpoint("POST", rid_get),
    "/cgi-bin/getcallbackip": Endpoint("GET", addresses),
    "/cgi-bin/get_api_domain_ip": Endpoint("GET", addresses),
    "/cgi-bin/callback/check": Endpoint("POST", callback_check),
    "/cgi-bin/ticket/getticket": Endpoint("GET", getticket),
    "/cgi-bin/shorten/gen": Endpoint("POST", shorten, "short_link"),
    "/cgi-bin/shorten/fetch": Endpoint("POST", fetch_shorten, "short_link"),
}
