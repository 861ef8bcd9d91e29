"""The black-box cases about tokens and about a menu that is not there, read from their file."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from staff.roles import Role
from tests.conftest import SECRETS, make_settings
from tests.staff.factories_staff import Browser, make_staff
from tests.wechat.cases import CASES, META, ids_of
from tests.wechat.conftest import UseAccount
from tests.wechat.sandbox.platform import Platform, running
from tests.wechat.scripted_platform import FOLLOWS, INFO, TOKEN, Script, refused, scripted
from wechat.client import WeChat
from wechat.errors import InvalidArgument, Misconfigured

OPENID = META["openid_a"]
CLIENT = {"grant_type": "client_credential", "appid": META["appid"], "secret": META["secret"]}
MENU = "/cgi-bin/menu/get"


@pytest.fixture
def script(app: Flask) -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def sandbox() -> Iterator[Platform]:
    with running() as platform:
        yield platform


def client_of(script: Script, pauses: list[float]) -> WeChat:
    return WeChat(make_settings(wechat_api_url=script.url), sleep=pauses.append)


def test_t01_workers_that_start_cold_share_one_token(app: Flask, script: Script) -> None:
    case = CASES["T01"]
    workers = [client_of(script, []) for _ in range(case["input"]["concurrent"])]

    def call(wechat: WeChat) -> bool:
        with app.app_context():
            return wechat.following(OPENID).follows

    with ThreadPoolExecutor(len(workers)) as threads:
        assert list(threads.map(call, workers)) == [True] * len(workers)
    assert script.calls == {TOKEN: 1, INFO: len(workers)}


@pytest.mark.parametrize("errcode", CASES["T04"]["input"]["variants"])
def test_t04_an_invalid_token_is_renewed_and_a_missing_one_is_our_mistake(script: Script, errcode: int) -> None:
    script.answers[INFO] = [refused(errcode), FOLLOWS]
    wechat = client_of(script, [])
    if CASES["T04"]["expected"][str(errcode)] == "refresh + one retry":
        assert wechat.following(OPENID).follows
        assert script.calls == {TOKEN: 2, INFO: 2}
    else:
        with pytest.raises(InvalidArgument):
            wechat.following(OPENID)
        assert script.calls == {TOKEN: 1, INFO: 1}


def test_t05_a_replaced_token_works_five_minutes_longer(sandbox: Platform) -> None:
    expected = CASES["T05"]["expected"]
    first = sandbox.get("/cgi-bin/token", **CLIENT)["access_token"]
    sandbox.clock.advance(10)
    sandbox.get("/cgi-bin/token", **CLIENT)
    sandbox.clock.advance(299)
    assert ("errcode" in sandbox.get("/cgi-bin/user/get", access_token=first)) is (expected["third"] != "accepted")
    sandbox.clock.advance(2)
    assert sandbox.get("/cgi-bin/user/get", access_token=first)["errcode"] == expected["fourth"]["errcode"]


def test_t06_the_stable_token_stays_the_same(sandbox: Platform) -> None:
    given = CASES["T06"]["input"]["steps"][0]
    (path,) = [value for name, value in given.items() if name == "POST"]
    first = sandbox.post(path, given["json"])
    sandbox.clock.advance(60)
    second = sandbox.post(path, given["json"])
    assert first["access_token"] == second["access_token"]
    assert f"{first['expires_in']} then {second['expires_in']}" == CASES["T06"]["expected"]["expires_in"]


def test_t07_force_is_limited(sandbox: Platform) -> None:
    def force() -> dict[str, Any]:
        return sandbox.post("/cgi-bin/stable_token", {**CLIENT, "force_refresh": True})

    first = force()
    sandbox.clock.advance(10)
    assert force()["access_token"] == first["access_token"]
    for _ in range(19):
        sandbox.clock.advance(30)
        assert "errcode" not in force()
    sandbox.clock.advance(30)
    assert force()["errcode"] == CASES["T07"]["expected"]["third"]["errcode"]


def test_t09_a_reading_is_repeated_with_growing_pauses(script: Script) -> None:
    case, pauses = CASES["T09"], list[float]()
    script.answers[INFO] = list(case["input"]["upstream_sequence"])
    assert client_of(script, pauses).following(OPENID).follows
    assert script.calls[INFO] == case["expected"]["api_calls"]
    assert pauses == sorted(pauses)
    assert len(set(pauses)) == len(pauses) == 2


def test_t11_the_page_names_the_address_and_the_platform_is_left_alone(
    app: Flask, script: Script, use_account: UseAccount, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    case = CASES["T11"]
    caplog.set_level(logging.DEBUG)
    script.answers[TOKEN] = [case["input"]["upstream_always"]]
    wechat = use_account(wechat_api_url=script.url).client
    for _ in range(10):
        with pytest.raises(Misconfigured):
            wechat.following(OPENID)
    assert script.calls == {TOKEN: 1}
    page = Browser(app).signed_in_as(make_staff("guanli", "示例管理", Role.ADMINISTRATOR)).get("/console/wechat").text
    assert "203.0.113.9" in page
    assert SECRETS["WECHAT_SECRET"] not in page + caplog.text + "".join(capfd.readouterr())


def test_m02_no_menu_is_none_and_no_error(script: Script) -> None:
    script.answers[MENU] = [CASES["M02"]["input"]["upstream"][MENU]]
    assert client_of(script, []).menu() is None
    assert script.calls == {TOKEN: 1, MENU: 1}


def test_every_case_about_tokens_has_its_test() -> None:
    tested = {name.split("_")[1].upper() for name in globals() if name.startswith("test_t") and name[6:8].isdigit()}
    assert tested == set(ids_of("token"))
