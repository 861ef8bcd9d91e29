"""A personal link lets one person in, for one purpose, for ten minutes, in the first browser that goes in by it."""

import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from foundation.transaction import transaction
from staff.personal.running import run_daily
from tests.conftest import PUBLIC_URL, DatabaseClock
from tests.factories import ballot_headers, make_poll, sign_in
from tests.wechat.conftest import UseAccount
from tests.wechat.factories_wechat import OPENID_A, OPENID_B
from votes.models import Ballot
from votes.parts import votes_parts
from wechat.links import personal_link
from wechat.models import PersonalLink
from wechat.personal_data import forget_voter

DEMO, OTHER = "poll:demo", "poll:other"
Press = Callable[..., TestResponse]


@pytest.fixture(autouse=True)
def _account(use_account: UseAccount) -> None:
    use_account(at=time.time(), wechat_capabilities="sub-verified")


@pytest.fixture(autouse=True)
def _no_papers_of_other_tests(app: Flask) -> None:
    for slug in ("demo", "other"):
        votes_parts().shelf.forget(slug)


@pytest.fixture
def phone(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def another(app: Flask) -> FlaskClient:
    return app.test_client()


def link(openid: str = OPENID_A, purpose: str = DEMO, path: str = "/polls/demo?from=chat") -> str:
    """Make a link and return its path."""
    address = personal_link(openid, purpose, path, button="进入投票")
    assert address.startswith(PUBLIC_URL)
    return urlsplit(address).path


def press(browser: FlaskClient, path: str, **headers: str) -> TestResponse:
    return browser.post(path, headers={"Origin": PUBLIC_URL, **headers})


def go_in(browser: FlaskClient, path: str) -> TestResponse:
    """Open a link and press its button."""
    browser.get(path)
    return press(browser, path)


def is_in(browser: FlaskClient, slug: str = "demo") -> bool:
    answer = browser.get(f"/polls/{slug}/me.json").get_json()
    return bool(answer["signed_in"])


def vote(browser: FlaskClient, slug: str = "demo", nonce: str = "n" * 32) -> TestResponse:
    headers = ballot_headers(browser.application, slug)
    return browser.post(f"/polls/{slug}/ballots", json={"choices": [1], "nonce": nonce}, headers=headers)


def ballots() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Ballot)) or 0


def test_looking_at_a_link_binds_nothing_and_one_tap_goes_in(phone: FlaskClient, another: FlaskClient) -> None:
    make_poll()
    path = link()
    for method in ("HEAD", "GET", "GET", "HEAD"):
        assert another.open(path, method=method).status_code == 200
    page = phone.get(path)
    assert (page.status_code, "Location" in page.headers) == (200, False)
    assert re.search(
        r'<form[^>]* method="post">\s*<button class="button main" type="submit">进入投票</button>', page.text
    )
    assert "no-store" in page.headers["Cache-Control"]
    assert not is_in(phone)
    entered = press(phone, path)
    assert (entered.status_code, entered.headers["Location"]) == (303, "/polls/demo?from=chat")
    assert is_in(phone)
    assert not is_in(another)


def test_what_the_browser_is_told(phone: FlaskClient, use_account: UseAccount) -> None:
    use_account(at=time.time(), public_url="https://vote.example", wechat_capabilities="sub-verified")
    path = urlsplit(personal_link(OPENID_A, DEMO, "/polls/demo")).path
    asked = phone.get(path, base_url="https://localhost")
    entered = phone.post(path, base_url="https://localhost", headers={"Origin": "https://vote.example"})
    told = [response.headers["Set-Cookie"].split("; ") for response in (asked, entered)]
    names = [cookie.partition("=")[0] for cookie, *_ in told]
    assert names[0] == "__Host-login"
    assert re.fullmatch("__Host-voter-[0-9a-f]{16}", names[1])
    said = [{part for part in attributes if not part.startswith("Expires=")} for _, *attributes in told]
    assert said == [{"Secure", "HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={seconds}"} for seconds in (600, 86_400)]


def test_nothing_about_the_person_is_in_the_link_nor_the_link_in_the_database() -> None:
    path = link()
    assert re.fullmatch("/v/[0-9a-f]{32}", path)
    token = path.removeprefix("/v/")
    with transaction() as session:
        row = session.execute(text("SELECT * FROM personal_link")).mappings().one()
    rests = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    for secret in (token.encode(), bytes.fromhex(token), OPENID_A.encode()):
        assert secret not in rests


def test_whoever_is_handed_a_link_that_was_opened_is_told_how_to_get_their_own(
    phone: FlaskClient, another: FlaskClient
) -> None:
    make_poll()
    path = link()
    go_in(phone, path)
    for response in (another.get(path), press(another, path), go_in(another, path)):
        assert response.status_code == 403
        assert "这个链接已经有人用了" in response.text
        assert "回复“投票”" in response.text
        assert "点底部菜单里的相应栏目" in response.text
        assert "<form" not in response.text
    assert not is_in(another)
    assert vote(another).status_code == 401


