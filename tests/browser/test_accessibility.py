"""Every page as axe-core sees it: nothing serious and nothing critical, for whoever may open it, in every state.

Pages that look the same to two roles are looked at once.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import render_template
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from foundation.embedded.servers import Connections
from staff.accounts import find_account
from staff.actors import Actor
from staff.acts import allows
from staff.authority import act_of
from staff.roles import Role
from staff.sessions import begin_session
from tests.browser.a_whole_house import furnish
from tests.browser.conftest import PHONE, WECHAT, LiveSite
from tests.browser.test_ballot_page import choose, start
from tests.conftest import empty
from tests.staff.factories_keys import Phone
from tests.staff.factories_staff import COOKIE, PASSWORD
from wechat.keywords import words_that_lead_in
from wechat.links import Refusal
from wechat.oauth import Halt

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# What `preload` would fetch again, style sheets and sounds, no rule asks for that is serious or critical.
RUN = "() => axe.run(document, {resultTypes: ['violations'], preload: false}).then(({violations}) => violations)"
DESK = ViewportSize(width=1280, height=900)
PEOPLE = {
    Role.OFFICE: "jingban",
    Role.LEADER: "lingdao",
    Role.ADMINISTRATOR: "guanli",
    Role.SUPERVISOR: "jiandu",
    Role.UNIT: "danwei",
    Role.INVESTIGATOR: "kaocha",
}

SHEETS = ("sheet_with_faults", "sheet_read", "sheet_written", "sheet_failed")
CONSOLE: Mapping[str, tuple[str, ...]] = {
    "own": (
        "/console/",
        "/console/account",
        "/console/account/password",
        "/console/account/recovery-codes",
        "/console/account/second-factor",
        "/console/wechat",
        "/console/wechat/takeover",
        "/console/wechat/followers",
        "/console/wechat/tags",
        "/console/wechat/doctor",
    ),
    "door": (
        "/console/sign-in",
        "/console/sign-in?lost=1",
        "/console/invitations/{invitation_token}",
        "/console/invitations/gone",
        "/console/password-links/{password_token}",
        "/console/password-links/gone",
    ),
    "polls": (
        "/console/polls/",
        "/console/polls/?words=nothing",
        "/console/polls/new",
        *(f"/console/polls/{slug}/" for slug in ("{draft}", "{ready}", "coming", "open", "closed", "certified")),
        *(f"/console/polls/{slug}/{page}" for slug in ("{draft}", "open") for page in ("edit", "awards", "channels/")),
        *(f"/console/polls/{slug}/turnout" for slug in ("{draft}", "open", "closed", "certified")),
        *(f"/console/polls/{slug}/results" for slug in ("open", "live", "certified")),
        "/console/polls/{draft}/open",
        "/console/polls/{ready}/open",
        "/console/polls/live/close",
        "/console/polls/closed/certify",
        "/console/polls/nothing/",
    ),
    "candidates": (
        "/console/polls/{draft}/candidates/",
        "/console/polls/open/candidates/",
        "/console/polls/open/candidates/?words=nothing",
        "/console/polls/{draft}/candidates/new",
        "/console/polls/{draft}/candidates/1",
        "/console/polls/open/candidates/1",
        "/console/polls/open/candidates/2",
        "/console/polls/open/candidates/1/withdraw",
        "/console/polls/{draft}/candidates/bulk?act=consent&numbers=1&numbers=2",
        "/console/polls/open/candidates/bulk?act=withdraw&numbers=1&numbers=2",
    ),
    "imports": (
        "/console/polls/{draft}/import",
        *(
            f"/console/polls/{{draft}}/import/{{sheet_{state}}}"
            for state in ("with_faults", "read", "written", "failed")
        ),
        "/console/polls/live/photos",
        "/console/polls/live/photos/{photos_read}",
        "/console/polls/live/photos/{photos_brought}",
    ),
    "notices": (
        "/console/notices/",
        "/console/notices/?words=nothing",
        "/console/notices/new",
        "/console/notices/new/final",
        "/console/notices/new/plain",
        *(
            f"/console/notices/{{notice_{name}}}/"
            for name in ("empty", "waiting", "signing", "running", "changed", "over", "plain")
        ),
        *(f"/console/notices/{{notice_empty}}/{page}" for page in ("edit", "submit", "attachments", "drop", "preview")),
        *(f"/console/notices/{{notice_waiting}}/{page}" for page in ("review", "send-back", "attachments")),
        "/console/notices/{notice_signing}/issue",
        *(f"/console/notices/{{notice_changed}}/{page}" for page in ("edit", "restate", "versions/1", "versions/2")),
        *(f"/console/notices/{{notice_running}}/{page}" for page in ("change", "media", "conclusion")),
        *(f"/console/notices/{{notice_over}}/{page}" for page in ("media", "conclusion")),
        "/console/notices/nothing/",
    ),
    "objections": (
        "/console/objections/",
        "/console/objections/?words=nothing",
        "/console/objections/new",
        "/console/objections/new/{notice_running}",
        *(f"/console/objections/{{objection_{state}}}" for state in ("received", "accepted", "unfounded")),
        "/console/objections/summaries",
    ),
    "pushes": (
        "/console/pushes/",
        "/console/pushes/new",
        "/console/pushes/new?notice={notice_plain}",
        "/console/pushes/{push_draft}/",
        "/console/pushes/{push_finished}/",
        *(f"/console/pushes/{{push_draft}}/{page}" for page in ("edit", "preview", "send")),
        "/console/pushes/{push_finished}/retry",
        "/console/pushes/{push_finished}/cancel",
    ),
    "approvals": (
        "/console/approvals/",
        *(f"/console/approvals/{{request_{state}}}" for state in ("waiting", "approved", "refused")),
        "/console/supervision/",
        "/console/supervision/witnessing/poll/open",
        "/console/supervision/witnessing/poll/closed",
        "/console/supervision/opinions",
        "/console/supervision/opinions?state=reopened",
        *(f"/console/supervision/opinions/{{opinion_{state}}}" for state in ("waiting", "answered", "settled")),
        "/console/supervision/opinions/new?kind=poll&key=open",
        "/console/supervision/alarms",
        "/console/supervision/alarms?all=1",
    ),
    "people": (
        "/console/people/",
        "/console/people/?search=nothing",
        "/console/people/authority",
        "/console/people/invitations",
        "/console/people/invitations/new",
        "/console/people/hand-overs/{hand_over}",
        *(f"/console/people/members/{name}" for name in ("kaocha", "guanli", "tingyong", "lizhi")),
        *(
            f"/console/people/members/kaocha/{page}"
            for page in ("edit", "disable", "hand-over", "password-link", "second-factor")
        ),
        "/console/people/members/tingyong/enable",
    ),
    "options": (
        "/console/options/",
        *(
            f"/console/options/{page}"
            for name in (
                "texts/home.notice",
                "calendar/calendar.days",
                "publicity/publicity.steps",
                "limits/gate.per_poll",
                "menu/wechat.menu",
            )
            for page in (name, f"{name}/history", f"{name}/versions/0")
        ),
        "/console/options/menu/wechat.keywords",
        "/console/options/calendar/calendar.years",
        "/console/options/texts/home.notice/versions/1",
    ),
    "keeping": (
        "/console/audit",
        "/console/audit?act=nothing",
        "/console/audit/unmasked",
        "/console/downloads",
        "/console/retention/",
        "/console/retention/holds",
        "/console/retention/run",
        "/console/retention/runs/{run}",
        "/console/personal/staff.phone/kaocha",
    ),
}
ON_THE_WAY = ("/console/second-step", "/console/second-step/set-up", "/console/account/second-factor/new")
"""Pages of somebody who has just proved who they are."""

PARTS = (
    "/console/wechat/doctor/progress",
    "/console/audit/chain",
    "/console/downloads/{file_ready}",
    "/console/personal/staff.phone/kaocha/hidden",
    "/console/pushes/{push_finished}/progress",
    "/console/pushes/{push_draft}/article",
    "/console/polls/open/turnout/now",
    "/console/polls/{draft}/import/{sheet_read}/progress",
    "/console/polls/live/photos/{photos_read}/progress",
    "/console/retention/runs/{run}/progress",
    "/console/wechat/followers/progress",
    "/console/wechat/tags/list",
)
"""Parts of pages that are fetched again and again: looked at in the page that holds them."""

FILES = (
    "/console/notices/{notice_waiting}/attachments/{notice_file}/file",
    "/console/notices/{notice_over}/media/{notice_scan}/scan",
    "/console/objections/{objection_with_file}/attachments/{objection_file}",
    "/console/pushes/{push_draft}/cover",
    "/console/downloads/{file_ready}/file",
    "/console/polls/{draft}/import/template.xlsx",
    "/console/polls/open/channels/menu/follow.png",
    "/console/polls/open/channels/menu/qr.png",
    "/console/retention/runs/{run}/certificate.json",
)


@dataclass
class House:
    """The furnished house, a browser for everybody in it, and what has been found."""

    site: LiveSite
    browser: Browser
    named: Mapping[str, str]
    contexts: list[BrowserContext] = field(default_factory=list)

    def address(self, path: str) -> str:
        return path.format(**self.named)

    def context(self, token: str = "", *, phone: bool = False) -> BrowserContext:
        """Open a browser, of a phone in WeChat or of a desk; scripts of the test may run beside the page's policy."""
        like: dict[str, Any] = {"viewport": PHONE, "user_agent": WECHAT, "is_mobile": True, "has_touch": True}
        size: dict[str, Any] = like if phone else {"viewport": DESK}
        context = self.browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", bypass_csp=True, reduced_motion="reduce", **size
        )
        context.set_default_timeout(10_000)
        context.add_init_script(path=AXE)
        if token:
            context.add_cookies([{"name": COOKIE, "value": token, "url": self.site.url}])
        self.contexts.append(context)
        return context

    def endpoint(self, path: str) -> str:
        """Return which page stands at an address."""
        place = self.site.app.url_map.bind("localhost")
        endpoint, _ = place.match(self.address(path).partition("?")[0])
        return str(endpoint)

    def opens(self, role: Role, path: str) -> bool:
        """Tell whether a role may open a page of the console at all."""
        name = act_of(self.site.app, self.endpoint(path))
        return name is not None and allows(Actor("", "", 0, role=role), name)

    def session_of(self, role: Role) -> str:
        return self.session_of_name(PEOPLE[role])

    def session_of_name(self, name: str, *, complete: bool = True) -> str:
        with self.site.app.app_context():
            return begin_session(find_account(name).id, replaces=None, complete=complete)


