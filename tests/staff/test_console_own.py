"""The second step and one's own account as a browser sees them."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from staff.accounts import Account
from staff.recovery_codes import recovery_codes_left
from staff.second_factor import has_second_factor
from staff.sessions import browsers_of, find_session, pending_of
from tests.staff.factories_keys import Phone, give_codes, give_phone, half_way
from tests.staff.factories_staff import PASSWORD, Browser, form_token, recorded

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

OTHER = "另一句长长的示例密码 2027"
PAGES = [
    "/console/account",
    "/console/account/password",
    "/console/account/second-factor",
    "/console/account/recovery-codes",
]
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0"


@pytest.fixture
def arrived(browser: Browser, member: Account) -> Browser:
    """A browser at which the member's password was right."""
    browser.client.set_cookie("staff", half_way(member))
    return browser


def send(browser: Browser, path: str, **fields: str) -> TestResponse:
    """Send the form that stands on the page of the same path."""
    return browser.post(path, csrf_token=form_token(browser.get(path)), **fields)


def is_complete(browser: Browser) -> bool:
    found = find_session(browser.token)
    return found is not None and found.complete


def error_of(answer: TestResponse, field: str) -> str:
    found = re.search(rf'<p class="error" id="{field}-error">(.+?)</p>', answer.text)
    return found[1] if found else ""


def codes_on(answer: TestResponse) -> list[str]:
    return re.findall(r"<code>([0-9A-Z-]{14})</code>", answer.text)


# The second step


@pytest.mark.parametrize("path", ["/console/", "/console/audit", "/console/polls/", *PAGES])
def test_half_way_leads_nowhere_but_to_the_second_step(arrived: Browser, path: str) -> None:
    answer = arrived.get(path)
    assert (answer.status_code, answer.location) == (303, f"/console/second-step?next={path}")


def test_half_way_changes_nothing(arrived: Browser, member: Account) -> None:
    give_phone(member)
    token = form_token(arrived.get("/console/second-step"))
    answer = arrived.post("/console/account/sessions/end-others", csrf_token=token)
    assert answer.location.startswith("/console/second-step")
    assert recorded() == []


def test_the_code_of_the_phone_leads_on_under_a_new_cookie(arrived: Browser, member: Account) -> None:
    phone, former = give_phone(member), arrived.token
    answer = send(arrived, "/console/second-step", code=phone.code(), next="/console/downloads")
    assert (answer.status_code, answer.location) == (303, "/console/downloads")
    assert (is_complete(arrived), arrived.token == former, find_session(former)) == (True, False, None)
    assert "HttpOnly" in answer.headers["Set-Cookie"]


def test_a_wrong_code_is_told_at_its_field_and_leads_nowhere(arrived: Browser, member: Account) -> None:
    phone = give_phone(member)
    answer = send(arrived, "/console/second-step", code=phone.wrong_code(), next="/console/downloads")
    assert (answer.status_code, is_complete(arrived)) == (422, False)
    assert error_of(answer, "code") == "动态码不对，或已经用过。请等手机上换了新的6位数字再输入。"
    assert 'name="next" value="/console/downloads"' in answer.text


def test_a_recovery_code_leads_on_once(arrived: Browser, member: Account) -> None:
    give_phone(member)
    code = give_codes(member)[0]
    assert send(arrived, "/console/second-step", recovery_code=code.lower()).status_code == 303
    assert is_complete(arrived)
    arrived.client.set_cookie("staff", half_way(member))
    answer = send(arrived, "/console/second-step", recovery_code=code)
    assert error_of(answer, "recovery_code") == "恢复码不对，或已经用过。请换一个没有用过的。"
    assert "<details" in answer.text
    assert " open>" in answer.text


