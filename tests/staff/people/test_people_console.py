"""The pages about people: who reads them, what they keep of what was typed, what they ask before they act."""

import html
import re

import pytest
from flask import Flask

from staff.accounts import Account
from staff.acts import ACTS
from staff.people.authority_table import authority_table
from staff.people.invitation_list import list_invitations
from staff.people.invitations import invite
from staff.roles import ROLE_NAMES, Role
from tests.staff.factories_staff import Browser, actor_of, make_staff
from tests.staff.people.factories_people import CLERK, PASSWORD, member_named

READING = (
    "/console/people",
    "/console/people/?search=示例&role=office&state=active&sort=seen&page=1",
    "/console/people/?role=king&state=nowhere&sort=x&page=-1",
    "/console/people/authority",
    "/console/people/invitations",
    "/console/people/members/jingban",
)
DOING = (
    "/console/people/invitations/new",
    "/console/people/members/jingban/edit",
    "/console/people/members/jingban/disable",
    "/console/people/members/jingban/enable",
    "/console/people/members/jingban/second-factor",
    "/console/people/members/jingban/password-link",
    "/console/people/members/jingban/hand-over",
)
INVITE = {"display_name": "示例新人", "role": "office", "unit": "", "last_day": "", "phone": "", "purpose": ""}


