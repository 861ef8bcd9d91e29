"""Signing in goes out with a state of its own, comes back once, and ends where the reader wanted to be."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote

import pytest
import requests
from flask import Request
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import func, select
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder

from foundation.clock import utc_now
from foundation.keyvalue import connect, keyvalue
from foundation.transaction import transaction
from staff.personal.running import run_daily
from tests.conftest import DatabaseClock
from tests.wechat.conftest import UseAccount, World
from wechat.account import Account
from wechat.identity import Voter, current_voter
from wechat.models import LoginAttempt
from wechat.offers import Keyword, Offers

HOSTILE = [
    "//evil.example",
    "///evil.example",
    "////evil.example/x",
    "https://evil.example",
    "http://evil.example/",
    "HTTP://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "https:///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "/\\/evil.example",
    "\\/evil.example",
    "/\\\\evil.example",
    "/%5c\\evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "mailto:a@evil.example",
    "weixin://dl/business",
    "evil.example",
    "evil.example/",
    "www.evil.example",
    "@evil.example",
    ":@evil.example",
    "user:pw@evil.example",
    ".evil.example",
    "..//evil.example",
    "./evil",
    "?next=//evil.example",
    "#//evil.example",
    ";//evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\r\n/evil.example",
    "\r\n//evil.example",
    "/x\r\nSet-Cookie: voter=1",
    "/x\nLocation: //evil.example",
    "/\x0b/evil.example",
    "/\x0c/evil.example",
    "/\x1f/evil.example",
    "/\x7f/evil.example",
    "/\x85/evil.example",
    "/\xa0/evil.example",
    "/\u2028/evil.example",
    "/\u2029/evil.example",
    "/\u200b/evil.example",
    "/\ufeff/evil.example",
    "/\u202e/evil.example",
    "\u3000//evil.example",
    " //evil.example",
    "  https://evil.example",
    "／／evil.example",
    "//evil.example\\@vote.example",
    "//evil.example%2f..",
    "//evil。example",
    "//vote.example.evil.example",
    "//vote.example@evil.example",
    "http://vote.example.evil.example/polls",
    "http://vote.example@evil.example/",
    "http://vote.example\\.evil.example",
    "/" + "a" * 600,
    "",
    "x",
]
KEPT = ["/", "/polls/2026", "/polls/2026?from=singlemessage&isappinstalled=0", "/polls/评选", "/a/../b", "/%2F/evil"]


def attempts() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(LoginAttempt)) or 0


def voter_of(world: World) -> Voter | None:
    """Return whom the site takes the browser for."""
    value = world.browser.cookies.get("voter", "")
    return current_voter(Request(EnvironBuilder(headers=[("Cookie", f"voter={value}")]).get_environ()))


def pick(world: World, person: str) -> None:
    """Take this person's phone into the hand."""
    world.browser.post(f"{world.platform}/phone/{person}/pick", timeout=5)


def authorised(world: World, path: str = "/polls/2026", person: str = "jia") -> str:
    """Go out to the platform on a person's phone; returns the address it sends the browser back to."""
    pick(world, person)
    return platform_sends_back(world, world.go(f"{world.site}/wechat/login?next={quote(path)}"))


def platform_sends_back(world: World, departure: requests.Response) -> str:
    assert departure.status_code == 302
    back = world.go(departure.headers["Location"])
    assert back.status_code == 302, back.text
    return back.headers["Location"]


def is_departure(world: World, response: requests.Response) -> bool:
    location = response.headers.get("Location", "")
    return response.status_code == 302 and location.startswith(f"{world.platform}/open/connect/oauth2/authorize?")


