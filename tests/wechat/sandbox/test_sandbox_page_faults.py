"""An authorisation goes wrong as it was told to."""

from urllib.parse import parse_qs, urlsplit

import pytest

from .backend import APPID, SECRET
from .platform import MakePlatform, Platform
from .test_sandbox_oauth import address, code_in, exchange, opened


@pytest.mark.parametrize(("kind", "errcode"), [("code_used", 40163), ("code_expired", 42003)])
def test_a_code_is_worth_nothing(platform: Platform, kind: str, errcode: int) -> None:
    platform.fault(kind, path="snsapi_base", count=1)
    assert exchange(platform, code_in(opened(platform, address(platform))))["errcode"] == errcode
    assert "openid" in exchange(platform, code_in(opened(platform, address(platform))))


def test_the_state_comes_back_as_another(platform: Platform) -> None:
    platform.fault("state_changed", count=1)
    back = urlsplit(opened(platform, address(platform)).headers["Location"])
    assert parse_qs(back.query)["state"] != ["s7Kq2mX9"]


def test_the_person_is_a_virtual_one(platform: Platform) -> None:
    platform.fault("snapshot_user", count=1)
    assert exchange(platform, code_in(opened(platform, address(platform))))["is_snapshotuser"] == 1
    forced = exchange(platform, code_in(opened(platform, address(platform) + "&forceSnapShot=true")))
    assert forced["is_snapshotuser"] == 1


def test_the_way_back_is_opened_twice(platform: Platform) -> None:
    platform.fault("double_callback", count=1)
    page = opened(platform, address(platform))
    assert (page.status_code, f'href="{platform.backend.url}/wechat/login/return?' in page.text) == (200, True)


def test_a_preview_opens_the_way_back_first(platform: Platform) -> None:
    platform.fault("preview", count=1)
    assert opened(platform, address(platform)).status_code == 302


def test_who_comes_from_the_chat_is_not_asked(platform: Platform) -> None:
    consent = address(platform, scope="snsapi_userinfo")
    platform.http.post(f"{platform.url}/phone/jia/opened", timeout=5)
    assert opened(platform, consent).status_code == 302
    assert opened(platform, f"{consent}&forcePopup=true").status_code == 200
    platform.clock.advance(300)
    assert opened(platform, consent).status_code == 200


def test_the_part_behind_the_hash_may_be_asked_for(make_platform: MakePlatform) -> None:
    platform = make_platform(check_fragment=True)
    page = opened(platform, address(platform))
    assert (page.status_code, "#wechat_redirect" in page.text) == (200, True)
    assert opened(platform, f"{address(platform)}&wechat_redirect=1").status_code == 302


def test_an_account_with_a_unionid_tells_it_to_those_who_asked(make_platform: MakePlatform) -> None:
    platform = make_platform(has_unionid=True)
    platform.http.post(f"{platform.url}/phone/jia/opened", timeout=5)
    told = exchange(platform, code_in(opened(platform, address(platform, scope="snsapi_userinfo"))))
    silent = exchange(platform, code_in(opened(platform, address(platform))))
    assert ("unionid" in told, "unionid" in silent) == (True, False)
    asked = {"access_token": told["access_token"], "openid": told["openid"]}
    assert platform.get("/sns/userinfo", **asked)["unionid"] == told["unionid"]


def test_without_the_right_no_code_is_worth_anything(make_platform: MakePlatform) -> None:
    platform = make_platform()
    code = code_in(opened(platform, address(platform)))
    platform.order("PATCH", "/accounts/-", capabilities="sub-verified")
    given = {"appid": APPID, "secret": SECRET, "code": code, "grant_type": "authorization_code"}
    assert platform.get("/sns/oauth2/access_token", **given)["errcode"] == 48001