def link_in(page: str) -> str:
    found = re.search(r'value="http://vote\.example(/console/[\w/-]+)" readonly', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", [*READING, *DOING])
def test_every_page_stands_and_carries_nothing_inline(console: Browser, office: Account, path: str) -> None:
    answer = console.client.get(path, follow_redirects=True)
    assert answer.status_code == 200
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", answer.text) == []
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", list(Role))
def test_leaders_and_supervisors_read_and_only_administrators_act(app: Flask, office: Account, role: Role) -> None:
    unit = "示例县委" if role in (Role.UNIT, Role.INVESTIGATOR) else None
    browser = Browser(app).signed_in_as(make_staff("duzhe", "示例读者", role, unit))
    reads = role in (Role.ADMINISTRATOR, Role.LEADER, Role.SUPERVISOR)
    seen = {browser.client.get(path, follow_redirects=True).status_code for path in READING}
    asked = {browser.get(path).status_code for path in DOING}
    assert (seen, asked) == ({200 if reads else 403}, {200 if role is Role.ADMINISTRATOR else 403})


def test_whoever_only_reads_is_offered_no_button(app: Flask, office: Account, leader: Account) -> None:
    page = Browser(app).signed_in_as(leader).get("/console/people/members/jingban").text
    assert re.findall(r"/members/jingban/\w+", page) == []


def test_an_invitation_shows_its_link_once_and_the_link_leads_to_the_second_step(app: Flask, console: Browser) -> None:
    page = console.submit("/console/people/invitations/new", **INVITE, key="0" * 32).text
    path = link_in(page)
    assert 'alt="链接的二维码"' in page
    assert path.rsplit("/", 1)[1] not in console.get("/console/people/invitations").text

    newcomer = Browser(app)
    welcome = newcomer.get(path).text
    assert all(words in welcome for words in ("示例新人", "示例管理员", "组织一科", "至少12个字符"))
    answer = newcomer.post(path, name="xinren", password=PASSWORD, repeated=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/console/second-step")
    assert newcomer.is_signed_in()
    assert newcomer.get("/console/people/").status_code == 303
    assert "/second-step/set-up" in newcomer.get("/console/second-step").location


def test_what_was_typed_is_kept_but_for_the_passwords(app: Flask, console: Browser) -> None:
    path = link_in(console.submit("/console/people/invitations/new", **INVITE, key="0" * 32).text)
    answer = Browser(app).post(path, name="示例 用户", password="shorter", repeated=PASSWORD)
    assert answer.status_code == 422
    assert 'value="示例 用户"' in answer.text
    assert re.findall(r'<p class="error" id="(\w+)-error">', answer.text) == ["name", "password", "repeated"]
    assert [secret in answer.text for secret in ("shorter", PASSWORD)] == [False, False]


def test_from_another_site_nobody_accepts(app: Flask, console: Browser) -> None:
    path = link_in(console.submit("/console/people/invitations/new", **INVITE, key="0" * 32).text)
    typed = {"name": "xinren", "password": PASSWORD, "repeated": PASSWORD}
    assert app.test_client().post(path, data=typed, headers={"Origin": "http://elsewhere.example"}).status_code == 403


@pytest.mark.parametrize("place", ["invitations", "password-links"])
@pytest.mark.parametrize("token", ["A" * 43, "x", "示例"])
def test_a_link_that_leads_nowhere_is_a_page_that_says_what_to_do(browser: Browser, place: str, token: str) -> None:
    for answer in (browser.get(f"/console/{place}/{token}"), browser.post(f"/console/{place}/{token}", name="x")):
        assert answer.status_code == 404
        assert "链接不能用了" in answer.text
        assert "重新要一个" in answer.text


def test_the_form_keeps_what_was_typed_and_names_every_field_that_is_wrong(console: Browser) -> None:
    typed = {**INVITE, "role": "investigator", "phone": "12", "purpose": "示例理由"}
    answer = console.submit("/console/people/invitations/new", **typed)
    assert answer.status_code == 422
    assert set(re.findall(r'class="error" id="(\w+)-error"', answer.text)) == {"unit", "last_day", "phone"}
    assert all(words in answer.text for words in ('value="示例新人"', 'value="12"', 'value="示例理由"'))
    assert '<option value="investigator" selected>' in answer.text
    assert list_invitations().lines == ()


def test_whoever_opens_doors_is_only_asked_for(console: Browser, leader: Account) -> None:
    answer = console.submit("/console/people/invitations/new", **{**INVITE, "role": "leader"})
    assert (answer.status_code, answer.location) == (303, "/console/people/invitations")
    page = console.get("/console/people/invitations").text
    assert "等待批准" in page
    assert "已提出申请，等部领导批准。" in page


def test_a_withdrawn_invitation_says_so(console: Browser, administrator: Account) -> None:
    key = invite(CLERK, actor_of(administrator)).key
    assert console.submit(f"/console/people/invitations/{key}/withdraw").status_code == 303
    assert "已撤回" in console.get("/console/people/invitations").text


def test_the_number_is_masked_and_its_form_is_empty(console: Browser, office: Account) -> None:
    path = "/console/people/members/jingban"
    typed = {**INVITE, "display_name": "示例经办", "phone": "13800005678"}
    assert console.submit(f"{path}/edit", **typed).location == path
    for page in (console.get(path).text, console.get(f"{path}/edit").text):
        assert ("138****5678" in page, "13800005678" in page) == (True, False)


def test_acts_say_what_follows_and_ask_why(console: Browser, office: Account) -> None:
    path = "/console/people/members/jingban/disable"
    assert "立即退出登录" in console.get(path).text
    answer = console.submit(path, purpose=" ")
    assert answer.status_code == 422
    assert '<p class="error" id="purpose-error">请写明理由，会记入操作记录。</p>' in answer.text
    assert console.submit(path, purpose="示例理由").status_code == 303
    assert member_named("jingban").disabled_at is not None


def test_a_password_link_is_shown_once(app: Flask, console: Browser, office: Account) -> None:
    page = console.submit("/console/people/members/jingban/password-link", purpose="示例理由").text
    member = Browser(app)
    path = link_in(page)
    assert "jingban" in member.get(path).text
    assert member.post(path, password=PASSWORD, repeated=PASSWORD).location == "/console/second-step"
    assert member.get(path).status_code == 404


def test_a_hand_over_leads_to_its_sheet(console: Browser, office: Account, second: Account) -> None:
    path = "/console/people/members/jingban/hand-over"
    wrong = console.submit(path, successor="guanlier", reason="")
    assert wrong.status_code == 422
    assert '<option value="guanlier" selected>' in wrong.text
    sheet = console.get(console.submit(path, successor="guanlier", reason="示例调动").location).text
    assert all(words in sheet for words in ("工作交接单", "示例经办", "示例管理员乙", "示例调动", "接手人签字"))
    assert "看交接单" in console.get(path).text


def test_the_own_page_offers_nothing_against_oneself(console: Browser) -> None:
    page = console.get("/console/people/members/guanli").text
    assert re.findall(r"/members/guanli/(\w[\w-]*)", page) == ["edit"]


def test_the_table_of_authority_says_what_the_registry_says() -> None:
    rows = {row.name: row for group in authority_table() for row in group.rows}
    assert set(rows) == {name for name, act in ACTS.items() if act.roles or act.own}
    for name, row in rows.items():
        assert [cell == "可以" for cell in row.cells] == [role in ACTS[name].roles for role in Role]
    assert rows["people.invite_key_role"].approvers == ROLE_NAMES[Role.LEADER]


def test_the_table_of_authority_is_a_page(console: Browser) -> None:
    page = html.unescape(console.get("/console/people/authority").text)
    assert all(words in page for words in (*ROLE_NAMES.values(), "邀请系统管理员、部领导或监督员", "要谁批准"))


def test_names_are_text_and_never_markup(console: Browser, office: Account) -> None:
    page = console.get('/console/people/?search="><script>alert(1)</script>').text
    assert "<script>alert" not in page
