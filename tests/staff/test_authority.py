"""The doors of the console: declared, signed in, and from our own page."""

import pytest
from flask import Flask

from foundation.errors import NotAllowed
from foundation.transaction import transaction
from staff.accounts import Account, list_accounts
from staff.actors import SYSTEM, Actor
from staff.acts import ACTS, Belonging, UndeclaredActError, declare_act
from staff.authority import act, check_doors, demand, may, way_back
from staff.roles import Role
from tests.staff.factories_staff import Browser, actor_of, recorded

STALE = "这一页放得太久，或提交不是从本系统的页面发出的，请刷新页面后再提交。"


def test_a_route_without_a_declaration_keeps_the_service_from_starting() -> None:
    app = Flask("bare")
    app.add_url_rule("/console/forgotten", view_func=lambda: "open")
    app.add_url_rule("/consoles", view_func=lambda: "elsewhere", endpoint="elsewhere")
    with pytest.raises(UndeclaredActError, match=r"^/console/forgotten$"):
        check_doors(app)


def test_a_door_that_asks_for_an_unknown_act_keeps_the_service_from_starting() -> None:
    @act("nobody.declared")
    def view() -> str:
        return "open"

    app = Flask("bare")
    app.add_url_rule("/console/here", view_func=view)
    with pytest.raises(UndeclaredActError, match=r"^/console/here \(nobody\.declared\)$"):
        check_doors(app)


def test_an_act_is_declared_in_one_way() -> None:
    before = ACTS["staff.sign_out"]
    declare_act("staff.sign_out", before.words, roles=before.roles)
    with pytest.raises(UndeclaredActError):
        declare_act("staff.sign_out", "别的说法", roles=before.roles)
    with pytest.raises(UndeclaredActError):
        declare_act("staff.sign_out", before.words, roles=())
    assert ACTS["staff.sign_out"] == before


def test_the_registry_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        ACTS["smuggled.in"] = ACTS["staff.sign_out"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(role, role in {Role.ADMINISTRATOR, Role.LEADER, Role.SUPERVISOR}) for role in Role],
)
def test_a_role_may_do_what_is_declared_for_it(role: Role, allowed: bool) -> None:
    assert may(Actor("x", "示例", 1, role=role), "audit.see") is allowed


def test_nobody_may_do_what_is_not_declared_and_without_a_role_nothing() -> None:
    everything = Actor("x", "示例", 1, role=Role.ADMINISTRATOR)
    assert (may(everything, "nobody.declared"), may(SYSTEM, "audit.see")) == (False, False)


def test_what_is_ones_own_is_only_ones_own() -> None:
    clerk = Actor("x", "示例", 1, role=Role.OFFICE)
    asked = [None, Belonging(member_id=1), Belonging(member_id=2), Belonging(unit="示例县"), Belonging()]
    assert [may(clerk, "downloads.fetch", of) for of in asked] == [True, True, False, False, False]


def test_what_is_a_units_is_that_units() -> None:
    of_a_unit = Actor("x", "示例", 1, role=Role.UNIT, unit="示例县一")
    assert [Belonging(unit=unit).is_of(of_a_unit) for unit in ("示例县一", "示例县二", None)] == [True, False, False]


def test_a_refusal_in_a_use_case_stays_in_the_trail_though_its_transaction_is_rolled_back(member: Account) -> None:
    with pytest.raises(NotAllowed, match="您没有“查看操作记录”的权限。"), transaction():
        demand(actor_of(member), "audit.see", object="示例")
    assert recorded() == [("jingban", "audit.see", "示例", "refused")]


@pytest.mark.parametrize("path", ["/console/downloads", "/console/audit?act=staff.add", "/console/account"])
def test_a_stranger_is_sent_to_sign_in_and_back(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 303
    sign_in = browser.get(answer.location)
    assert sign_in.status_code == 200
    assert f'name="next" value="{path}"' in sign_in.text
    assert "没有保存" not in sign_in.text


def test_a_form_sent_after_the_session_ended_says_that_it_was_not_saved(browser: Browser) -> None:
    headers = {"Origin": browser.origin, "Referer": f"{browser.origin}/console/account"}
    answer = browser.client.post("/console/account/password", headers=headers)
    sign_in = browser.get(answer.location)
    assert "登录已过期，刚才提交的内容没有保存。" in sign_in.text
    assert 'name="next" value="/console/account"' in sign_in.text


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
