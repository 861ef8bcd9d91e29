"""What an account may do follows from its kind; who may speak for it, from its secret and its addresses."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from wechat.sandbox.capabilities import PRESETS, read_capabilities
from wechat.sandbox.config import SandboxConfig

from .backend import APPID, SECRET
from .platform import MakePlatform, Platform

CLIENT = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
BY_RIGHT = {
    "menu": "/cgi-bin/menu/create",
    "customer_message": "/cgi-bin/message/custom/send",
    "mass_tag": "/cgi-bin/message/mass/sendall",
    "mass_openid": "/cgi-bin/message/mass/send",
    "template": "/cgi-bin/message/template/send",
    "subscribe_notice": "/cgi-bin/message/subscribe/bizsend",
    "once_subscription": "/cgi-bin/message/template/subscribe",
    "users": "/cgi-bin/tags/create",
    "draft": "/cgi-bin/draft/add",
    "material": "/cgi-bin/material/batchget_material",
    "scene_qr": "/cgi-bin/qrcode/create",
    "short_link": "/cgi-bin/shorten/gen",
}


def authorise(platform: Platform, appid: str = APPID) -> str:
    back = quote(f"{platform.backend.url}/wechat/login/return", safe="")
    query = f"appid={appid}&redirect_uri={back}&response_type=code&scope=snsapi_base&state=s7"
    return f"{platform.url}/open/connect/oauth2/authorize?{query}"


@pytest.mark.parametrize("preset", PRESETS)
def test_a_kind_of_account_is_refused_exactly_what_it_may_not(make_platform: MakePlatform, preset: str) -> None:
    platform = make_platform(capabilities=preset)
    refused = {right for right, path in BY_RIGHT.items() if platform.ask(path, nothing=1).get("errcode") == 48001}
    assert refused == BY_RIGHT.keys() - PRESETS[preset]


@pytest.mark.parametrize("preset", PRESETS)
def test_only_some_kinds_of_account_learn_who_opens_their_pages(make_platform: MakePlatform, preset: str) -> None:
    platform = make_platform(capabilities=preset)
    response = platform.http.get(authorise(platform), cookies={"phone": "jia"}, allow_redirects=False, timeout=5)
    page = "" if response.status_code == 302 else response.text
    assert ("错误码：10005" in page) is ("oauth" not in PRESETS[preset])


def test_a_right_is_added_or_taken_away_by_name(platform: Platform) -> None:
    assert read_capabilities("sub-verified-gov,-oauth,+template") == PRESETS["sub-verified"] | {"template"}
    platform.order("PATCH", "/accounts/-", capabilities="service-verified,-template")
    assert platform.ask("/cgi-bin/message/template/send", x=1)["errcode"] == 48001
    assert platform.ask("/cgi-bin/tags/create", tag={"name": "党员"})["tag"]["name"] == "党员"


@pytest.mark.parametrize(("text", "named"), [("sub-golden", "sub-golden"), ("sub-verified,+flight", "flight")])
def test_unknown_kinds_and_rights_are_named(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read_capabilities(text)


def test_an_address_outside_the_list_gets_no_token(make_platform: MakePlatform) -> None:
    platform = make_platform(ip_whitelist=("203.0.113.9",))
    answer = platform.get("/cgi-bin/token", **CLIENT)
    assert answer["errcode"] == 40164
    assert answer["errmsg"].startswith("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ")
    platform.order("PATCH", "/accounts/-", ip_whitelist=["127.0.0.1"])
    assert platform.get("/cgi-bin/token", **CLIENT)["expires_in"] == 7200


def test_a_frozen_secret_opens_nothing(make_platform: MakePlatform) -> None:
    platform = make_platform(secret_frozen=True)
    assert platform.post("/cgi-bin/stable_token", CLIENT)["errcode"] == 40243


def test_every_callback_domain_of_the_account_is_accepted(platform: Platform) -> None:
    platform.order("PATCH", "/accounts/-", callback_domains=["vote.example.org"])
    elsewhere = authorise(platform).replace(quote(platform.backend.url, safe=""), "https%3A%2F%2Fvote.example.org")
    response = platform.http.get(elsewhere, cookies={"phone": "jia"}, allow_redirects=False, timeout=5)
    assert response.headers["Location"].startswith("https://vote.example.org/wechat/login/return?code=")


def test_two_accounts_of_one_subject_know_a_person_by_different_openids_and_one_unionid(
    make_platform: MakePlatform,
) -> None:
    platform = make_platform(capabilities="sub-verified", has_unionid=True)
    platform.order("POST", "/accounts", appid="wxother", secret="o" * 32, capabilities="service-verified")
    other = platform.post("/cgi-bin/stable_token", CLIENT | {"appid": "wxother", "secret": "o" * 32})["access_token"]
    mine = platform.token()
    theirs = platform.get("/cgi-bin/user/get", access_token=other)["data"]["openid"][0]
    known = [
        platform.get("/cgi-bin/user/info", access_token=token, openid=openid)
        for token, openid in ((mine, platform.openid("jia")), (other, theirs))
    ]
    assert known[0]["openid"] != known[1]["openid"]
    assert known[0]["unionid"] == known[1]["unionid"]
    assert platform.get("/cgi-bin/user/info", access_token=mine, openid=theirs)["errcode"] == 40003
    response = platform.http.get(
        authorise(platform, "wxother"), cookies={"phone": "jia"}, allow_redirects=False, timeout=5
    )
    code = parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]
    exchanged = platform.get(
        "/sns/oauth2/access_token", appid="wxother", secret="o" * 32, code=code, grant_type="authorization_code"
    )
    assert exchanged["openid"] == theirs


def test_another_accounts_phones_stand_below_its_appid(platform: Platform) -> None:
    platform.order("POST", "/accounts", appid="wxother", account_name="示例服务号", original_id="gh_other")
    page = platform.http.get(f"{platform.url}/accounts/wxother/phone/jia/", timeout=5).text
    assert "示例服务号" in page
    assert 'data-base="/accounts/wxother/phone/jia/"' in page
    answer = platform.http.post(
        f"{platform.url}/accounts/wxother/phone/jia/text",
        data={"content": "您好"},
        headers={"Accept": "application/json"},
        timeout=5,
    )
    assert answer.json()["push"]["outcome"] == "success"
    assert platform.backend.pushes[-1].fields["ToUserName"] == "gh_other"
    assert platform.chat("jia")["lines"] == []
    assert platform.http.get(f"{platform.url}/accounts/wxnobody/phone/jia/", timeout=5).status_code == 404


@pytest.mark.parametrize("setting", ["capabilities", "publish_event", "previous_aes_key"])
def test_a_setting_that_cannot_be_is_refused(platform: Platform, setting: str) -> None:
    response = platform.http.patch(f"{platform.admin_url}/accounts/-", json={setting: "nonsense"}, timeout=5)
    assert (response.status_code, setting in response.json()["error"]) == (422, True)
    assert SandboxConfig.__dataclass_fields__[setting]