@pytest.fixture(scope="module")
def furnished(running_site: LiveSite, site_connections: Connections, browser: Browser) -> Iterator[House]:
    """One house for all pages; what a test opens is closed after it."""
    with running_site.app.app_context(), running_site.app.test_request_context(base_url=running_site.url):
        named = furnish()
    yield House(running_site, browser, named)
    empty(site_connections)
    running_site.app.extensions["options"].forget()


@pytest.fixture
def house(furnished: House) -> Iterator[House]:
    yield furnished
    for context in furnished.contexts:
        context.close()
    furnished.contexts.clear()


def faults_of(page: Page, where: str) -> list[str]:
    """Return what axe-core calls serious or critical: the page, the rule, the first elements concerned."""
    found = page.evaluate(RUN)
    return [
        f"{where}: {one['id']} ({one['impact']}): " + " | ".join(node["html"][:160] for node in one["nodes"][:4])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def appearances(house: House, group: str) -> Iterator[tuple[Role | None, str]]:
    """Yield who sees which pages of a group; whoever sees no kind of element that others did not see is left out."""
    seen: dict[str, set[tuple[str, str, str]]] = {}
    for role in PEOPLE if group != "door" else [None]:
        client = house.site.app.test_client()
        if role:
            client.set_cookie(COOKIE, house.session_of(role))
        for path in CONSOLE[group]:
            if role and not house.opens(role, path):
                continue
            answer = client.get(house.address(path))
            assert answer.status_code in (200, 404), path
            shapes = shapes_in(answer.text)
            if not shapes <= seen.get(path, set()):
                seen.setdefault(path, set()).update(shapes)
                yield role, path


def shapes_in(text: str) -> set[tuple[str, str, str]]:
    """Return what elements a page has: the name, the classes, and which other attributes there are."""
    shapes = set()
    for name, rest in re.findall(r"<(\w+)([^<>]*)>", text.partition("<main")[2] or text):
        attributes = dict(re.findall(r'([\w-]+)(?:="([^"]*)")?', rest))
        shapes.add((name, attributes.pop("class", ""), " ".join(sorted(attributes))))
    return shapes


@pytest.mark.parametrize("group", CONSOLE)
def test_the_consoles_pages_can_be_used_by_everybody(house: House, group: str) -> None:
    pages: dict[Role | None, Page] = {}
    faults: list[str] = []
    for role, path in appearances(house, group):
        if role not in pages:
            pages[role] = house.context(house.session_of(role) if role else "").new_page()
        page = pages[role]
        page.goto(house.site.url + house.address(path))
        faults += faults_of(page, f"{role} {path}")
    assert not faults, "\n".join(faults)


def test_no_page_of_the_console_is_forgotten(house: House) -> None:
    everything = [*(path for paths in CONSOLE.values() for path in paths), *ON_THE_WAY, *PARTS, *FILES]
    looked_at = {house.endpoint(path) for path in everything}
    rules = [rule for rule in house.site.app.url_map.iter_rules() if f"{rule.rule}/".startswith("/console/")]
    there = {rule.endpoint for rule in rules if "GET" in (rule.methods or ())}
    assert there - looked_at == set()


def test_what_appears_while_one_works_can_be_used_by_everybody(house: House) -> None:
    """Values shown for a purpose, a link that is shown once, forms that came back with faults."""
    page = house.context(house.session_of(Role.ADMINISTRATOR)).new_page()
    page.goto(f"{house.site.url}/console/people/members/kaocha")
    page.locator(".masked").get_by_role("link", name="查看").click()
    page.get_by_label("查看工作人员电话的用途").select_option(index=0)
    faults = faults_of(page, "a telephone that is asked for")
    page.locator(".masked").get_by_role("button", name="查看").click()
    expect(page.locator(".masked-value")).to_be_visible()
    faults += faults_of(page, "a telephone that is shown")
    page.goto(f"{house.site.url}/console/people/invitations/new")
    page.get_by_role("button", name="邀请", exact=True).click()
    faults += faults_of(page, "an invitation with faults")
    page.get_by_label("姓名").fill("示例又一人")
    page.get_by_label("角色").select_option("office")
    page.get_by_role("button", name="邀请", exact=True).click()
    expect(page.get_by_label("链接", exact=True)).to_be_visible()
    faults += faults_of(page, "a link that is shown once")
    faults += sent_empty(house, page, "/console/options/limits/gate.per_poll", "保存", ("每项投票", "示例"))
    faults += sent_empty(house, page, "/console/people/members/kaocha/disable", "停用")
    assert not faults, "\n".join(faults)


def test_forms_that_come_back_can_be_used_by_everybody(house: House) -> None:
    page = house.context(house.session_of(Role.OFFICE)).new_page()
    faults = sent_empty(house, page, "/console/polls/new", "保存为草稿")
    faults += sent_empty(house, page, "/console/polls/{draft}/candidates/new", "添加")
    faults += sent_empty(house, page, "/console/polls/live/close", "申请提前结束")
    faults += sent_empty(house, page, "/console/polls/{draft}/import", "预览")
    faults += sent_empty(house, page, "/console/account/password", "修改密码")
    page = house.context(house.session_of(Role.SUPERVISOR)).new_page()
    faults += sent_empty(house, page, "/console/supervision/opinions/new", "提出")
    page = house.context(house.session_of(Role.LEADER)).new_page()
    faults += sent_empty(house, page, "/console/approvals/{request_waiting}", "退回申请")
    assert not faults, "\n".join(faults)


def sent_empty(house: House, page: Page, path: str, button: str, typed: tuple[str, str] | None = None) -> list[str]:
    """Return the faults of a form's page after it was sent as it is, or with one field filled in."""
    page.goto(house.site.url + house.address(path))
    page.evaluate("document.querySelectorAll('form').forEach(form => { form.noValidate = true })")
    if typed:
        page.get_by_label(typed[0]).fill(typed[1])
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.locator("main").get_by_role("button", name=button).first.click()
    page.wait_for_load_state()
    assert answered.value.status in (409, 422), path
    return faults_of(page, f"{path} sent empty")


def test_coming_in_can_be_used_by_everybody(house: House) -> None:
    page = house.context().new_page()
    page.goto(f"{house.site.url}/console/sign-in")
    page.get_by_label("用户名").fill("xinren")
    page.get_by_label("密码", exact=True).fill("wrong")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_text("用户名或密码不对，请核对后重新输入。")).to_be_visible()
    faults = faults_of(page, "/console/sign-in with a wrong password")
    page.get_by_label("用户名").fill("xinren")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", name="第一次登录，先设置动态码")).to_be_visible()
    faults += faults_of(page, ON_THE_WAY[1])
    page.get_by_text("不能扫，改为输入密钥").click()
    phone = Phone(page.locator("code").inner_text().replace(" ", "").encode())
    with house.site.app.app_context():
        code = phone.code()
    page.get_by_label("动态码", exact=True).fill(code)
    page.get_by_role("button", name="完成设置").click()
    expect(page.get_by_role("listitem")).to_have_count(10)
    faults += faults_of(page, "recovery codes that are shown once")
    one = page.get_by_role("listitem").first.inner_text()
    page.goto(f"{house.site.url}/console/account/second-factor")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_label("现在的动态码").fill(one)
    page.get_by_role("button", name="下一步").click()
    expect(page).to_have_url(house.site.url + ON_THE_WAY[2])
    faults += faults_of(page, ON_THE_WAY[2])
    again = house.context(house.session_of_name("xinren", complete=False)).new_page()
    again.goto(f"{house.site.url}{ON_THE_WAY[0]}")
    expect(again.get_by_role("heading", name="登录第二步")).to_be_visible()
    again.locator("summary").click()
    faults += faults_of(again, ON_THE_WAY[0])
    assert not faults, "\n".join(faults)


