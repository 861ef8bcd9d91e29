"""The console in a browser at a desk and on a tablet: a poll from its draft to the sheet that is signed."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from foundation.clock import SHANGHAI, utc_now
from staff.roles import Role
from tests.browser.conftest import LiveSite
from tests.factories import BOTH, fill_ledger
from tests.staff.factories_staff import make_staff
from tests.votes.factories_polls import SETTINGS, add_ballots, make_ready, poll_of
from tests.votes.test_console import archive, sheet
from votes.overview import poll_overview
from votes.polls import open_poll
from votes.settings import PollSettings

DESK = ViewportSize(width=1280, height=800)
TABLET = ViewportSize(width=820, height=1180)
MOST_STOPS = 120
PEOPLE = (("丁示例", "示例县一"), ("王示例", "示例县一"), ("马示例", "示例县二"))


@pytest.fixture(params=[DESK, TABLET], ids=["desk", "tablet"])
def screen(request: pytest.FixtureRequest, browser: Browser, live_site: LiveSite) -> Iterator[Page]:
    """A page on each of the two screens, with one member of staff to sign in as."""
    yield from _page(browser, live_site, request.param)


class LeadersDesk:
    """Another machine, at which a leader reads what was asked for and approves it."""

    def __init__(self, site: LiveSite, page: Page) -> None:
        self.site, self.page = site, page

    def approve(self, title: str) -> None:
        self.page.goto(f"{self.site.url}/console/")
        line = self.page.get_by_role("listitem").filter(has_text=title)
        line.get_by_role("link", name="核对").click()
        self.page.get_by_label("我已核对，同意办理。").check()
        self.page.get_by_role("button", name="批准，当即生效").click()
        expect(self.page.get_by_role("status")).to_have_text("已批准，当即生效。")


@pytest.fixture
def leader(browser: Browser, live_site: LiveSite, screen: Page) -> Iterator[LeadersDesk]:
    with live_site.app.app_context():
        make_staff("lingdao", "示例部领导", Role.LEADER)
    context = browser.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{live_site.url}/console/sign-in")
    page.get_by_role("button", name="示例部领导").click()
    yield LeadersDesk(live_site, page)
    context.close()


@pytest.fixture
def desk(browser: Browser, live_site: LiveSite) -> Iterator[Page]:
    yield from _page(browser, live_site, DESK)


def _page(browser: Browser, site: LiveSite, size: ViewportSize) -> Iterator[Page]:
    with site.app.app_context():
        make_staff()
    context: BrowserContext = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert complaints == []


def sign_in(page: Page, site: LiveSite) -> None:
    page.goto(f"{site.url}/console/sign-in?next=/console/polls/")
    page.get_by_role("button", name="示例经办").click()
    expect(page.get_by_role("heading", name="投票活动")).to_be_visible()


def in_form(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"


def draft(page: Page) -> None:
    page.get_by_role("link", name="新建投票").click()
    page.get_by_label("名称", exact=True).fill("示例网上评议")
    page.get_by_label("开始时间").fill(in_form(utc_now() - timedelta(hours=1)))
    page.get_by_label("结束时间").fill(in_form(utc_now() + timedelta(days=7)))
    page.get_by_label("网址").fill("demo")
    for row in (0, 2):
        page.locator(f"[name='awards-{row}-remove']").check()
    page.get_by_role("button", name="保存为草稿").click()
    expect(page.get_by_role("status")).to_have_text("投票已建好，现在还是草稿。接下来导入候选对象。")


def bring_in(page: Page, folder: Path) -> None:
    """Import the candidates, then their photos."""
    table, photos = folder / "名单.xlsx", folder / "照片.zip"
    table.write_bytes(sheet(*PEOPLE, award="十佳共产党员"))
    photos.write_bytes(archive("丁示例.jpg", "王示例.jpg", "3.jpg"))
    page.get_by_label("填好的表格").set_input_files(table)
    page.get_by_role("button", name="预览").click()
    page.get_by_role("button", name="导入3名").click()
    page.get_by_label("照片压缩包").set_input_files(photos)
    page.get_by_role("button", name="预览").click()
    page.get_by_role("button", name="导入照片").click()
    expect(page.get_by_role("img", name="有照片")).to_have_count(3)


def confirm(page: Page, tick: str, button: str, done: str) -> None:
    page.get_by_label(tick).check()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_have_text(done)


def test_a_poll_from_draft_to_the_signed_sheet(
    live_site: LiveSite, screen: Page, leader: LeadersDesk, tmp_path: Path
) -> None:
    sign_in(screen, live_site)
    draft(screen)
    bring_in(screen, tmp_path)
    screen.get_by_role("link", name="概况").click()
    screen.get_by_role("link", name="核对并申请开启").click()
    confirm(screen, "以上内容已核对无误", "申请开启", "申请已提交。部领导批准后，到开始时间自动开始。")
    leader.approve("开启投票：示例网上评议")
    screen.reload()
    expect(screen.locator("h1")).to_have_text("示例网上评议 进行中")
    with live_site.app.app_context():
        add_ballots("demo", (1,), (1, 2), (1, 2, 3))
        while poll_overview("demo").unnumbered:
            screen.wait_for_timeout(100)
    screen.get_by_role("link", name="投票进度与下载").click()
    expect(screen.locator(".figures dd")).to_have_text("3")
    screen.get_by_role("link", name="得票", exact=True).click()
    expect(screen.get_by_text("结果在认证前不可见，任何人都一样。")).to_be_visible()
    screen.get_by_role("link", name="概况").click()
    screen.get_by_role("link", name="申请提前结束").click()
    screen.get_by_label("理由").fill("示例停电")
    confirm(screen, "我了解结束后不能重新开启", "申请提前结束", "申请已提交。部领导批准后立即结束；批准之前照常收票。")
    leader.approve("提前结束投票：示例网上评议")
    screen.reload()
    screen.get_by_role("link", name="核对并申请认证").click()
    confirm(screen, "我了解认证后结果不能再改", "申请认证", "申请已提交。部领导批准后结果即告认证，可以查看和下载。")
    leader.approve("认证投票结果：示例网上评议")
    screen.get_by_role("link", name="投票进度与下载").click()
    assert take_sheet(screen) == ["丁示例", "王示例", "马示例"]


def take_sheet(page: Page) -> list[str]:
    """Ask for the sheet, wait for the worker to make it, and return the names on it, the best first."""
    page.get_by_role("button", name="Excel").click()
    link = page.get_by_role("link", name="得票情况汇总表")
    expect(link).to_be_visible(timeout=30_000)
    with page.expect_download() as taken:
        link.click()
    book = load_workbook(io.BytesIO(Path(taken.value.path()).read_bytes()))
    cells = [str(cell) for row in book.worksheets[0].iter_rows(values_only=True) for cell in row]
    return [name for name in cells if name in {name for name, _ in PEOPLE}]


def test_by_keyboard_alone(live_site: LiveSite, desk: Page) -> None:
    with live_site.app.app_context():
        now = utc_now()
        make_ready("ready", settings_between(now - timedelta(hours=1), now + timedelta(days=1)))
    desk.goto(f"{live_site.url}/console/sign-in?next=/console/polls/")
    press(desk, desk.get_by_role("button", name="示例经办"), "Enter")
    press(desk, desk.get_by_role("link", name="新建投票"), "Enter")
    stop_at(desk, desk.get_by_label("名称", exact=True))
    desk.keyboard.type("示例键盘评议")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="示例键盘评议")).to_be_visible()
    press(desk, desk.get_by_role("link", name="投票活动"), "Enter")
    press(desk, desk.get_by_role("link", name="示例网上评议"), "Enter")
    press(desk, desk.get_by_role("link", name="核对并申请开启"), "Enter")
    press(desk, desk.get_by_label("以上内容已核对无误"), "Space")
    press(desk, desk.get_by_role("button", name="申请开启"), "Enter")
    expect(desk.get_by_role("status")).to_have_text("申请已提交。部领导批准后，到开始时间自动开始。")


def settings_between(opens_at: datetime, closes_at: datetime) -> PollSettings:
    return PollSettings(SETTINGS.title, opens_at=opens_at, closes_at=closes_at)


def press(page: Page, target: Locator, key: str) -> None:
    stop_at(page, target)
    page.keyboard.press(key)


def stop_at(page: Page, target: Locator) -> None:
    """Go from stop to stop with the tab key until the focus is on `target`."""
    expect(target).to_be_visible()
    for _ in range(MOST_STOPS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail("the tab key does not lead there")


def test_ticking_a_whole_page_says_how_many(live_site: LiveSite, desk: Page) -> None:
    with live_site.app.app_context():
        make_ready()
    sign_in(desk, live_site)
    desk.goto(f"{live_site.url}/console/polls/demo/candidates/")
    desk.get_by_label("本页全选").check()
    expect(desk.locator("[data-ticked]")).to_have_text("已勾选5名")
    desk.get_by_label("选择3号丁示例").uncheck()
    expect(desk.locator("[data-ticked]")).to_have_text("已勾选4名")


def test_a_fault_leads_to_its_field_and_keeps_what_was_typed(live_site: LiveSite, desk: Page) -> None:
    sign_in(desk, live_site)
    desk.get_by_role("link", name="新建投票").click()
    desk.get_by_label("咨询电话").fill("示例电话")
    desk.get_by_role("button", name="保存为草稿").click()
    fault = desk.get_by_role("alert").get_by_role("link", name="咨询电话只能用数字、括号和连字符。")
    fault.click()
    field = desk.get_by_label("咨询电话")
    expect(field).to_be_in_viewport()
    expect(field).to_have_value("示例电话")
    expect(field).to_have_accessible_description("咨询电话只能用数字、括号和连字符。 显示在投票页上，可不填")


def test_no_page_is_wider_than_its_screen(live_site: LiveSite, screen: Page) -> None:
    with live_site.app.app_context():
        make_ready("draft")
        make_ready("open", settings_between(utc_now() - timedelta(hours=1), utc_now() + timedelta(days=1)))
        open_poll("open", BOTH)
        fill_ledger(poll_of("open").id, 500, numbered=False)
    sign_in(screen, live_site)
    pages = ["", "edit", "awards", "candidates/", "candidates/3", "import", "photos", "open", "close", "turnout"]
    pages += ["channels/", "results", "candidates/bulk?act=consent&everyone=1"]
    paths = ["", "new", *(f"{slug}/{page}" for slug in ("draft", "open") for page in pages)]
    wide = []
    for path in paths:
        screen.goto(f"{live_site.url}/console/polls/{path}")
        if screen.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []
