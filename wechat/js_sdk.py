"""The JS-SDK: our own pages signed, so that WeChat shows a proper card of what somebody passes on."""

import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Response

from foundation.errors import InvalidInput
from foundation.web import POLICY
from wechat.account import current_account
from wechat.sending.permission import permitted

SCRIPT_PATH = "/open/js/jweixin-1.6.0.js"
PLATFORM = "https://res.wx.qq.com"
MOST_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class PageSignature:
    """What a page hands to wx.config; `signed_at` in epoch seconds, `script` where the JS-SDK lies."""

    app_id: str
    signed_at: int
    nonce: str
    signature: str
    script: str


def sign(url: str) -> PageSignature:
    """Sign a page of our own by its address as it was opened, whatever WeChat added to it; what follows # is left out.

    Raises NotPermitted where the account may not use share cards, InvalidInput for a page that is not ours, and
    WeChatError where the platform gives no ticket.
    """
    account = permitted("share")
    page = _own_page(url, account.site)
    nonce, now = secrets.token_hex(8), int(account.clock().timestamp())
    signature = signature_of(account.client.jsapi_ticket(), nonce, now, page)
    script = account.settings.wechat_res_url.rstrip("/") + SCRIPT_PATH
    return PageSignature(account.settings.wechat_appid, now, nonce, signature, script)


def signature_of(ticket: str, nonce: str, signed_at: int, url: str) -> str:
    """Return the platform's signature of a page under a ticket; the values are taken as they are, without `#…`."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={signed_at}&url={without_fragment(url)}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def without_fragment(url: str) -> str:
    return url.partition("#")[0]


def allow_sharing(response: Response) -> Response:
    """Let this one page load the JS-SDK from its host and, where a stand-in plays the platform, talk to it."""
    parts = urlsplit(current_account().settings.wechat_res_url)
    host = f"{parts.scheme}://{parts.netloc}"
    policy = POLICY.replace("script-src 'self'", f"script-src 'self' {host}")
    if host != PLATFORM:
        policy = policy.replace("connect-src 'self'", f"connect-src 'self' {host}")
    response.headers["Content-Security-Policy"] = policy + "'none'"
    return response


def _own_page(url: str, site: str) -> str:
    page = without_fragment(url)
    try:
        parts = urlsplit(page)
    except ValueError:
        parts = urlsplit("")
    if len(page) > MOST_CHARACTERS or not page.isprintable() or f"{parts.scheme}://{parts.netloc}" != site:
        raise InvalidInput("只能为本网站的页面签名。", field="url")
    return page
