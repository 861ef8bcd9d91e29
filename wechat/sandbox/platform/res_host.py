"""The host res.wx.qq.com: the JS-SDK's script, and what it asks the platform about a page."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request

from wechat.sandbox.current import current_world
from wechat.sandbox.errors import PhoneError
from wechat.sandbox.phone import conversation
from wechat.sandbox.phone.views import COOKIE
from wechat.sandbox.state.account import Account

res_host = Blueprint("res", __name__, url_prefix="/res")
SHARE = frozenset(
    {
        "updateAppMessageShareData",
        "updateTimelineShareData",
        "onMenuShareTimeline",
        "onMenuShareAppMessage",
        "onMenuShareQQ",
        "onMenuShareWeibo",
        "onMenuShareQZone",
    }
)


@res_host.get("/open/js/jweixin-<version>.js")
def script(version: str) -> Response:  # noqa: ARG001  # one stand-in for every version
    return current_app.send_static_file("jweixin.js")


@res_host.post("/jssdk/config")
def config() -> Response:
    """Check what a page handed to wx.config, against the page's own address."""
    given = _given()
    world = current_world()
    account = world.by_appid(given.get("appId"))
    message = "config:invalid appid" if account is None else _check(account, given)
    wanted = [str(name) for name in given.get("jsApiList") or []]
    may_share = account is not None and account.may("share")
    granted = [name for name in wanted if may_share or name not in SHARE] if message == "config:ok" else []
    check: dict[str, object] = {
        "url": str(given.get("url", "")),
        "errMsg": message,
        "jsApiList": wanted,
        "granted": granted,
    }
    world.page_checks.append(check)
    return _open_to_page(check)


@res_host.post("/jssdk/subscribe")
def subscribe() -> Response:
    """Note what the person answered to a page that wants to send notices."""
    given = _given()
    account = current_world().by_appid(given.get("appId"))
    follower = account.followers.find(request.cookies.get(COOKIE, "")) if account else None
    if account is None or follower is None:
        return _open_to_page({"errMsg": "subscribe:fail no phone in the hand"})
    accept = given.get("answer") == "accept"
    try:
        for template_id in given.get("templates") or []:
            conversation.answer_notices(account, follower, str(template_id), accept, later=False)
    except PhoneError as error:
        return _open_to_page({"errMsg": f"subscribe:fail {error.reason}"})
    return _open_to_page({"errMsg": "subscribe:ok"})


def _check(account: Account, given: Mapping[str, Any]) -> str:
    url = str(given.get("url", ""))
    if not _in_js_domain(account, url):
        return "config:invalid url domain"
    follower = account.followers.find(request.cookies.get(COOKIE, ""))
    if follower and follower.snapshot:
        return "config:fail, snapshot page"
    signature, noncestr, timestamp = (str(given.get(name, "")) for name in ("signature", "nonceStr", "timestamp"))
    right = account.page_tickets.signed(signature, noncestr, timestamp, url)
    return "config:ok" if right else "config:invalid signature"


def _in_js_domain(account: Account, url: str) -> bool:
    """Whether a page lies in a JS domain, which covers its sub-domains."""
    parts = urlsplit(url)
    if not account.config.js_domains:
        return parts.netloc in account.config.redirect_domains
    host = parts.hostname or ""
    return any(host == domain or host.endswith(f".{domain}") for domain in account.config.js_domains)


def _given() -> Mapping[str, Any]:
    try:
        given = json.loads(request.get_data())
    except ValueError:
        given = None
    return given if isinstance(given, dict) else {}


def _open_to_page(answer: Mapping[str, object]) -> Response:
    response = Response(json.dumps(answer), content_type="application/json")
    origin = request.headers.get("Origin")
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"
    return response
