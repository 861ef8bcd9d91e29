"""Coming in with a phone's code, and what was typed when a session ends over it, in a real browser."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import LiveSite
from tests.conftest import DatabaseClock
from tests.staff.factories_keys import Phone
from tests.staff.factories_staff import PASSWORD, make_staff

RESTORED = "已恢复您刚才填写的内容，还没有提交，请核对后再提交一次。"
TITLE = "示例网上评议之二"


@pytest.fixture
def desk(browser: Browser, live_site: LiveSite) -> Iterator[Page]:
    with live_site.app.app_context():
        make_staff()
        make_staff("kezhang", "示例科长")
    size = ViewportSize(width=820, height=1180)
    context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert complaints == []


def come_back_as(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    expect(page.locator("body.console")).to_be_visible()


def begin_a_poll(page: Page, site: LiveSite) -> None:
    """Sign in and type a title and a rule into the form for a new poll."""
    page.goto(f"{site.url}/console/sign-in?next=/console/polls/new")
    come_back_as(page, "示例经办")
    page.get_by_label("名称", exact=True).fill(TITLE)


def test_a_member_sets_up_a_phone_and_comes_in(desk: Page, live_site: LiveSite, database_clock: DatabaseClock) -> None:
    desk.goto(f"{live_site.url}/console/sign-in?next=/console/account")
    desk.get_by_label("用户名").fill("jingban")
    desk.get_by_label("密码", exact=True).fill(PASSWORD)
    desk.get_by_role("button", name="登录", exact=True).click()
    expect(desk.get_by_role("heading", name="第一次登录，先设置动态码")).to_be_visible()
    desk.get_by_text("不能扫，改为输入密钥").click()
    phone = Phone(desk.locator("code").inner_text().replace(" ", "").encode())
    with live_site.app.app_context():
        code = phone.code()
    desk.get_by_label("动态码", exact=True).fill(code)
    desk.get_by_role("button", name="完成设置").click()
    expect(desk.get_by_role("listitem")).to_have_count(10)
    desk.get_by_role("link", name="已经保存，继续").click()
    expect(desk.get_by_text("还有 10 个没有用，共 10 个")).to_be_visible()
    expect(desk.get_by_text("本机", exact=True)).to_be_visible()


def test_what_was_typed_is_back_after_signing_in_again(
    desk: Page, live_site: LiveSite, database_clock: DatabaseClock
) -> None:
    begin_a_poll(desk, live_site)
    database_clock.advance(timedelta(minutes=61))
    desk.get_by_role("button", name="保存为草稿").click()
    expect(desk.get_by_role("alert")).to_have_text(
        "登录已过期，刚才提交的内容没有保存。登录后会回到原来的页面，您填写的内容会恢复。"
    )
    come_back_as(desk, "示例经办")
    expect(desk.get_by_text(RESTORED)).to_be_visible()
    expect(desk.get_by_label("名称", exact=True)).to_have_value(TITLE)
    desk.reload()
    expect(desk.get_by_text(RESTORED)).to_have_count(0)
    expect(desk.get_by_label("名称", exact=True)).to_have_value("")


def test_what_was_typed_is_nobody_elses(desk: Page, live_site: LiveSite, database_clock: DatabaseClock) -> None:
    begin_a_poll(desk, live_site)
    database_clock.advance(timedelta(minutes=61))
    desk.get_by_role("button", name="保存为草稿").click()
    come_back_as(desk, "示例科长")
    expect(desk.get_by_label("名称", exact=True)).to_have_value("")
    assert desk.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('draft:'))") == []


def test_a_form_that_got_through_leaves_nothing_behind(desk: Page, live_site: LiveSite) -> None:
    begin_a_poll(desk, live_site)
    desk.get_by_role("button", name="保存为草稿").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text(TITLE)
    assert desk.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('draft:'))") == []
