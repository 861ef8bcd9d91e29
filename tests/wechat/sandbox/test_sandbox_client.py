"""A client library of others, which knows only the real platform, works against the sandbox."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient, WeChatOAuth, create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.utils import check_signature

from .backend import AES_KEY, APPID, SECRET, TOKEN, Push
from .platform import MakePlatform, Platform

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
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


def test_the_client_marks_people_and_keeps_material(platform: Platform) -> None:
    client = WeChatClient(APPID, SECRET, auto_retry=False)
    client._http.mount(REAL, Rewrite(f"{platform.url}/api"))
    jia, yi = platform.openid("jia"), platform.openid("yi")
    with client._http:
        tag = client.tag.create("党员")["id"]
        client.tag.tag_user(tag, [jia, yi])
        assert client.tag.get_user_tag(jia) == [tag]
        assert client.tag.get_tag_users(tag)["data"]["openid"] == [jia, yi]
        client.user.update_remark(jia, "示例")
        assert client.user.get(jia)["remark"] == "示例"
        client.menu.create({"button": [{"type": "click", "name": "我的", "key": "MINE"}]})
        client.menu.add_conditional(
            {"button": [{"type": "click", "name": "专区", "key": "M"}], "matchrule": {"tag_id": tag}}
        )
        assert client.menu.try_match(jia)["button"][0]["name"] == "专区"
        kept = client.media.upload("image", ("a.png", PNG))
        assert client.media.download(kept["media_id"]).content == PNG
        assert client.material.add("image", ("a.png", PNG))["url"]
        assert client.material.get_count()["image_count"] == 1
        assert client.qrcode.create({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}})
        ticket = client.jsapi.get_jsapi_ticket()
    signature = client.jsapi.get_jsapi_signature("n1", ticket, 1767225600, f"{platform.backend.url}/")
    page = {
        "appId": APPID,
        "timestamp": 1767225600,
        "nonceStr": "n1",
        "signature": signature,
        "url": f"{platform.backend.url}/",
    }
    checked = platform.http.post(f"{platform.url}/res/jssdk/config", data=json.dumps(page), timeout=5)
    assert checked.json()["errMsg"] == "config:ok"


def test_the_client_sends_and_reads_the_events_that_follow(platform: Platform) -> None:
    client = WeChatClient(APPID, SECRET, auto_retry=False)
    client._http.mount(REAL, Rewrite(f"{platform.url}/api"))
    template_id = platform.order("POST", "/accounts/-/templates", title="公示提醒", content="公示：{{thing1.DATA}}")[
        "template_id"
    ]
    with client._http:
        client.message.send_template(platform.openid("jia"), template_id, {"thing1": {"value": "十佳"}})
        client.message.send_mass_text(None, "公示", is_to_all=True)
        openids = [platform.openid("jia"), platform.openid("yi")]
        job = client.message.send_mass_text(openids, "名单")["msg_id"]
        platform.run_jobs()
        assert client.message.get_mass(job)["msg_status"] == "SEND_SUCCESS"
    events = [parse_message(push.body) for push in platform.backend.pushes]
    assert sorted((event.event, event.status) for event in events) == [
        ("masssendjobfinish", "send success"),
        ("masssendjobfinish", "send success"),
        ("templatesendjobfinish", "success"),
    ]
    assert {line["via"] for line in platform.chat("jia")["lines"]} == {"template", "mass"}


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_the_clients_crypto_and_the_platforms_understand_each_other(make_platform: MakePlatform, mode: str) -> None:
    platform = make_platform(message_mode=mode)
    crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)

    def answer(push: Push) -> str:
        query, xml = push.query, push.body
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        if mode != "plain":
            xml = crypto.decrypt_message(xml, query["msg_signature"], query["timestamp"], query["nonce"])
        message = parse_message(xml)
        reply = create_reply(f"您说了：{message.content}", message).render()
        return str(reply if mode == "plain" else crypto.encrypt_message(reply, "4711", "1767225601"))

    platform.backend.script.append(answer)
    done = platform.done("jia", "text", content="投票")
    assert (done["push"]["fault"], done["lines"][-1]["text"]) == (None, "您说了：投票")


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