PUBLIC = (
    "/",
    *(f"/polls/{slug}" for slug in ("open", "live", "coming", "closed", "certified", "nothing")),
    *(f"/polls/{slug}/results" for slug in ("open", "live", "certified")),
    *(f"/polls/{slug}/column" for slug in ("open", "live", "coming", "closed", "certified")),
    "/polls/open/candidates/1",
    "/polls/open/candidates/2",
    "/receipts/",
    "/receipts/{receipt}",
    "/receipts/0000-0000-0000",
    "/notices",
    "/notices?asked=1",
    *(f"/notices/{{notice_{name}}}" for name in ("running", "changed", "over", "plain")),
    "/notices/{notice_changed}/versions/1",
    *(f"/notices/{{notice_{name}}}/objections" for name in ("running", "over")),
    "/objections",
    "/me",
    "/me/left",
    "/privacy",
    "/nothing",
)


def test_the_public_pages_can_be_used_by_everybody(house: House) -> None:
    page = house.context(phone=True).new_page()
    faults: list[str] = []
    for path in PUBLIC:
        page.goto(house.site.url + house.address(path))
        faults += faults_of(page, path)
    house.site.sign_in(page)
    page.goto(f"{house.site.url}/me")
    faults += faults_of(page, "/me of somebody known")
    assert not faults, "\n".join(faults)