def test_who_is_locked_out_at_the_second_step_is_told_when_to_come_back(arrived: Browser, member: Account) -> None:
    phone = give_phone(member)
    answers = [send(arrived, "/console/second-step", code=phone.wrong_code()) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [403]
    assert re.search(r"输错次数太多，请在\d\d:\d\d以后再试。", answers[-1].text)


@pytest.mark.parametrize("path", ["/console/second-step", "/console/second-step/set-up"])
def test_who_is_in_already_is_not_asked_again(desk: Browser, path: str) -> None:
    assert desk.get(f"{path}?next=/console/downloads").location == "/console/downloads"
    assert desk.submit(path, code="123456", next="/console/downloads").location == "/console/downloads"


@pytest.mark.parametrize("path", ["/console/second-step", "/console/second-step/set-up"])
def test_a_stranger_has_no_second_step(browser: Browser, path: str) -> None:
    assert browser.get(path).location.startswith("/console/sign-in")
    assert browser.post(path, code="123456").location.startswith("/console/sign-in")


def test_the_second_step_wants_the_forms_own_token(arrived: Browser, member: Account) -> None:
    phone = give_phone(member)
    assert arrived.post("/console/second-step", code=phone.code()).status_code == 403
    assert not is_complete(arrived)


def test_another_account_can_be_chosen_half_way(arrived: Browser, member: Account) -> None:
    give_phone(member)
    answer = arrived.post("/console/sign-out", csrf_token=form_token(arrived.get("/console/second-step")))
    assert (answer.location, arrived.token) == ("/console/sign-in", None)


# A planted cookie


def test_a_cookie_planted_before_the_sign_in_never_becomes_a_session(app: Flask, member: Account) -> None:
    victim, attacker = Browser(app), Browser(app)
    phone, planted = give_phone(member), "A" * 43
    seen = [planted]
    for browser in (victim, attacker):
        browser.client.set_cookie("staff", planted)
    victim.post("/console/sign-in", name="jingban", password=PASSWORD)
    seen.append(victim.token or "")
    send(victim, "/console/second-step", code=phone.code())
    seen.append(victim.token or "")
    assert len(set(seen)) == 3
    assert is_complete(victim)
    assert attacker.get("/console/account").location.startswith("/console/sign-in")
    attacker.client.set_cookie("staff", seen[1])
    assert attacker.get("/console/account").location.startswith("/console/sign-in")


def test_an_attackers_own_session_planted_before_ends_at_the_sign_in(
    app: Flask, member: Account, colleague: Account
) -> None:
    attacker = Browser(app).signed_in_as(colleague)
    victim = Browser(app)
    victim.client.set_cookie("staff", attacker.token or "")
    victim.post("/console/sign-in", name="jingban", password=PASSWORD)
    assert attacker.get("/console/account").location.startswith("/console/sign-in")


# The first set-up


def test_the_first_sign_in_leads_through_the_set_up_to_the_codes_and_on(browser: Browser, member: Account) -> None:
    answer = browser.post("/console/sign-in", name="jingban", password=PASSWORD, next="/console/downloads")
    answer = browser.get(answer.location)
    assert answer.location == "/console/second-step/set-up?next=/console/downloads"
    page = browser.get(answer.location)
    secret = pending_of(browser.token or "") or b""
    assert re.sub(r"\s", "", re.findall(r"<code>([A-Z2-7 ]+)</code>", page.text)[0]) == secret.decode()
    assert 'src="data:image/svg+xml' in page.text
    half = browser.token
    answer = send(browser, "/console/second-step/set-up", code=Phone(secret).code(), next="/console/downloads")
    assert (answer.status_code, len(codes_on(answer)), browser.token == half) == (200, 10, False)
    assert 'href="/console/downloads"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.get("/console/downloads").status_code == 200
    assert recovery_codes_left(member.id) == 10


def test_the_set_up_cannot_be_passed_by(browser: Browser, member: Account) -> None:
    browser.post("/console/sign-in", name="jingban", password=PASSWORD)
    for path in ("/console/downloads", "/console/account/second-factor"):
        assert browser.get(path).location.startswith("/console/second-step")
    assert not has_second_factor(member.id)


def test_a_wrong_code_at_the_set_up_shows_the_same_secret_again(browser: Browser, member: Account) -> None:
    browser.post("/console/sign-in", name="jingban", password=PASSWORD)
    secret = pending_of(browser.token or "") or b""
    answer = send(browser, "/console/second-step/set-up", code=Phone(secret).wrong_code())
    assert answer.status_code == 422
    assert error_of(answer, "code").startswith("动态码不对")
    assert pending_of(browser.token or "") == secret


# The account


def test_the_account_shows_who_one_is_and_where_one_is_signed_in(app: Flask, member: Account) -> None:
    desk = Browser(app)
    desk.client.environ_base["HTTP_USER_AGENT"] = EDGE
    desk.post("/console/demo-sign-in/jingban")
    page = desk.get("/console/account").text
    assert [word for word in ("示例经办", "jingban", "组织一科", "Windows 上的 Edge", "本机") if word not in page] == []
    assert "Mozilla" not in page
    assert "退出别处的全部登录" not in page


@pytest.mark.parametrize("path", PAGES)
def test_own_pages_carry_no_inline_script_or_style_and_rest_nowhere(desk: Browser, path: str) -> None:
    answer = desk.get(path)
    assert answer.status_code == 200
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", answer.text) == []
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_stolen_cookie_is_out_at_the_next_request_after_its_end(app: Flask, desk: Browser, member: Account) -> None:
    stolen = Browser(app).signed_in_as(member)
    assert stolen.get("/console/account").status_code == 200
    (key,) = [line.key for line in browsers_of(member.id, desk.token) if not line.here]
    assert desk.submit(f"/console/account/sessions/{key}/end").location == "/console/account"
    assert stolen.get("/console/account").location.startswith("/console/sign-in")
    assert stolen.client.post("/console/account/sessions/end-others").location.startswith("/console/sign-in")
    assert desk.get("/console/account").status_code == 200
    assert recorded()[-1] == ("jingban", "staff.sessions", key, "done")


def test_all_other_sessions_end_at_one_press(app: Flask, desk: Browser, member: Account) -> None:
    others = [Browser(app).signed_in_as(member) for _ in range(3)]
    answer = desk.submit("/console/account/sessions/end-others")
    assert answer.status_code == 303
    assert "已退出别处的3个登录。" in desk.get("/console/account").text
    assert [browser.is_signed_in() for browser in (desk, *others)] == [True, False, False, False]


def test_another_members_session_is_not_there_and_the_attempt_is_recorded(
    app: Flask, desk: Browser, colleague: Account
) -> None:
    foreign = Browser(app).signed_in_as(colleague)
    (line,) = browsers_of(colleague.id, None)
    answer = desk.submit(f"/console/account/sessions/{line.key}/end")
    assert (answer.status_code, foreign.is_signed_in()) == (404, True)
    assert recorded() == [("jingban", "staff.sessions", line.key, "refused")]
    unknown = desk.submit("/console/account/sessions/0123456789abcdef/end")
    assert unknown.status_code == 404
    assert re.sub(r"[0-9a-f]{16,}", "", unknown.text) == re.sub(r"[0-9a-f]{16,}", "", answer.text)


def test_the_own_password_is_changed_and_the_browser_stays_in(app: Flask, desk: Browser, member: Account) -> None:
    elsewhere, half, former = Browser(app).signed_in_as(member), half_way(member), desk.token
    answer = desk.submit("/console/account/password", current=PASSWORD, new=OTHER, repeated=OTHER)
    assert answer.status_code == 303
    assert [desk.is_signed_in(), elsewhere.is_signed_in(), desk.token == former] == [True, False, False]
    assert find_session(half) is None
    assert "密码已修改，您在别处的登录都已退出。" in desk.get("/console/account").text


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ((PASSWORD, OTHER, "not the same"), "repeated", "两次输入的新密码不一样，请再输一次。"),
        ((OTHER, OTHER, OTHER), "current", "现在的密码不对，请核对后重新输入。"),
        ((PASSWORD, "short", "short"), "new", "密码至少要12个字符，现在是5个。"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why_at_its_field(
    desk: Browser, typed: tuple[str, str, str], field: str, sentence: str
) -> None:
    current, new, repeated = typed
    answer = desk.submit("/console/account/password", current=current, new=new, repeated=repeated)
    assert (answer.status_code, error_of(answer, field)) == (422, sentence)


def test_another_phone_is_set_up_and_everything_else_signed_out(app: Flask, desk: Browser, member: Account) -> None:
    phone, elsewhere = give_phone(member), Browser(app).signed_in_as(member)
    answer = desk.submit("/console/account/second-factor", password=PASSWORD, code=phone.code())
    assert answer.location == "/console/account/second-factor/new"
    secret = pending_of(desk.token or "") or b""
    answer = send(desk, "/console/account/second-factor/new", code=Phone(secret).code())
    assert (answer.status_code, len(codes_on(answer))) == (200, 10)
    assert [is_complete(desk), elsewhere.is_signed_in()] == [True, False]
    assert "还有 10 个没有用" in desk.get("/console/account").text


@pytest.mark.parametrize("wrong", ["password", "code"])
def test_another_phone_says_what_was_not_proven(desk: Browser, member: Account, wrong: str) -> None:
    phone = give_phone(member)
    typed = {"password": PASSWORD, "code": phone.code()}
    typed[wrong] = "000000" if wrong == "password" else phone.wrong_code()
    answer = desk.submit("/console/account/second-factor", **typed)
    assert answer.status_code == 422
    assert error_of(answer, wrong) != ""
    assert desk.get("/console/account/second-factor/new").location == "/console/account/second-factor"


def test_a_page_left_too_long_begins_again_and_says_so(
    desk: Browser, member: Account, database_clock: "DatabaseClock"
) -> None:
    phone = give_phone(member)
    desk.submit("/console/account/second-factor", password=PASSWORD, code=phone.code())
    secret = pending_of(desk.token or "") or b""
    database_clock.advance(timedelta(minutes=11))
    answer = desk.submit("/console/account/second-factor/new", code=Phone(secret).code())
    assert answer.location == "/console/account/second-factor"
    assert "这一页放得太久，请重新开始设置。" in desk.get(answer.location).text


def test_new_recovery_codes_are_shown_once(desk: Browser, member: Account) -> None:
    phone = give_phone(member)
    old = give_codes(member)
    answer = desk.submit("/console/account/recovery-codes", code=phone.code())
    shown = codes_on(answer)
    assert (answer.status_code, len(set(shown)), set(shown) & set(old)) == (200, 10, set())
    assert not any(code in desk.get(path).text for path in PAGES for code in shown)


def test_new_recovery_codes_say_what_was_not_proven(desk: Browser, member: Account) -> None:
    phone = give_phone(member)
    answer = desk.submit("/console/account/recovery-codes", code=phone.wrong_code())
    assert (answer.status_code, codes_on(answer)) == (422, [])
    assert error_of(answer, "code").startswith("动态码不对")
