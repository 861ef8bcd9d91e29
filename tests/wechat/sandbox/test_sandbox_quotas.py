"""Calls are counted by path, by the platform's day and by the minute."""

import pytest

from .backend import APPID, SECRET
from .platform import MakePlatform, Platform

PATH = "/cgi-bin/user/get"


def errcodes(platform: Platform, times: int) -> list[int]:
    token = platform.token()
    return [int(platform.get(PATH, access_token=token).get("errcode", 0)) for _ in range(times)]


def test_a_days_calls_run_out_and_begin_again_at_midnight_of_the_platform(platform: Platform) -> None:
    platform.order("POST", "/accounts/-/quotas", path=PATH, daily=2)
    assert errcodes(platform, 3) == [0, 0, 45009]
    platform.clock.advance(16 * 3600 - 1)  # the tests begin at eight in the morning
    assert errcodes(platform, 1) == [45009]
    platform.clock.advance(1)
    assert errcodes(platform, 1) == [0]


def test_a_minutes_calls_run_out_and_begin_again(platform: Platform) -> None:
    platform.order("POST", "/accounts/-/quotas", path=PATH, per_minute=1)
    assert errcodes(platform, 2) == [0, 45011]
    platform.clock.advance(60)
    assert errcodes(platform, 1) == [0]


def test_usage_is_told_and_cleared_ten_times_a_month(platform: Platform) -> None:
    errcodes(platform, 2)
    asked = {"cgi_path": PATH}
    assert platform.ask("/cgi-bin/openapi/quota/get", **asked)["quota"] == {
        "daily_limit": 500,
        "used": 2,
        "remain": 498,
    }
    assert platform.ask("/cgi-bin/openapi/quota/clear", **asked)["errcode"] == 0
    assert platform.ask("/cgi-bin/openapi/quota/get", **asked)["quota"]["used"] == 0
    cleared = [platform.ask("/cgi-bin/clear_quota", appid=APPID)["errcode"] for _ in range(8)]
    by_secret = platform.post("/cgi-bin/clear_quota/v2", {"appid": APPID, "appsecret": SECRET})
    assert (cleared, by_secret["errcode"]) == ([0] * 8, 0)
    assert platform.ask("/cgi-bin/clear_quota", appid=APPID)["errcode"] == 48006
    platform.clock.advance(31 * 86_400)
    assert platform.ask("/cgi-bin/clear_quota", appid=APPID)["errcode"] == 0


def test_a_test_account_has_a_tenth(make_platform: MakePlatform) -> None:
    platform = make_platform(quota_divisor=10)
    assert platform.ask("/cgi-bin/openapi/quota/get", cgi_path="/cgi-bin/token")["quota"]["daily_limit"] == 200


def test_a_refused_call_is_found_again_by_its_rid(platform: Platform) -> None:
    rid = platform.get(PATH)["errmsg"].rpartition("rid: ")[2]
    assert platform.ask("/cgi-bin/openapi/rid/get", rid=rid)["request"]["request_url"] == PATH
    assert platform.ask("/cgi-bin/openapi/rid/get", rid="never")["errcode"] == 76001


@pytest.mark.parametrize("path", ["/cgi-bin/getcallbackip", "/cgi-bin/get_api_domain_ip"])
def test_the_platforms_addresses_are_told(platform: Platform, path: str) -> None:
    assert platform.get(path, access_token=platform.token())["ip_list"] == ["127.0.0.1"]


def test_the_platform_checks_the_callback(platform: Platform) -> None:
    assert platform.ask("/cgi-bin/callback/check", action="all")["sandbox_verified"] is True
    assert platform.ask("/cgi-bin/callback/check", action="sing")["errcode"] == 40201
