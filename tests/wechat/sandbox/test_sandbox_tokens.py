"""access_tokens live, overlap and die as the platform's do."""

from typing import Any

import pytest

from .backend import APPID, SECRET
from .platform import Platform

CLIENT = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}


def fetch(platform: Platform) -> str:
    return str(platform.get("/cgi-bin/token", **CLIENT)["access_token"])


def stable(platform: Platform, **more: Any) -> dict[str, Any]:
    return platform.post("/cgi-bin/stable_token", {**CLIENT, **more})


def errcode_of(platform: Platform, token: str) -> int | None:
    errcode: int | None = platform.get("/cgi-bin/user/get", access_token=token).get("errcode")
    return errcode


def test_a_replaced_token_works_five_minutes_longer(platform: Platform) -> None:
    first = fetch(platform)
    platform.clock.advance(10)
    second = fetch(platform)
    platform.clock.advance(299)
    assert (errcode_of(platform, first), errcode_of(platform, second)) == (None, None)
    platform.clock.advance(2)
    assert (errcode_of(platform, first), errcode_of(platform, second)) == (40001, None)


def test_a_token_dies_after_two_hours(platform: Platform) -> None:
    issued = platform.get("/cgi-bin/token", **CLIENT)
    assert issued["expires_in"] == 7200
    platform.clock.advance(7199)
    assert errcode_of(platform, issued["access_token"]) is None
    platform.clock.advance(1)
    assert errcode_of(platform, issued["access_token"]) == 42001


def test_missing_and_unknown_tokens_have_their_own_errors(platform: Platform) -> None:
    assert (errcode_of(platform, ""), errcode_of(platform, "never-issued")) == (41001, 40014)


def test_the_stable_token_stays_the_same_until_five_minutes_before_its_end(platform: Platform) -> None:
    first = stable(platform)
    platform.clock.advance(60)
    again = stable(platform)
    assert (first["expires_in"], again["expires_in"]) == (7200, 7140)
    assert again["access_token"] == first["access_token"]
    platform.clock.advance(7200 - 60 - 300)
    renewed = stable(platform)
    assert renewed["access_token"] != first["access_token"]
    assert renewed["expires_in"] == 7200
    platform.clock.advance(299)
    assert errcode_of(platform, first["access_token"]) is None
    platform.clock.advance(1)
    assert errcode_of(platform, first["access_token"]) == 42001
    assert errcode_of(platform, renewed["access_token"]) is None


def test_the_two_families_of_tokens_do_not_disturb_each_other(platform: Platform) -> None:
    steady = stable(platform)["access_token"]
    ordinary = fetch(platform)
    stable(platform, force_refresh=True)
    platform.clock.advance(301)
    assert (errcode_of(platform, steady), errcode_of(platform, ordinary)) == (40001, None)


def test_a_forced_refresh_kills_the_old_token_at_once_but_not_twice_in_thirty_seconds(platform: Platform) -> None:
    old = stable(platform)["access_token"]
    forced = stable(platform, force_refresh=True)["access_token"]
    assert (errcode_of(platform, old), errcode_of(platform, forced)) == (40001, None)
    platform.clock.advance(29)
    assert stable(platform, force_refresh=True)["access_token"] == forced
    platform.clock.advance(1)
    assert stable(platform, force_refresh=True)["access_token"] != forced


def test_the_twenty_first_forced_refresh_of_a_day_is_refused_and_the_next_day_allows_again(platform: Platform) -> None:
    for _ in range(20):
        assert "errcode" not in stable(platform, force_refresh=True)
        platform.clock.advance(30)
    assert stable(platform, force_refresh=True)["errcode"] == 45009
    platform.clock.advance(86_400)
    assert "errcode" not in stable(platform, force_refresh=True)


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"grant_type": "password"}, 40002),
        ({"appid": "wxanother"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
    ],
)
def test_a_client_that_is_not_the_account_gets_no_token(
    platform: Platform, change: dict[str, str], errcode: int
) -> None:
    assert platform.get("/cgi-bin/token", **(CLIENT | change))["errcode"] == errcode
    assert stable(platform, **change)["errcode"] == errcode


def test_every_error_has_a_rid_of_its_own_and_every_success_an_unknown_member(platform: Platform) -> None:
    first, second = (platform.get("/cgi-bin/user/get")["errmsg"] for _ in range(2))
    assert first.startswith("access_token missing, rid: ")
    assert first != second
    assert "sandbox_rid" in platform.get("/cgi-bin/user/get", access_token=fetch(platform))


def test_unknown_paths_wrong_methods_and_bad_bodies_are_errors_in_json(platform: Platform) -> None:
    token = platform.token()
    url = f"{platform.url}/api/cgi-bin/menu/create"
    answers = [
        platform.get("/cgi-bin/no/such/thing"),
        platform.get("/cgi-bin/menu/create", access_token=token),
        platform.post("/cgi-bin/menu/get", {}, access_token=token),
        platform.http.post(url, params={"access_token": token}, timeout=5).json(),
        platform.http.post(url, params={"access_token": token}, data=b"{oops", timeout=5).json(),
        platform.http.post(url, params={"access_token": token}, data=b"[1]", timeout=5).json(),
    ]
    assert [answer["errcode"] for answer in answers] == [40066, 43002, 43001, 44002, 47001, 47001]


def test_the_real_host_name_reaches_the_same_api(platform: Platform) -> None:
    answer = platform.http.get(
        f"{platform.url}/cgi-bin/token", params=CLIENT, headers={"Host": "api.weixin.qq.com"}, timeout=5
    ).json()
    assert errcode_of(platform, answer["access_token"]) is None
