"""Signing in and out as a browser sees it, the password page, the frame, the demo's doors."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from app.factory import create_app
from config import Settings
from foundation.database import db
from foundation.embedded.servers import Connections
from staff.accounts import Account, disable_member
from staff.actors import COMMAND_LINE
from tests.staff.factories_keys import give_phone
from tests.staff.factories_staff import PASSWORD, Browser, form_token, recorded

PAGES = ["/console/sign-in", "/console/downloads"]


@pytest.fixture
def secure_app(app: Flask, settings: Settings, connections: Connections) -> Iterator[Flask]:
    """The application as it runs for real: over https, without the demo."""
    real = settings.model_copy(update={"demo": False, "public_url": "https://vote.example"})
    application = create_app(real, connections)
    yield application
    with application.app_context():
        db.engine.dispose()


def test_the_right_password_leads_to_the_second_step_and_then_where_one_wanted_to_go(
    browser: Browser, member: Account
) -> None:
    phone = give_phone(member)
    answer = browser.post("/console/sign-in", name="jingban", password=PASSWORD, next="/console/downloads?a=b")
    assert (answer.status_code, answer.location) == (303, "/console/second-step?next=/console/downloads?a%3Db")
    assert browser.get("/console/downloads").location == "/console/second-step?next=/console/downloads"
    second = browser.get(answer.location)
    token = form_token(second)
    answer = browser.post("/console/second-step", csrf_token=token, code=phone.code(), next="/console/downloads?a=b")
    assert (answer.status_code, answer.location) == (303, "/console/downloads?a=b")
    assert browser.get("/console/downloads").status_code == 200


def test_the_way_on_never_leaves_the_console(browser: Browser, member: Account) -> None:
    answer = browser.post("/console/sign-in", name="jingban", password=PASSWORD, next="//elsewhere.example")
    assert answer.location == "/console/second-step?next=/console/"


def test_a_wrong_password_keeps_the_name_and_names_the_field(browser: Browser, member: Account) -> None:
    answer = browser.post("/console/sign-in", name="jingban", password="wrong, wrong, wrong", next="/console/audit")
    assert (answer.status_code, browser.token) == (422, None)
    assert 'value="jingban"' in answer.text
    assert 'aria-describedby="password-error"' in answer.text
    assert "用户名或密码不对，请核对后重新输入。" in answer.text
    assert 'name="next" value="/console/audit"' in answer.text
    assert "wrong, wrong, wrong" not in answer.text


def test_who_is_locked_out_is_told_when_to_come_back(browser: Browser, member: Account) -> None:
    for _ in range(5):
        answer = browser.post("/console/sign-in", name="jingban", password="wrong, wrong, wrong")
    assert answer.status_code == 403
    assert re.search(r"输错次数太多，请在\d\d:\d\d以后再试。", answer.text)


def test_each_sign_in_gives_a_new_session_and_ends_the_former(browser: Browser, member: Account) -> None:
    tokens = []
    for _ in range(2):
        browser.post("/console/sign-in", name="jingban", password=PASSWORD)
        tokens.append(browser.token)
    assert len(set(tokens)) == 2
    stale = Browser(browser.client.application)
    stale.client.set_cookie("staff", tokens[0] or "")
    assert [browser.is_signed_in(), stale.is_signed_in()] == [True, False]


def test_a_planted_token_never_becomes_a_session(browser: Browser, member: Account) -> None:
    planted = "A" * 43
    browser.client.set_cookie("staff", planted)
    browser.post("/console/sign-in", name="jingban", password=PASSWORD)
    assert browser.token != planted
    planter = Browser(browser.client.application)
    planter.client.set_cookie("staff", planted)
    assert planter.get("/console/audit").status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(desk: Browser) -> None:
    kept = desk.token or ""
    answer = desk.submit("/console/sign-out")
    assert (answer.status_code, answer.location, desk.token) == (303, "/console/sign-in", None)
    desk.client.set_cookie("staff", kept)
    assert desk.get("/console/audit").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(browser: Browser, member: Account) -> None:
    answer = browser.post("/console/demo-sign-in/jingban")
    assert re.fullmatch(r"staff=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", answer.headers["Set-Cookie"])


def test_over_https_the_cookie_is_bound_to_the_host(secure_app: Flask, member: Account) -> None:
    browser = Browser(secure_app)
    answer = browser.post("/console/sign-in", name="jingban", password=PASSWORD)
    assert re.fullmatch(r"__Host-staff=[\w-]{43}; Secure; HttpOnly; Path=/; SameSite=Lax", answer.headers["Set-Cookie"])


def test_outside_the_demo_there_is_no_way_in_without_a_password(secure_app: Flask, member: Account) -> None:
    browser = Browser(secure_app)
    assert browser.post("/console/demo-sign-in/jingban").status_code == 404
    assert "演示" not in browser.get("/console/sign-in").text
    assert not [rule for rule in secure_app.url_map.iter_rules() if "demo" in rule.rule]


def test_the_demo_offers_its_staff_at_one_press(browser: Browser, member: Account, colleague: Account) -> None:
    disable_member("kezhang", COMMAND_LINE)
    page = browser.get("/console/sign-in").text
    assert ("示例经办" in page, "示例科长" in page) == (True, False)
    assert browser.post("/console/demo-sign-in/kezhang").status_code == 404
    assert browser.post("/console/demo-sign-in/jingban", next="/console/audit").location == "/console/audit"
    assert browser.is_signed_in()
    assert recorded()[-1] == ("jingban", "staff.demo_sign_in", "jingban", "done")


@pytest.mark.parametrize("path", PAGES)
def test_pages_carry_no_inline_script_or_style_and_rest_nowhere(desk: Browser, path: str) -> None:
    answer = desk.get(path)
    assert answer.status_code == 200
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", answer.text) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_frame_says_who_is_signed_in_and_where_one_is(desk: Browser) -> None:
    page = desk.get("/console/downloads").text
    assert "示例经办" in page
    assert re.findall(r'<a href="([^"]+)" aria-current="page">(\S+)</a>', page) == [("/console/downloads", "下载")]
    assert 'href="#content">跳到正文' in page


def test_names_are_text_and_never_markup(browser: Browser) -> None:
    page = browser.post("/console/sign-in", name='"><script>alert(1)</script>', password="wrong, wrong").text
    assert "<script>alert" not in page
