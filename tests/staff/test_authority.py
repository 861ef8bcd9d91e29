"""The doors of the console: declared, signed in, and from our own page."""

import pytest
from flask import Flask

from staff.accounts import Account, list_accounts
from staff.actors import SYSTEM
from staff.authority import ACTS, UndeclaredActError, act, declare_act, may, undeclared_routes, way_back
from tests.staff.factories_staff import Browser, actor_of, recorded

STALE = "这一页放得太久，或提交不是从本系统的页面发出的，请刷新页面后再提交。"


def test_every_route_of_the_console_says_what_it_asks_for(app: Flask) -> None:
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/console")]
    assert len(rules) > 8
    assert undeclared_routes(app) == []


def test_a_route_without_a_declaration_is_found() -> None:
    app = Flask("bare")
    app.add_url_rule("/console/forgotten", view_func=lambda: "open")
    app.add_url_rule("/consoles", view_func=lambda: "elsewhere", endpoint="elsewhere")
    assert undeclared_routes(app) == ["/console/forgotten"]


def test_an_act_that_nobody_declared_cannot_be_asked_for() -> None:
    with pytest.raises(UndeclaredActError, match=r"nobody\.declared"):
        act("nobody.declared")


def test_an_act_has_one_description() -> None:
    declare_act("staff.sign_out", ACTS["staff.sign_out"])
    with pytest.raises(UndeclaredActError):
        declare_act("staff.sign_out", "别的说法")
    assert ACTS["staff.sign_out"] == "退出"


def test_the_registry_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        ACTS["smuggled.in"] = "偷偷加上"  # type: ignore[index]


def test_members_may_do_what_is_declared_and_nobody_else_may(member: Account) -> None:
    assert [may(actor_of(member), "audit.see"), may(actor_of(member), "nobody.declared"), may(SYSTEM, "audit.see")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("path", ["/console/downloads", "/console/audit?act=staff.add", "/console/password"])
def test_a_stranger_is_sent_to_sign_in_and_back(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 303
    sign_in = browser.get(answer.location)
    assert sign_in.status_code == 200
    assert f'name="next" value="{path}"' in sign_in.text
    assert "没有保存" not in sign_in.text


def test_a_form_sent_after_the_session_ended_says_that_it_was_not_saved(browser: Browser) -> None:
    headers = {"Origin": browser.origin, "Referer": f"{browser.origin}/console/password"}
    answer = browser.client.post("/console/password", headers=headers)
    sign_in = browser.get(answer.location)
    assert "登录已过期，刚才提交的内容没有保存。" in sign_in.text
    assert 'name="next" value="/console/password"' in sign_in.text


def test_a_poll_after_the_session_ended_leads_the_whole_page_to_sign_in(browser: Browser) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"{browser.origin}/console/downloads?a=b"}
    answer = browser.client.get("/console/downloads/0123", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/console/sign-in?next=/console/downloads"


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/console/polls/a?b=c", "/console/polls/a?b=c"),
        ("//elsewhere.example/console/", "/console/"),
        ("https://elsewhere.example/", "/console/"),
        ("/console/\\elsewhere.example", "/console/"),
        ("/console/../polls", "/console/"),
        ("/wechat/login", "/console/"),
        ("/console/\r\nX: y", "/console/"),
        ("", "/console/"),
        (None, "/console/"),
    ],
)
def test_the_way_back_stays_in_the_console(path: str | None, back: str) -> None:
    assert way_back(path) == back


def test_our_own_pages_form_is_taken(desk: Browser) -> None:
    assert desk.submit("/console/sign-out").status_code == 303
    assert not desk.is_signed_in()


def test_a_script_of_our_own_page_may_name_the_token_in_a_header(desk: Browser) -> None:
    headers = {"Origin": desk.origin, "X-CSRFToken": desk.csrf_token()}
    assert desk.client.post("/console/sign-out", headers=headers).status_code == 303


@pytest.fixture(params=["no token", "nonsense", "of a colleague's session", "of another session of the member"])
def wrong_token(request: pytest.FixtureRequest, app: Flask, colleague: Account, member: Account) -> str:
    if request.param == "no token":
        return ""
    if request.param == "nonsense":
        return "示例"
    owner = colleague if "colleague" in request.param else member
    return Browser(app).signed_in_as(owner).csrf_token()


def test_a_form_without_this_sessions_token_is_refused(desk: Browser, wrong_token: str) -> None:
    answer = desk.post("/console/sign-out", csrf_token=wrong_token)
    assert (answer.status_code, STALE in answer.text) == (403, True)
    assert desk.is_signed_in()
    assert recorded()[-1] == ("jingban", "staff.sign_out", "/console/sign-out", "refused")


@pytest.mark.parametrize("origin", [None, "null", "http://elsewhere.example", "http://vote.example.elsewhere.example"])
def test_a_form_from_elsewhere_is_refused_even_with_the_token(desk: Browser, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    answer = desk.client.post("/console/sign-out", data={"csrf_token": desk.csrf_token()}, headers=headers)
    assert answer.status_code == 403
    assert desk.is_signed_in()


@pytest.mark.parametrize("origin", [None, "http://elsewhere.example"])
def test_nobody_is_signed_in_from_elsewhere(browser: Browser, member: Account, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    for path in ("/console/sign-in", "/console/demo-sign-in/jingban"):
        answer = browser.client.post(path, data={"name": "jingban"}, headers=headers)
        assert (answer.status_code, browser.token) == (403, None)
    assert list_accounts() == (member,)
