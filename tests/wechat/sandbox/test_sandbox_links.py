"""Codes with a scene, short links, and pages that want to use the JS-SDK."""

import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from wechat.sandbox.state.links import page_signature

from .backend import APPID
from .platform import MakePlatform, Platform

TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"


def create(platform: Platform, **change: Any) -> dict[str, Any]:
    body = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "act_7"}}} | change
    return platform.ask("/cgi-bin/qrcode/create", **body)


def picture(platform: Platform, ticket: str) -> Any:
    return platform.http.get(f"{platform.url}/mp/cgi-bin/showqrcode?ticket={quote(ticket)}", timeout=5)


def test_a_code_is_shown_scanned_and_ends(platform: Platform) -> None:
    made = create(platform, expire_seconds=600)
    assert (made["expire_seconds"], made["url"].startswith("http://weixin.qq.com/q/")) == (600, True)
    shown = picture(platform, made["ticket"])
    assert (shown.headers["Content-Type"], shown.content[:4]) == ("image/png", b"\x89PNG")
    platform.done("wu", "scan", scene="act_7")
    assert platform.backend.pushes[-1].fields["Ticket"] == made["ticket"]
    platform.clock.advance(600)
    assert picture(platform, made["ticket"]).status_code == 404
    assert create(platform)["expire_seconds"] == 30


def test_a_permanent_code_does_not_end(platform: Platform) -> None:
    made = create(platform, action_name="QR_LIMIT_SCENE", action_info={"scene": {"scene_id": 7}})
    assert "expire_seconds" not in made
    platform.clock.advance(10**8)
    assert picture(platform, made["ticket"]).status_code == 200


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"action_name": "QR_POEM"}, 40052),
        ({"action_info": {"scene": {"scene_str": ""}}}, 40053),
        ({"action_info": {"scene": {"scene_str": "s" * 65}}}, 40053),
        ({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 0}}}, 40053),
        ({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}}, 40053),
        ({"expire_seconds": 0}, 40053),
    ],
)
def test_a_code_out_of_bounds_is_refused(platform: Platform, change: dict[str, Any], errcode: int) -> None:
    assert create(platform, **change)["errcode"] == errcode


def test_whoever_opens_a_code_says_who_scanned_it(make_platform: MakePlatform) -> None:
    platform = make_platform(public_url="http://127.0.0.1:9")
    path = create(platform, expire_seconds=60)["url"].removeprefix("http://127.0.0.1:9")
    page = platform.http.get(platform.url + path, timeout=5)
    assert ('action="/phone/jia/scan"' in page.text, 'value="act_7"' in page.text) == (True, True)
    assert platform.http.get(f"{platform.url}/q/unknown", timeout=5).status_code == 404


def test_long_data_stand_behind_a_short_key(platform: Platform) -> None:
    key = platform.ask("/cgi-bin/shorten/gen", long_data="loooong", expire_seconds=60)["short_key"]
    assert platform.ask("/cgi-bin/shorten/fetch", short_key=key)["long_data"] == "loooong"
    platform.clock.advance(60)
    assert platform.ask("/cgi-bin/shorten/fetch", short_key=key)["errcode"] == 40248
    assert platform.ask("/cgi-bin/shorten/gen", long_data="x" * 4097)["errcode"] == 40247


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://mp.weixin.qq.com?params=value", "0f9de62fce790f9a083d5c99e95740ceb90c27ed"),
        ("http://mp.weixin.qq.com", "f4d90daf4b3bca3078ab155816175ba34c443a7b"),
    ],
)
def test_the_official_signature_of_a_page_is_reproduced(url: str, expected: str) -> None:
    assert page_signature(TICKET, "Wm3WZYTPz0wzccnW", "1414587457", url) == expected


def ticket(platform: Platform) -> dict[str, Any]:
    return platform.get("/cgi-bin/ticket/getticket", type="jsapi", access_token=platform.token())


def config(platform: Platform, url: str, /, **change: Any) -> dict[str, Any]:
    text = f"jsapi_ticket={ticket(platform)['ticket']}&noncestr=n1&timestamp=1767225600&url={url}"
    body = {
        "appId": APPID,
        "timestamp": 1767225600,
        "nonceStr": "n1",
        "signature": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
        "url": url,
        "jsApiList": ["updateAppMessageShareData", "chooseImage"],
    } | change
    answer: dict[str, Any] = platform.http.post(
        f"{platform.url}/res/jssdk/config", data=json.dumps(body), timeout=5
    ).json()
    return answer


def test_a_page_is_let_in_by_its_own_address_alone(platform: Platform) -> None:
    page = f"{platform.backend.url}/polls/1?from=singlemessage"
    assert config(platform, page)["errMsg"] == "config:ok"
    assert config(platform, page, url=f"{page}&isappinstalled=0")["errMsg"] == "config:invalid signature"
    assert config(platform, "http://elsewhere.example/")["errMsg"] == "config:invalid url domain"
    assert config(platform, page, appId="wxnobody")["errMsg"] == "config:invalid appid"
    checks = platform.order("GET", "/page-checks")["checks"]
    assert [check["errMsg"] for check in checks].count("config:ok") == 1


def test_a_parent_domain_covers_its_children(make_platform: MakePlatform) -> None:
    platform = make_platform(js_domains=("example.org",))
    assert config(platform, "http://vote.example.org/")["errMsg"] == "config:ok"
    assert config(platform, "http://badexample.org/")["errMsg"] == "config:invalid url domain"


def test_only_verified_accounts_pages_may_share(make_platform: MakePlatform) -> None:
    platform = make_platform(capabilities="sub-unverified")
    assert config(platform, f"{platform.backend.url}/")["granted"] == ["chooseImage"]


def test_the_ticket_stays_the_same_for_two_hours(platform: Platform) -> None:
    first = ticket(platform)
    platform.clock.advance(100)
    again = ticket(platform)
    assert (again["ticket"], again["expires_in"]) == (first["ticket"], 7100)
    platform.clock.advance(7100)
    assert ticket(platform)["ticket"] != first["ticket"]
    wrong = platform.get("/cgi-bin/ticket/getticket", type="poem", access_token=platform.token())
    assert wrong["errcode"] == 40097


def test_the_script_stands_where_pages_look_for_it(platform: Platform) -> None:
    for path, host in (("/res/open/js/jweixin-1.6.0.js", ""), ("/open/js/jweixin-1.4.0.js", "res.wx.qq.com")):
        response = platform.http.get(platform.url + path, headers={"Host": host} if host else {}, timeout=5)
        assert (response.status_code, "wx" in response.text) == (200, True)


def test_the_real_host_name_reaches_the_one_time_page(platform: Platform) -> None:
    response = platform.http.get(f"{platform.url}/mp/subscribemsg", headers={"Host": "mp.weixin.qq.com"}, timeout=5)
    assert "appid 或 action 参数错误" in response.text
