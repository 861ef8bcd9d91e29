"""An objection from a phone to its end in the console; what a phone keeps when things go wrong; payloads shown."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, FilePayload, Page, Route, ViewportSize, expect

from foundation.ids import random_id
from publicity.notices.reading import NoticeHead
from publicity.objections.gate import Try, current_gate
from publicity.objections.handling import accept, examine, resolve
from publicity.objections.limits import limits_in_force
from publicity.objections.people import person_digest
from publicity.objections.raising import raise_objection
from publicity.objections.rules import State
from staff.roles import Role
from tests.browser.conftest import LiveSite
from tests.browser.test_ballot_page import complaints_of
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, make_notice, make_office, make_subjects
from tests.publicity.factories_objections import NAME, PHONE, TEXT, entry_to, picture
from tests.publicity.xss_payloads import PAYLOADS
from tests.staff.factories_staff import make_staff

DESK = ViewportSize(width=1280, height=800)
FILE = FilePayload(name="示例凭证.png", mimeType="image/png", buffer=picture())
SENDABLE = tuple(payload for payload in PAYLOADS if "\0" not in payload)


@pytest.fixture
def head(live_site: LiveSite, database_clock: DatabaseClock) -> NoticeHead:
    """A notice with as many names as the yearly selection has, which runs."""
    database_clock.set(MONDAY)
    with live_site.app.app_context():
        return make_notice(subjects=make_subjects(120))


@pytest.fixture
def desk(browser: Browser, live_site: LiveSite, head: NoticeHead) -> Iterator[Page]:
    """A clerk's page, signed in, on which nothing may break the policy."""
    with live_site.app.app_context():
        make_staff()
    context = browser.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints = complaints_of(page)
    page.goto(f"{live_site.url}/console/sign-in?next=/console/objections/")
    page.get_by_role("button", name="示例经办").click()
    expect(page.get_by_role("heading", name="反映情况", exact=True)).to_be_visible()
    yield page
    context.close()
    assert complaints == []


def open_form(live_site: LiveSite, page: Page, head: NoticeHead) -> None:
    page.goto(f"{live_site.url}{head.path}/objections")
    expect(page.get_by_role("heading", name="反映情况")).to_be_visible()


def fill_in(page: Page) -> None:
    page.locator("input[name=subject]").first.check()
    page.get_by_label("个人实名").check()
    page.get_by_label("姓名", exact=True).fill(NAME)
    page.get_by_label("联系电话").fill(PHONE)
    page.get_by_label("反映的情况").fill(TEXT)
    page.set_input_files("#files", FILE)


def send(page: Page) -> None:
    page.get_by_role("button", name="提交反映").click()


def test_an_objection_goes_from_a_phone_through_the_console_and_back(
    live_site: LiveSite, page: Page, desk: Page, head: NoticeHead
) -> None:
    complaints = complaints_of(page)
    live_site.sign_in(page)
    open_form(live_site, page, head)
    page.get_by_placeholder("查找姓名或单位").fill("王示七")
    expect(page.get_by_text("找到11个")).to_be_visible()
    page.get_by_label("王示七一").check()
    page.get_by_placeholder("查找姓名或单位").fill("")
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("有2处要改")
    page.get_by_label("个人实名").check()
    page.get_by_label("姓名", exact=True).fill(NAME)
    page.get_by_label("联系电话").fill(PHONE)
    page.get_by_label("反映的情况").fill(TEXT)
    page.set_input_files("#files", FILE)
    send(page)
    expect(page.get_by_role("heading", name="反映已收到")).to_be_visible()
    code = page.locator(".code").inner_text()
    expect(page.get_by_text("会在6月19日前办结")).to_be_visible()

    desk.reload()
    row = desk.get_by_role("row", name=re.compile(code))
    expect(row).to_contain_text("王示七一")
    row.get_by_role("link", name=code).click()
    expect(desk.get_by_text(TEXT)).to_be_visible()
    expect(desk.get_by_text("138****5678")).to_be_visible()
    assert PHONE not in desk.content()
    desk.get_by_role("button", name="受理，由我办理").click()
    desk.get_by_role("link", name="查看完整的电话").click()
    desk.locator(".masked-form").get_by_role("button", name="查看").click()
    expect(desk.get_by_text(PHONE)).to_be_visible()
    with desk.expect_download() as taken:
        desk.get_by_role("link", name="示例凭证.png").click()
    assert taken.value.suggested_filename == "示例凭证.png"
    desk.get_by_label("查了什么、查到什么").fill("示例核查情况")
    desk.get_by_role("button", name="核查完毕").click()
    desk.get_by_role("radio", name="不属实").check()
    desk.get_by_label("认定的依据和处理意见").fill("示例依据")
    desk.get_by_label("给推荐单位的书面说明").fill("经核查，反映的问题不属实。")
    desk.get_by_role("button", name="办结").click()
    expect(desk.get_by_text("认定不属实")).to_be_visible()

    page.get_by_role("link", name="看办理情况").click()
    expect(page.get_by_text("已办结：不属实")).to_be_visible()
    assert complaints == []