def reset_account(world: World, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Give the service other settings than the ones it began with."""
    settings = world.app.config["SETTINGS"].model_copy(update=changes)
    monkeypatch.setitem(world.app.extensions, "wechat_account", Account(settings, utc_now))


def test_the_platforms_address_is_written_letter_by_letter(client: FlaskClient, use_account: UseAccount) -> None:
    use_account(public_url="https://vote.example.org", wechat_open_url="https://open.weixin.qq.com")
    response = client.get("/wechat/login?next=/polls/2026")
    assert response.status_code == 302
    assert re.fullmatch(
        re.escape(
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef"
            "&redirect_uri=https%3A%2F%2Fvote.example.org%2Fwechat%2Flogin%2Freturn"
            "&response_type=code&scope=snsapi_base&state="
        )
        + "[A-Za-z0-9]{32}#wechat_redirect",
        response.headers["Location"],
    )
    cookie, *attributes = response.headers["Set-Cookie"].split("; ")
    assert re.fullmatch("__Host-login=[0-9a-f]{32}", cookie)
    assert {part for part in attributes if not part.startswith("Expires=")} == {
        "Secure",
        "HttpOnly",
        "SameSite=Lax",
        "Path=/",
        "Max-Age=600",
    }
    assert "no-store" in response.headers["Cache-Control"]


def test_each_sign_in_has_a_state_of_its_own_and_none_rests_readable(client: FlaskClient) -> None:
    states = {
        parse_qs(client.get("/wechat/login").headers["Location"].partition("#")[0])["state"][0] for _ in range(20)
    }
    assert len(states) == 20
    with transaction() as session:
        rests = b"".join(session.scalars(select(LoginAttempt.state_digest)))
    assert [state for state in states if state.encode() in rests or bytes.fromhex(state) in rests] == []


def test_whoever_authorises_is_signed_in_and_gets_where_they_wanted(world: World) -> None:
    back = authorised(world, "/polls/2026?from=singlemessage")
    with capture_logs() as lines:
        response = world.go(back)
    assert (response.status_code, response.headers["Location"]) == (303, "/polls/2026?from=singlemessage")
    assert voter_of(world) == Voter(world.openid("jia"), snapshot=False)
    assert (attempts(), lines) == (0, [])
    for secret in (world.openid("jia"), "access_token", "refresh_token", "0123456789abcdef0123456789abcdef"):
        assert secret not in response.text + str(response.headers)


def test_a_snapshot_is_signed_in_as_one(world: World) -> None:
    world.phone("jia", "snapshot", on="yes")
    world.go(authorised(world))
    voter = voter_of(world)
    assert voter is not None
    assert voter.snapshot
    assert voter.openid != world.openid("jia")


def test_another_person_on_the_same_phone_replaces_the_first(world: World) -> None:
    world.go(authorised(world, person="jia"))
    world.go(authorised(world, person="yi"))
    assert voter_of(world) == Voter(world.openid("yi"), snapshot=False)


def test_two_pages_may_sign_in_side_by_side(world: World) -> None:
    first, second = authorised(world, "/one"), authorised(world, "/two")
    assert [world.go(back).headers["Location"] for back in (second, first)] == ["/two", "/one"]


def test_a_second_load_of_the_return_goes_on(world: World) -> None:
    back = authorised(world)
    world.go(back)
    cookie = world.browser.cookies["voter"]
    for _ in range(3):
        response = world.go(back)
        assert (response.status_code, response.headers["Location"]) == (303, "/polls/2026")
    assert world.browser.cookies["voter"] == cookie


def test_a_second_load_that_outran_the_cookie_starts_over_once(world: World) -> None:
    back = authorised(world)
    world.go(back)
    del world.browser.cookies["voter"]
    again = world.go(back)
    assert is_departure(world, again)
    second = platform_sends_back(world, again)
    assert world.go(second).headers["Location"] == "/polls/2026"
    del world.browser.cookies["voter"]
    assert world.go(second).status_code == 403


def test_a_second_load_goes_on_though_redis_forgot(world: World) -> None:
    back = authorised(world)
    world.go(back)
    keyvalue().flushdb()
    assert world.go(back).headers["Location"] == "/"
    del world.browser.cookies["voter"]
    assert world.go(back).status_code == 403


def test_without_redis_people_still_sign_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(world.app.extensions, "redis", connect("redis://127.0.0.1:1/0"))
    back = authorised(world)
    assert world.go(back).headers["Location"] == "/polls/2026"
    assert world.go(back).headers["Location"] == "/"


def test_a_code_that_was_used_starts_over_once_and_then_says_what_to_do(world: World) -> None:
    used = authorised(world)
    world.go(used)
    del world.browser.cookies["voter"]
    again = world.go(with_code(authorised(world), code_of(used)))
    assert is_departure(world, again)
    page = world.go(with_code(platform_sends_back(world, again), code_of(used)))
    assert page.status_code == 403
    assert "请关闭本页，回到公众号，从菜单或消息里重新打开。" in page.text
    assert (voter_of(world), "errcode" in page.text) == (None, False)


def test_a_code_that_the_platform_calls_used_goes_on_where_one_is_signed_in(world: World) -> None:
    used = authorised(world)
    world.go(used)
    keyvalue().flushdb()
    response = world.go(with_code(authorised(world, "/polls/two"), code_of(used)))
    assert (response.status_code, response.headers["Location"]) == (303, "/polls/two")


@pytest.mark.parametrize("signed_in", [False, True])
def test_an_unknown_code_starts_over_once_and_then_stops(world: World, signed_in: bool) -> None:
    if signed_in:
        world.go(authorised(world))
    again = world.go(with_code(authorised(world), "never-given-1"))
    assert is_departure(world, again)
    assert world.go(with_code(platform_sends_back(world, again), "never-given-2")).status_code == 403
    assert (voter_of(world) is not None) is signed_in


def test_an_unknown_code_is_healed_by_starting_over(world: World) -> None:
    again = world.go(with_code(authorised(world), "never-given"))
    assert world.go(platform_sends_back(world, again)).headers["Location"] == "/polls/2026"
    assert voter_of(world) == Voter(world.openid("jia"), snapshot=False)


def test_a_code_that_is_too_old_starts_over(world: World) -> None:
    back = authorised(world)
    world.ahead += 301
    again = world.go(back)
    assert is_departure(world, again)
    assert world.go(platform_sends_back(world, again)).headers["Location"] == "/polls/2026"


def test_one_code_is_exchanged_once_whatever_state_it_comes_with(world: World) -> None:
    first, second = authorised(world, "/one"), authorised(world, "/two")
    world.go(first)
    response = world.go(with_code(second, code_of(first)))
    assert (response.status_code, response.headers["Location"]) == (303, "/two")
    assert world.exchanges() == 1


@pytest.mark.parametrize("change", [{"wechat_secret": SecretStr("f" * 32)}, {"wechat_appid": "wxffffffffffffffff"}])
def test_wrong_settings_are_an_alarm_and_no_loop(
    world: World, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    back = authorised(world)
    reset_account(world, monkeypatch, **change)
    with capture_logs() as lines:
        page = world.go(back)
    assert page.status_code == 503
    assert [name for name in ("f" * 32, "wxf", "errcode") if name in page.text] == []
    assert "wechat_sign_in_misconfigured" in [line["event"] for line in lines if line["log_level"] == "error"]


def test_while_the_platform_is_away_the_page_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    back = authorised(world)
    reset_account(world, monkeypatch, wechat_api_url="http://127.0.0.1:1")
    page = world.go(back)
    assert page.status_code == 503
    assert "微信暂时没有应答，请稍后再试。" in page.text
    assert 'href="/wechat/login?next=/polls/2026"' in page.text


@pytest.mark.parametrize("query", ["state={state}", "state={state}&code=", "code="])
def test_whoever_does_not_agree_is_told_that_reading_needs_no_sign_in(world: World, query: str) -> None:
    back = authorised(world)
    state = parse_qs(back.partition("?")[2])["state"][0]
    page = world.go(f"{world.site}/wechat/login/return?{query.format(state=state)}")
    assert page.status_code == 403
    assert "没有登录成功" in page.text
    assert (world.exchanges(), voter_of(world)) == (0, None)


class TestState:
    def test_a_state_opens_nothing_in_another_browser(self, world: World) -> None:
        back = authorised(world)
        world.browser.cookies.clear()
        page = world.go(back)
        assert (page.status_code, voter_of(world), world.exchanges()) == (403, None, 0)

    def test_a_state_of_another_browser_opens_nothing_in_this_one(self, world: World) -> None:
        foreign = authorised(world, person="yi")
        world.browser.cookies.clear()
        authorised(world, person="jia")
        page = world.go(foreign)
        assert (page.status_code, voter_of(world), world.exchanges()) == (403, None, 0)

    @pytest.mark.parametrize("state", ["", "x", "0" * 32, "0" * 5000, "状态", "' OR 1=1 --"])
    def test_a_forged_state_is_refused_before_the_code_is_spent(self, world: World, state: str) -> None:
        code = code_of(authorised(world))
        page = world.browser.get(
            f"{world.site}/wechat/login/return", params={"code": code, "state": state}, allow_redirects=False, timeout=5
        )
        assert (page.status_code, voter_of(world), world.exchanges(), attempts()) == (403, None, 0, 1)

    def test_a_state_works_once(self, world: World) -> None:
        back = authorised(world)
        world.go(back)
        del world.browser.cookies["voter"]
        fresh = code_of(authorised(world))
        page = world.go(with_code(back, fresh))
        assert (page.status_code, voter_of(world), world.exchanges()) == (403, None, 1)

    def test_a_state_ends_after_ten_minutes(self, world: World, database_clock: DatabaseClock) -> None:
        back = authorised(world)
        database_clock.advance(timedelta(minutes=10, seconds=1))
        page = world.go(back)
        assert (page.status_code, voter_of(world), world.exchanges(), attempts()) == (403, None, 0, 0)
        assert "登录要在10分钟内完成，请重新进入。" in page.text

    def test_a_state_lasts_ten_minutes(self, world: World, database_clock: DatabaseClock) -> None:
        back = authorised(world)
        database_clock.advance(timedelta(minutes=9, seconds=50))
        assert world.go(back).headers["Location"] == "/polls/2026"

    def test_a_planted_cookie_is_replaced(self, world: World) -> None:
        world.browser.cookies.set("login", "planted", domain="127.0.0.1", path="/")
        authorised(world)
        assert re.fullmatch("[0-9a-f]{32}", str(world.browser.cookies["login"]))

    def test_sign_ins_that_nobody_came_back_from_are_forgotten(
        self, world: World, database_clock: DatabaseClock
    ) -> None:
        authorised(world)
        database_clock.advance(timedelta(minutes=21))
        authorised(world)
        run_daily()
        assert attempts() == 1


@pytest.mark.parametrize("path", HOSTILE)
def test_nobody_is_sent_off_this_site(client: FlaskClient, path: str) -> None:
    response = client.get("/wechat/login", query_string={"next": path})
    assert response.status_code == 302
    with transaction() as session:
        assert session.scalars(select(LoginAttempt.return_path)).all() == ["/"]


@pytest.mark.parametrize("path", KEPT)
def test_a_path_of_this_site_is_kept(world: World, path: str) -> None:
    response = world.go(authorised(world, path))
    assert response.status_code == 303
    assert response.headers["Location"] == quote(path, safe="/?&=%.")


def test_there_are_enough_hostile_paths() -> None:
    assert len(set(HOSTILE)) >= 60


class TestWithoutSignIn:
    @pytest.fixture(autouse=True)
    def _no_right(self, use_account: UseAccount) -> None:
        use_account(wechat_capabilities="sub-verified")

    @pytest.mark.parametrize("address", ["/wechat/login?next=/polls/2026", "/wechat/login/return?code=1&state=1"])
    def test_the_page_names_menu_and_words_and_nobody_is_sent_away(self, client: FlaskClient, address: str) -> None:
        offers: Offers = client.application.extensions["wechat_offers"]
        before = list(offers.keywords)
        offers.keywords[:] = [Keyword("投票", "参加评选", leads_in=True), Keyword("结果", "看结果")]
        page = client.get(address)
        offers.keywords[:] = before
        assert page.status_code == 200
        assert "请从公众号进入" in page.text
        assert "点底部菜单里的相应栏目" in page.text
        assert "回复“投票”：参加评选" in page.text
        assert "回复“结果”" not in page.text
        assert "open.weixin.qq.com" not in page.text
        assert "Set-Cookie" not in page.headers
        assert attempts() == 0

    def test_the_content_stays_one_step_away(self, client: FlaskClient) -> None:
        assert 'href="/polls/2026"' in client.get("/wechat/login?next=/polls/2026").text


class TestDomainProof:
    def test_the_file_is_served_at_the_root(self, client: FlaskClient, use_account: UseAccount, tmp_path: Path) -> None:
        (tmp_path / "MP_verify_AbC123.txt").write_text("AbC123")
        use_account(wechat_verify_files=tmp_path)
        response = client.get("/MP_verify_AbC123.txt")
        assert (response.status_code, response.text) == (200, "AbC123")
        assert response.content_type == "text/plain; charset=utf-8"

    @pytest.mark.parametrize("name", ["other", "..", "%2e%2e", "a%2fb", "a.b", "名", "A" * 65])
    def test_nothing_else_is(self, client: FlaskClient, use_account: UseAccount, tmp_path: Path, name: str) -> None:
        (tmp_path / "secret.txt").write_text("secret")
        use_account(wechat_verify_files=tmp_path)
        assert client.get(f"/MP_verify_{name}.txt").status_code == 404

    def test_without_a_folder_there_is_none(self, client: FlaskClient, use_account: UseAccount) -> None:
        use_account(wechat_verify_files=None)
        assert client.get("/MP_verify_AbC123.txt").status_code == 404


def code_of(address: str) -> str:
    return parse_qs(address.partition("?")[2])["code"][0]


def with_code(address: str, code: str) -> str:
    return address.replace(code_of(address), code)