def test_without_a_menu_none_is_named(phone: FlaskClient, use_account: UseAccount) -> None:
    use_account(at=time.time(), wechat_capabilities="sub-unverified")
    page = phone.get("/v/" + "0" * 32)
    assert (page.status_code, "菜单" in page.text, "回复“投票”" in page.text) == (403, False, True)


def test_the_first_browser_may_come_again_and_again(phone: FlaskClient, another: FlaskClient) -> None:
    make_poll()
    path = link()
    go_in(phone, path)
    go_in(another, path)
    for response in (phone.get(path), press(phone, path), phone.get(path)):
        assert (response.status_code, response.headers["Location"]) == (303, "/polls/demo?from=chat")
    for cookie in ("voter-" + name for name in _purpose_cookies(phone)):
        phone.delete_cookie(cookie)
    assert not is_in(phone)
    assert phone.get(path).status_code == 303
    assert is_in(phone)


def test_two_browsers_at_once_and_one_is_in(app: Flask) -> None:
    make_poll()
    path, browsers = link(), [app.test_client() for _ in range(4)]
    for browser in browsers:
        browser.get(path)
    together, statuses = threading.Barrier(4), []

    def go(browser: FlaskClient) -> None:
        together.wait(10)
        statuses.append(press(browser, path).status_code)

    threads = [threading.Thread(target=go, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(statuses) == [303, 403, 403, 403]
    assert [is_in(browser) for browser in browsers].count(True) == 1


def test_a_link_lasts_ten_minutes(phone: FlaskClient, another: FlaskClient, database_clock: DatabaseClock) -> None:
    make_poll()
    path = link()
    database_clock.advance(timedelta(minutes=9, seconds=50))
    assert phone.get(path).status_code == 200
    database_clock.advance(timedelta(seconds=11))
    for response in (phone.get(path), press(phone, path), go_in(another, path)):
        assert (response.status_code, "链接10分钟内有效" in response.text) == (403, True)
    assert not is_in(phone)


def test_whoever_came_in_by_it_goes_on_by_it_as_long_as_they_are_known(
    phone: FlaskClient, another: FlaskClient, database_clock: DatabaseClock
) -> None:
    make_poll()
    path = link()
    go_in(phone, path)
    database_clock.advance(timedelta(minutes=11))
    assert (phone.get(path).status_code, another.get(path).status_code) == (303, 403)
    for name in _purpose_cookies(phone):
        phone.delete_cookie("voter-" + name)
    assert (phone.get(path).status_code, is_in(phone)) == (403, False)


@pytest.mark.parametrize("opened", [False, True])
def test_a_newer_link_takes_the_place_of_the_older(phone: FlaskClient, another: FlaskClient, opened: bool) -> None:
    make_poll()
    older = link()
    if opened:
        go_in(another, older)
        for name in _purpose_cookies(another):
            another.delete_cookie("voter-" + name)
    newer = link()
    assert go_in(another, older).status_code == 403
    assert go_in(phone, newer).status_code == 303
    assert (is_in(phone), is_in(another)) == (True, False)


def test_links_of_other_people_and_for_other_ends_stay(app: Flask) -> None:
    for slug in ("demo", "other"):
        make_poll(slug)
    paths = [link(), link(OPENID_B), link(purpose=OTHER)]
    assert [go_in(app.test_client(), path).status_code for path in paths] == [303, 303, 303]


def test_no_character_of_a_link_may_change(phone: FlaskClient) -> None:
    make_poll()
    path = link()
    beginning = len("/v/")
    for at in range(beginning, len(path)):
        for letter in {"0", "f", path[at].upper()} - {path[at]}:
            forged = path[:at] + letter + path[at + 1 :]
            assert (phone.get(forged).status_code, press(phone, forged).status_code) == (403, 403), forged
    for forged in (path[:-1], path + "0", path + "%20", "/v/%E6%8A%95%E7%A5%A8", "/v/" + "a" * 3_000):
        assert press(phone, forged).status_code == 403
    assert not is_in(phone)
    assert go_in(phone, path).status_code == 303


def test_another_site_cannot_press_the_button(phone: FlaskClient, another: FlaskClient) -> None:
    make_poll()
    path = link()
    phone.get(path)
    for origin in ("https://evil.example", "null", PUBLIC_URL + ".evil.example"):
        assert press(phone, path, Origin=origin).status_code == 200
    assert not is_in(phone)
    assert phone.post(path).status_code == 303, "an old phone does not say where a form comes from"


def test_a_phone_that_keeps_no_cookie_binds_nothing_and_is_told(app: Flask, phone: FlaskClient) -> None:
    make_poll()
    path, forgetful = link(), app.test_client(use_cookies=False)
    page = press(forgetful, path)
    assert (page.status_code, "这部手机没有记住上一步" in page.text) == (200, True)
    assert go_in(phone, path).status_code == 303


@pytest.mark.parametrize("planted", ["planted", "x" * 33, "é" * 32])
def test_a_planted_secret_is_replaced(phone: FlaskClient, planted: str) -> None:
    make_poll()
    phone.set_cookie("login", planted)
    phone.get(link())
    cookie = phone.get_cookie("login")
    assert cookie is not None
    assert re.fullmatch("[0-9a-f]{32}", cookie.value)


class TestPurpose:
    """The identity that a link gives is for the link's purpose and for nothing more."""

    @pytest.fixture(autouse=True)
    def _polls(self) -> None:
        for slug in ("demo", "other"):
            make_poll(slug, visibility="after_voting")

    def test_a_link_to_one_poll_opens_no_ballot_of_another(self, phone: FlaskClient) -> None:
        go_in(phone, link())
        assert (is_in(phone, "demo"), is_in(phone, "other")) == (True, False)
        assert (vote(phone, "other").status_code, ballots()) == (401, 0)
        assert (vote(phone, "demo").status_code, ballots()) == (201, 1)

    def test_the_receipt_and_the_second_try_are_the_voters_in_this_poll(self, phone: FlaskClient) -> None:
        go_in(phone, link())
        receipt = vote(phone).get_json()["receipt"]
        assert phone.get("/polls/demo/me.json").get_json()["receipt"]["code"] == receipt["code"]
        assert phone.get("/polls/other/me.json").get_json()["receipt"] is None
        second = vote(phone, nonce="m" * 32)
        assert (second.status_code, second.get_json()["receipt"]["code"]) == (409, receipt["code"])
        sees = [phone.get(f"/polls/{slug}/me.json").get_json()["results"] for slug in ("demo", "other")]
        assert sees == [True, False]

    def test_by_whatever_way_one_person_has_one_ballot(self, app: Flask, phone: FlaskClient) -> None:
        sign_in(phone, OPENID_A)
        assert vote(phone).status_code == 201
        for _ in range(2):
            browser = app.test_client()
            go_in(browser, link())
            assert vote(browser, nonce="m" * 32).status_code == 409
        assert ballots() == 1

    def test_a_link_to_a_poll_shows_nothing_of_what_is_kept(self, phone: FlaskClient) -> None:
        go_in(phone, link())
        vote(phone)
        assert "退出并删除" not in phone.get("/me").text

    def test_a_link_to_what_is_kept_opens_no_ballot(self, phone: FlaskClient) -> None:
        go_in(phone, link(purpose="me", path="/me"))
        assert "退出并删除" in phone.get("/me").text
        assert vote(phone).status_code == 401

    def test_the_cookie_of_one_purpose_is_none_of_another(self, phone: FlaskClient, another: FlaskClient) -> None:
        go_in(phone, link())
        go_in(another, link(OPENID_B, OTHER, "/polls/other"))
        (mine,), (others,) = _purpose_cookies(phone).values(), _purpose_cookies(another)
        another.set_cookie("voter", mine)
        another.set_cookie(f"voter-{others}", mine)
        assert (is_in(another, "demo"), is_in(another, "other")) == (False, False)

    def test_another_person_on_the_same_phone_replaces_the_first(self, phone: FlaskClient, app: Flask) -> None:
        go_in(phone, link(OPENID_A))
        vote(phone)
        go_in(phone, link(OPENID_B))
        assert vote(phone, nonce="m" * 32).status_code == 201


def test_whoever_leaves_leaves_no_link_that_works(phone: FlaskClient, another: FlaskClient) -> None:
    make_poll()
    opened, unopened, others = link(), link(purpose="me", path="/me"), link(OPENID_B)
    go_in(phone, opened)
    forget_voter(OPENID_A)
    assert not is_in(phone)
    assert [go_in(phone, path).status_code for path in (opened, unopened)] == [403, 403]
    assert go_in(another, others).status_code == 303


def test_links_are_forgotten_after_a_day(database_clock: DatabaseClock) -> None:
    link()
    database_clock.advance(timedelta(hours=23))
    run_daily()
    assert _kept() == 1
    database_clock.advance(timedelta(hours=25))
    link(OPENID_B)
    run_daily()
    assert _kept() == 1


def test_no_link_stands_in_the_log(phone: FlaskClient, another: FlaskClient) -> None:
    path = link()
    with capture_logs() as lines:
        go_in(phone, path)
        go_in(another, path)
        go_in(another, path[:-1])
    written = str(lines)
    assert [secret for secret in (path.removeprefix("/v/"), OPENID_A) if secret in written] == []


def _kept() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(PersonalLink)) or 0


def _purpose_cookies(browser: FlaskClient) -> dict[str, str]:
    """Return the cookies that name somebody for one purpose, by the end of their names."""
    jar = browser._cookies or {}
    return {cookie.key.removeprefix("voter-"): cookie.value for cookie in jar.values() if cookie.key[:6] == "voter-"}
