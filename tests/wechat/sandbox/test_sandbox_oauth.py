"""Web authorisation: a strict address, a code for one use, and a person who may say no."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from .backend import APPID, SECRET
from .platform import Platform


def address(platform: Platform, **change: str) -> str:
    given = {
        "appid": APPID,
        "redirect_uri": f"{platform.backend.url}/wechat/login/return?next=1",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s7Kq2mX9",
    } | change
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
    return f"{platform.url}/open/connect/oauth2/authorize?{query}"


def opened(platform: Platform, url: str, follower: str = "jia") -> requests.Response:
    return platform.http.get(url, cookies={"phone": follower}, allow_redirects=False, timeout=5)


def code_in(response: requests.Response) -> str:
    assert response.status_code == 302, response.text
    return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]


def exchange(platform: Platform, issued: str, **change: str) -> dict[str, Any]:
    given = {"appid": APPID, "secret": SECRET, "code": issued, "grant_type": "authorization_code"} | change
    return platform.get("/sns/oauth2/access_token", **given)


def consent(platform: Platform, decision: str) -> requests.Response:
    return platform.http.post(
        address(platform, scope="snsapi_userinfo"),
        data={"decision": decision},
        cookies={"phone": "jia"},
        allow_redirects=False,
        timeout=5,
    )


def test_the_silent_way_leads_back_with_code_and_state(platform: Platform) -> None:
    response = opened(platform, address(platform))
    back = urlsplit(response.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == f"{platform.backend.url}/wechat/login/return"
    assert parse_qs(back.query) == {"next": ["1"], "code": [code_in(response)], "state": ["s7Kq2mX9"]}
    grant = exchange(platform, code_in(response))
    assert (grant["openid"], grant["scope"], grant["expires_in"]) == (platform.openid("jia"), "snsapi_base", 7200)
    assert "is_snapshotuser" not in grant


def test_a_code_serves_once(platform: Platform) -> None:
    code = code_in(opened(platform, address(platform)))
    assert "openid" in exchange(platform, code)
    assert exchange(platform, code)["errcode"] == 40163


def test_a_code_is_good_for_five_minutes(platform: Platform) -> None:
    first, second = (code_in(opened(platform, address(platform))) for _ in range(2))
    platform.clock.advance(299)
    assert "openid" in exchange(platform, first)
    platform.clock.advance(1)
    assert exchange(platform, second)["errcode"] == 42003


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"code": "never-issued"}, 40029),
        ({"code": ""}, 41008),
        ({"grant_type": "client_credential"}, 40002),
        ({"appid": "wxanother"}, 40013),
        ({"secret": "wrong"}, 40125),
    ],
)
def test_a_wrong_exchange_is_refused_and_leaves_the_code(
    platform: Platform, change: dict[str, str], errcode: int
) -> None:
    code = code_in(opened(platform, address(platform)))
    assert exchange(platform, code, **change)["errcode"] == errcode
    assert "openid" in exchange(platform, code)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"redirect_uri": "http://elsewhere.example/"}, "错误码：10003"),
        ({"redirect_uri": "http://sub.127.0.0.1/"}, "错误码：10003"),
        ({"redirect_uri": "http://[oops"}, "错误码：10003"),
        ({"redirect_uri": ""}, "错误码：10011"),
        ({"scope": "snsapi_login"}, "错误码：10005"),
        ({"scope": ""}, "错误码：10010"),
        ({"appid": ""}, "错误码：10012"),
        ({"appid": "wxanother"}, "appid 不是这里的公众号的"),
        ({"state": ""}, "错误码：10013"),
        ({"state": "a-b"}, "state 只能有字母和数字"),
        ({"state": "s" * 129}, "state 只能有字母和数字"),
        ({"response_type": "token"}, "response_type 只能是 code"),
    ],
)
def test_a_wrong_address_ends_on_a_page_that_says_why(platform: Platform, change: dict[str, str], shown: str) -> None:
    response = opened(platform, address(platform, **change))
    assert response.status_code == 200
    assert shown in response.text


def test_the_order_of_the_parameters_is_strict(platform: Platform) -> None:
    right = address(platform)
    turned = right.replace(f"appid={APPID}&", "") + f"&appid={APPID}"
    assert "参数要按这个顺序排列" in opened(platform, turned).text
    assert opened(platform, right + "&connect_redirect=1").status_code == 302


def test_consent_is_asked_for_and_may_be_refused(platform: Platform) -> None:
    page = opened(platform, address(platform, scope="snsapi_userinfo"))
    assert page.status_code == 200
    assert "允许" in page.text
    refused = consent(platform, "deny")
    assert (refused.status_code, "Location" in refused.headers) == (200, False)
    grant = exchange(platform, code_in(consent(platform, "allow")))
    profile = platform.get("/sns/userinfo", access_token=grant["access_token"], openid=grant["openid"])
    assert (profile["openid"], profile["nickname"], profile["sex"]) == (platform.openid("jia"), "示例党员甲", 0)


def test_the_silent_scope_gives_no_profile(platform: Platform) -> None:
    grant = exchange(platform, code_in(opened(platform, address(platform))))
    asked = {"access_token": grant["access_token"], "openid": grant["openid"]}
    assert platform.get("/sns/auth", **asked)["errcode"] == 0
    assert platform.get("/sns/userinfo", **asked)["errcode"] == 48001
    assert platform.get("/sns/auth", **(asked | {"openid": platform.openid("yi")}))["errcode"] == 40003
    assert platform.get("/sns/auth", **(asked | {"access_token": "never"}))["errcode"] == 40001
    assert platform.get("/sns/auth", openid=grant["openid"])["errcode"] == 41001
    platform.clock.advance(7200)
    assert platform.get("/sns/auth", **asked)["errcode"] == 42001


def test_a_refresh_token_gives_new_access_for_thirty_days(platform: Platform) -> None:
    grant = exchange(platform, code_in(opened(platform, address(platform))))
    asked = {"appid": APPID, "grant_type": "refresh_token", "refresh_token": grant["refresh_token"]}
    platform.clock.advance(30 * 86_400 - 1)
    fresh = platform.get("/sns/oauth2/refresh_token", **asked)
    assert (fresh["openid"], fresh["scope"]) == (grant["openid"], grant["scope"])
    assert platform.get("/sns/auth", access_token=fresh["access_token"], openid=fresh["openid"])["errcode"] == 0
    platform.clock.advance(1)
    assert platform.get("/sns/oauth2/refresh_token", **asked)["errcode"] == 42002
    assert platform.get("/sns/oauth2/refresh_token", **(asked | {"refresh_token": "never"}))["errcode"] == 40030


@pytest.mark.parametrize("scope", ["snsapi_base", "snsapi_userinfo"])
def test_in_snapshot_mode_the_person_is_a_virtual_one(platform: Platform, scope: str) -> None:
    platform.act("jia", "snapshot", on="yes")
    url = address(platform, scope=scope)
    cookies = {"phone": "jia"}
    openids = set()
    for _ in range(2):
        response = platform.http.post(
            url, data={"decision": "allow"}, cookies=cookies, allow_redirects=False, timeout=5
        )
        grant = exchange(platform, code_in(response))
        assert grant["is_snapshotuser"] == 1
        openids.add(grant["openid"])
    assert len(openids) == 2
    assert platform.openid("jia") not in openids
    platform.act("jia", "snapshot", on="no")
    assert exchange(platform, code_in(opened(platform, address(platform))))["openid"] == platform.openid("jia")


def test_without_a_phone_in_the_hand_one_is_picked_and_the_way_goes_on(platform: Platform) -> None:
    url = address(platform)
    with requests.Session() as browser:
        page = browser.get(url, timeout=5)
        assert "请先选一位" in page.text
        onward = url.removeprefix(platform.url)
        assert quote(onward, safe="/?=&%").replace("&", "&amp;") in page.text
        picked = browser.post(f"{platform.url}/phone/yi/pick", data={"next": onward}, timeout=5)
    code = parse_qs(urlsplit(picked.url).query)["code"][0]
    assert exchange(platform, code)["openid"] == platform.openid("yi")


def test_picking_leads_nowhere_but_to_the_authorise_page(platform: Platform) -> None:
    response = platform.http.post(
        f"{platform.url}/phone/yi/pick", data={"next": "//elsewhere.example/"}, allow_redirects=False, timeout=5
    )
    assert (response.status_code, response.headers["Location"]) == (303, "/phone/yi/")