def test_what_was_filled_in_outlives_a_lost_network_and_is_sent_once(
    live_site: LiveSite, page: Page, desk: Page, head: NoticeHead
) -> None:
    live_site.sign_in(page)
    open_form(live_site, page, head)
    fill_in(page)

    def lose_the_answer(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/objections", lose_the_answer, times=1)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("网络断了")
    assert page.get_by_label("反映的情况").input_value() == TEXT
    send(page)
    expect(page.get_by_role("heading", name="反映已收到")).to_be_visible()
    desk.reload()
    expect(desk.locator("table.objections tbody tr")).to_have_count(1)


def test_who_is_too_fast_reads_when_to_try_again_and_keeps_everything(
    live_site: LiveSite, page: Page, head: NoticeHead
) -> None:
    openid = live_site.sign_in(page)
    with live_site.app.app_context():
        limits = limits_in_force()
        for number in range(limits.per_person):
            attempt = Try(head.key, f"form-{number}", "", person_digest(openid))
            assert current_gate().admit(attempt, limits) == 0
    open_form(live_site, page, head)
    fill_in(page)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("提交的反映太多")
    assert page.get_by_label("反映的情况").input_value() == TEXT
    assert page.locator("#files").evaluate("field => field.files.length") == 1


def test_without_scripts_the_form_works_and_keeps_what_was_typed(
    live_site: LiveSite, browser: Browser, head: NoticeHead
) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 667}, java_script_enabled=False)
    context.set_default_timeout(10_000)
    page = context.new_page()
    open_form(live_site, page, head)
    page.locator("input[name=subject]").first.check()
    page.locator("input[value=person]").check()
    page.locator("#name").fill(NAME)
    page.locator("#text").fill(TEXT)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("请填写联系电话")
    assert page.locator("#text").input_value() == TEXT
    page.locator("#phone").fill(PHONE)
    send(page)
    expect(page.get_by_role("heading", name="反映已收到")).to_be_visible()
    context.close()


def test_nothing_sticks_out_at_the_largest_letters_on_the_smallest_phone(
    live_site: LiveSite, page: Page, head: NoticeHead
) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    open_form(live_site, page, head)
    page.evaluate("document.documentElement.style.fontSize = '150%'")
    page.get_by_label("以单位名义").check()
    page.locator("#has_lead").check()
    send(page)
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    small = page.evaluate(
        """() => [...document.querySelectorAll('label.objection-choice, button, .field, a.link')]
              .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44).length"""
    )
    assert small == 0


def test_no_payload_runs_in_a_browser(live_site: LiveSite, browser: Browser, desk: Page, head: NoticeHead) -> None:
    with live_site.app.app_context():
        clerk = make_office().drafter
        codes = []
        for start in range(0, len(SENDABLE), 12):
            text = "\n".join(SENDABLE[start : start + 12])
            name = "示" + "".join(letter for letter in SENDABLE[start][:39] if letter.isprintable())
            entry = entry_to(head, text=text, has_lead=True, lead=text, name=name, unit=name, form=random_id())
            code = raise_objection(head.key, entry, openid=None).code
            accept(code, text, clerk, seen=1)
            examine(code, text, clerk, seen=2)
            resolve(code, State.FOUNDED, text, text[:1_000], clerk, seen=3)
            codes.append(code)
        make_staff("danwei", "示例单位人", Role.UNIT, "示例县")
    ran: list[str] = []
    desk.on("dialog", lambda dialog: _note(ran, dialog))
    for code in codes:
        desk.goto(f"{live_site.url}/console/objections/{code}")
        expect(desk.get_by_role("heading", name="办理经过")).to_be_visible()
    context = browser.new_context(viewport=DESK)
    unit = context.new_page()
    unit.on("dialog", lambda dialog: _note(ran, dialog))
    complaints = complaints_of(unit)
    unit.goto(f"{live_site.url}/console/sign-in?next=/console/objections/summaries")
    unit.get_by_role("button", name="示例单位人").click()
    expect(unit.locator(".objections-summaries tbody tr")).to_have_count(len(codes))
    context.close()
    assert (ran, complaints) == ([], [])


def _note(ran: list[str], dialog: Dialog) -> None:
    ran.append(dialog.message)
    dialog.dismiss()