def test_a_voters_way_can_be_used_by_everybody(house: House) -> None:
    page = house.context(phone=True).new_page()
    house.site.sign_in(page)
    page.goto(f"{house.site.url}/polls/live")
    faults = faults_of(page, "the rules")
    start(page)
    choose(page, 1, 2)
    faults += faults_of(page, "the list")
    page.locator('[data-number="1"] > a').click()
    expect(page.get_by_role("heading", name="示例001")).to_be_focused()
    faults += faults_of(page, "a candidate")
    page.go_back()
    page.get_by_role("link", name="核对选票").click()
    expect(page.get_by_role("heading", name="核对选票")).to_be_visible()
    faults += faults_of(page, "the review")
    page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()
    page.get_by_role("button", name="只有您自己能看").click()
    faults += faults_of(page, "the receipt")
    assert not faults, "\n".join(faults)


def test_pages_outside_wechat_can_be_used_by_everybody(house: House) -> None:
    page = house.context().new_page()
    faults: list[str] = []
    for path in ("/", "/polls/live", "/polls/live/column", "/polls/live/candidates/1", "/me", "/privacy"):
        page.goto(house.site.url + path)
        faults += faults_of(page, f"{path} at a desk")
    page.goto(f"{house.site.url}/polls/live/column")
    choose(page, 1)
    expect(page.locator("#code svg")).to_be_visible()
    faults += faults_of(page, "the column with choices")
    address = page.locator("#address").input_value()
    page.goto(address)
    expect(page.locator("#handed-no")).to_be_visible()
    faults += faults_of(page, "choices from a computer")
    page.route("**/me.json", not_the_sandbox)
    page.goto(f"{house.site.url}/polls/live")
    start(page, arrive=False)
    expect(page.get_by_role("heading", name="请在微信中打开")).to_be_visible()
    faults += faults_of(page, "the ballot outside of WeChat")
    assert not faults, "\n".join(faults)


def not_the_sandbox(route: Route) -> None:
    """Let the page believe that WeChat is the real one, which has no door for a desk's browser."""
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "sandbox": False})


def test_pages_of_an_accident_can_be_used_by_everybody(house: House) -> None:
    """What the running service shows only when something is wrong, drawn by its own templates."""
    site = house.site
    with site.app.app_context(), site.app.test_request_context(base_url=site.url):
        drawn = {
            f"error {status}": render_template("error.html", status=status, message="示例。", home="/", request_id="1")
            for status in (403, 410, 429, 500, 503)
        }
        ways = {"keywords": words_that_lead_in(), "has_menu": True}
        drawn["elsewhere"] = render_template("wechat/elsewhere.html", path="/", **ways)
        drawn["personal link"] = render_template("wechat/link.html", button="进入投票", pressed=True)
        for elsewhere in (False, True):
            refused = render_template("wechat/link_refused.html", refusal=Refusal(elsewhere), **ways)
            drawn[f"personal link refused {elsewhere}"] = refused
        drawn["halt"] = render_template("wechat/halt.html", halt=Halt(400, "没有登录成功", "请重新进入。"))
    page = house.context(phone=True).new_page()
    faults: list[str] = []
    for name, text in drawn.items():
        page.route("**/drawn", partial(_fulfil, text))
        page.goto(f"{site.url}/drawn")
        faults += faults_of(page, name)
        page.unroute("**/drawn")
    assert not faults, "\n".join(faults)


def _fulfil(text: str, route: Route) -> None:
    route.fulfill(body=text, content_type="text/html; charset=utf-8")
