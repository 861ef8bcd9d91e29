"""What the polls' pages do with scripts: searching in place, progress of a job, charts; and the marked way in."""

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize, expect

from tests.browser.conftest import LiveSite
from tests.browser.test_ballot_page import choose, complaints_of, start
from tests.factories import fill_ledger, make_poll
from tests.staff.factories_staff import make_staff
from tests.votes.test_console import picture, sheet
from votes.sources import turnout_by_source

DESK = ViewportSize(width=1280, height=800)
TRIES = 100  # a tenth of a second each, until a count is written


@pytest.fixture
def desk(browser: Browser, live_site: LiveSite) -> Iterator[Page]:
    """A clerk's page, signed in, on which nothing may break the policy."""
    with live_site.app.app_context():
        make_staff()
    context = browser.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints = complaints_of(page)
    page.goto(f"{live_site.url}/console/sign-in?next=/console/polls/")
    page.get_by_role("button", name="示例经办").click()
    expect(page.get_by_role("heading", name="投票活动")).to_be_visible()
    yield page
    context.close()
    assert complaints == []


def make(live_site: LiveSite, slug: str, ballots: int = 0, **changes: object) -> None:
    with live_site.app.app_context():
        poll_id = make_poll(slug, **changes)  # type: ignore[arg-type]  # handed through
        if ballots:
            fill_ledger(poll_id, ballots)


def test_a_ballot_counts_for_the_way_its_page_was_opened(live_site: LiveSite, page: Page) -> None:
    complaints = complaints_of(page)
    slug = live_site.poll()
    live_site.sign_in(page)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/ballots") else None)
    page.goto(f"{live_site.url}/polls/{slug}?from=menu&from=singlemessage")
    assert page.evaluate("votes.source()") == "singlemessage"  # passed on inside WeChat
    page.goto(f"{live_site.url}/polls/{slug}?from=menu")
    expect(page).to_have_url(f"{live_site.url}/polls/{slug}")
    start(page)
    choose(page, 1)
    page.reload()
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()
    assert [request.headers.get("x-channel") for request in sent] == ["menu"]
    assert counted(live_site, page, slug) == {"公众号菜单": 1}
    assert complaints == []


def counted(live_site: LiveSite, page: Page, slug: str) -> dict[str, int]:
    """Wait until the web process has written what it counted."""
    for _ in range(TRIES):
        with live_site.app.app_context():
            shares = {share.name: share.ballots for share in turnout_by_source(slug) if share.ballots and share.key}
        if shares:
            return shares
        page.wait_for_timeout(100)
    return {}


def test_typing_finds_candidates_in_place_and_the_address_keeps_it(live_site: LiveSite, desk: Page) -> None:
    make(live_site, "many", state="draft", awards=(("示例奖", 120, 2),))
    desk.goto(f"{live_site.url}/console/polls/many/candidates/")
    desk.evaluate("document.body.dataset.same = 'yes'")
    desk.get_by_label("查找").fill("示例07")
    expect(desk.locator(".polls-people tbody tr")).to_have_count(10)
    expect(desk.get_by_label("查找")).to_be_focused()
    expect(desk).to_have_url(re.compile("words="))
    desk.get_by_role("link", name="推荐单位").click()
    expect(desk.locator("[aria-sort]")).to_contain_text("推荐单位")
    desk.get_by_label("本页全选").check()
    expect(desk.locator("[data-ticked]")).to_have_text("已勾选10名")
    assert desk.evaluate("document.body.dataset.same") == "yes"
    desk.reload()
    expect(desk.locator(".polls-people tbody tr")).to_have_count(10)
    desk.get_by_label("本页全选").check()
    desk.get_by_role("button", name="核对并办理").click()
    expect(desk.get_by_text("没有可以办的，原因见下。")).to_be_visible()


def test_many_photos_are_worked_off_with_a_bar_that_survives_a_reload(
    live_site: LiveSite, desk: Page, tmp_path: Path
) -> None:
    make(live_site, "photos", state="draft", awards=(("示例奖", 60, 2),))
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for number in range(1, 61):
            packed.writestr(f"{number}.jpg", picture())
    archive = tmp_path / "照片.zip"
    archive.write_bytes(content.getvalue())
    desk.goto(f"{live_site.url}/console/polls/photos/photos")
    desk.get_by_label("照片压缩包").set_input_files(archive)
    desk.get_by_role("button", name="预览").click()
    desk.get_by_role("button", name="导入照片").click()
    expect(desk.get_by_role("progressbar")).to_be_visible()
    desk.reload()
    expect(desk.get_by_text("60张照片已导入。")).to_be_visible(timeout=60_000)


def test_a_sheet_is_not_sent_again_by_a_reload(live_site: LiveSite, desk: Page, tmp_path: Path) -> None:
    make(live_site, "sheet", state="draft", awards=(("示例奖", 0, 2),))
    file = tmp_path / "名单.xlsx"
    file.write_bytes(sheet(("丁示例", "示例县"), award="示例奖"))
    desk.goto(f"{live_site.url}/console/polls/sheet/import")
    desk.get_by_label("填好的表格").set_input_files(file)
    desk.get_by_role("button", name="预览").click()
    expect(desk.get_by_role("button", name="导入1名")).to_be_visible()
    posted: list[str] = []
    desk.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    desk.reload()
    expect(desk.get_by_role("button", name="导入1名")).to_be_visible()
    assert posted == []


@pytest.mark.parametrize("candidates", [7, 60])
def test_certified_results_are_drawn_and_stand_in_a_table(live_site: LiveSite, desk: Page, candidates: int) -> None:
    make(live_site, "done", 40, state="certified", awards=(("示例奖", candidates, 7),))
    desk.goto(f"{live_site.url}/console/polls/done/results")
    chart = desk.get_by_role("img", name="示例奖得票图，数字见下表")
    expect(chart.locator("canvas")).to_be_visible()
    expect(desk.locator("table tbody tr")).to_have_count(candidates)
    drawn = "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    assert chart.locator("canvas").evaluate(drawn) > 3
