"""The home page and the console's desk: what rooms offer, put in order."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.texts import HOME_NOTICE, SITE_FOOTER
from config import Settings
from staff.accounts import Account
from tests.conftest import DatabaseClock
from tests.factories import make_poll
from tests.staff.factories_staff import Browser, make_staff
from tests.staff.options.factories_options import set_to


@pytest.fixture
def member(app: Flask) -> Account:
    return make_staff()


def polls_on(page: str) -> list[str]:
    """The polls a page leads to, in order, each once."""
    return list(dict.fromkeys(re.findall(r'href="/polls/([a-z-]+)', page)))


def test_without_a_poll_the_home_page_says_so(client: FlaskClient) -> None:
    response = client.get("/")

    assert response.status_code == 200
    assert "现在没有投票。" in response.text


def test_the_home_page_leads_to_polls_those_that_take_ballots_first(client: FlaskClient) -> None:
    make_poll("over", state="closed", opens_in=timedelta(days=-3), closes_in=timedelta(days=-1))
    make_poll("to-come", opens_in=timedelta(days=1), closes_in=timedelta(days=2))
    make_poll("certified", state="certified", opens_in=timedelta(days=-9), closes_in=timedelta(days=-8))
    make_poll("open", title="示例网上评议")
    make_poll("draft", state="draft")

    page = client.get("/").text

    assert polls_on(page) == ["open", "to-come", "over", "certified"]
    assert "示例网上评议" in page


def test_a_poll_moves_down_when_its_time_is_over(client: FlaskClient, database_clock: DatabaseClock) -> None:
    make_poll("short", closes_in=timedelta(hours=1))
    make_poll("long", closes_in=timedelta(days=3))
    database_clock.advance(timedelta(hours=2))

    assert polls_on(client.get("/").text) == ["long", "short"]


def test_a_title_is_shown_as_text_whatever_it_holds(client: FlaskClient) -> None:
    make_poll(title="<script>alert(1)</script>")

    page = client.get("/").text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_everything_the_home_page_leads_to_is_there(client: FlaskClient) -> None:
    make_poll()

    links = set(re.findall(r'href="(/[^"]*)"', client.get("/").text))

    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_the_footer_names_the_filing_numbers_that_the_environment_sets(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"site_footer": "示例备 00000000 号"}))

    assert "示例备 00000000 号" in app.test_client().get("/").text


def test_the_footer_that_staff_set_stands_on_every_public_page(client: FlaskClient) -> None:
    make_poll("with-footer")
    set_to(SITE_FOOTER, "示例备 11111111 号")

    pages = ("/", "/polls/with-footer", "/receipts/", "/no-such-page")

    assert {page: "示例备 11111111 号" in client.get(page).text for page in pages} == dict.fromkeys(pages, True)


def test_the_home_page_bears_the_notice_as_long_as_there_is_one(client: FlaskClient) -> None:
    before = client.get("/").text
    set_to(HOME_NOTICE, "今晚22点<维护>")

    assert "今晚22点" not in before
    assert '<p class="amber" role="status">今晚22点&lt;维护&gt;</p>' in client.get("/").text


def test_the_desk_is_for_staff(client: FlaskClient) -> None:
    response = client.get("/console/")

    assert (response.status_code, response.headers["Location"]) == (303, "/console/sign-in?next=/console/")


def test_a_desk_with_nothing_to_do_says_so(app: Flask, member: Account, database_clock: DatabaseClock) -> None:
    database_clock.set(datetime(2026, 6, 1, tzinfo=UTC))

    page = Browser(app).signed_in_as(member).client.get("/console/").text

    assert "现在没有要办的事" in page
    assert "还没有操作记录" in page


def test_the_desk_shows_what_is_to_be_done_and_every_link_on_it_works(app: Flask, member: Account) -> None:
    make_poll("open", title="示例进行中的评议")
    make_poll("over", state="closed", title="示例待确认的评议", closes_in=timedelta(minutes=-1))
    browser = Browser(app).signed_in_as(member).client

    page = browser.get("/console/").text

    assert "示例待确认的评议" in page
    links = {link for link in re.findall(r'href="(/console[^"]*)"', page) if "sign-out" not in link}
    assert {link: browser.get(link).status_code for link in links} == dict.fromkeys(links, 200)
