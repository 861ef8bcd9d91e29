"""A client library of others, which knows only the real platform, works against the sandbox."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient, WeChatOAuth
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException

from .backend import APPID, SECRET
from .platform import Platform

REAL = "https://api.weixin.qq.com"


class Rewrite(HTTPAdapter):
    """Sends to the sandbox what was meant for the real host."""

    def __init__(self, base: str) -> None:
        self._base = base
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        request.url = self._base + request.url.removeprefix(REAL)
        return super().send(request, *args, **kwargs)


def test_the_client_manages_menu_followers_and_messages(platform: Platform) -> None:
    client = WeChatClient(APPID, SECRET, auto_retry=False)
    client._http.mount(REAL, Rewrite(f"{platform.url}/api"))
    menu = {"button": [{"type": "click", "name": "我的", "key": "MINE"}]}
    with client._http:
        assert client.menu.create(menu)["errcode"] == 0
        assert client.menu.get()["menu"]["button"][0]["key"] == "MINE"
        assert list(client.user.iter_followers()) == [platform.openid(key) for key in ("jia", "yi", "bing", "ding")]
        assert client.user.get(platform.openid("jia"))["subscribe"] == 1
        with pytest.raises(WeChatClientException) as refused:
            client.message.send_text(platform.openid("jia"), "您好")
        assert refused.value.errcode == 45015
        platform.done("jia", "text", content="投票")
        client.message.send_text(platform.openid("jia"), "您好")
    assert platform.chat("jia")["lines"][-1]["text"] == "您好"


def test_the_client_authorises(platform: Platform) -> None:
    oauth = WeChatOAuth(APPID, SECRET, f"{platform.backend.url}/wechat/login/return", state="s7Kq2mX9")
    oauth.OAUTH_BASE_URL = f"{platform.url}/open/connect/"
    oauth._http.mount(REAL, Rewrite(f"{platform.url}/api"))
    with oauth._http:
        back = platform.http.get(oauth.authorize_url, cookies={"phone": "yi"}, allow_redirects=False, timeout=5)
        code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
        assert oauth.fetch_access_token(code)["openid"] == platform.openid("yi")
        with pytest.raises(WeChatOAuthException) as used:
            oauth.fetch_access_token(code)
    assert used.value.errcode == 40163
