"""One voter's way through everything, on a phone: menu, sign-in, choosing, casting, receipt, result."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from staff.actors import SYSTEM
from tests.browser.conftest import LiveSite
from tests.factories import BOTH
from votes.overview import poll_overview
from votes.paper import SECONDS_KEPT
from votes.polls import certify_poll, close_poll
from wechat.menu import publish_menu

AWARDS = (("十佳基层党组织", 15, 10), ("十佳共产党员", 15, 10), ("优秀共产党员", 150, 100))


class Album:
    """Keeps pictures of the journey where SCREENSHOTS names a folder, for somebody to look at."""

    def __init__(self) -> None:
        self._folder = os.environ.get("SCREENSHOTS")
        self._count = 0

    def keep(self, page: Page, name: str) -> None:
        self._count += 1
        if self._folder:
            page.screenshot(path=str(Path(self._folder) / f"{self._count:02d}-{name}.png"))


@pytest.fixture
def poll(live_site: LiveSite) -> str:
    slug = live_site.poll(awards=AWARDS, visibility="hidden")
    with live_site.app.app_context():
        publish_menu(SYSTEM)
    return slug


def choose(page: Page, award: int, *places: int) -> None:
    page.get_by_role("tab").nth(award).click()
    circles = page.locator("[data-award]").nth(award).locator("button[aria-pressed]")
    for place in places:
        circles.nth(place).click()


def close_and_certify(site: LiveSite, slug: str, page: Page) -> None:
    """Close the poll and certify it as soon as the sequencer has numbered its ballots."""
    with site.app.app_context():
        close_poll(slug, "示例：测试提前结束", BOTH)
        while poll_overview(slug).unnumbered:
            page.wait_for_timeout(100)
        certify_poll(slug, BOTH)


def test_from_the_menu_to_the_certified_result(live_site: LiveSite, phone: BrowserContext, poll: str) -> None:
    page, album = phone.new_page(), Album()

    page.goto(live_site.sandbox_url)
    page.get_by_text("示例党员甲").click()
    album.keep(page, "chat")
    page.get_by_text("网上评议").click()
    page.get_by_role("button", name="投票", exact=True).click()

    page.wait_for_url(f"**/polls/{poll}*")
    expect(page.get_by_text("投票前请先看")).to_be_visible()
    expect(page.get_by_text("每个微信号限投一次，提交后不可修改。")).to_be_visible()
    album.keep(page, "rules")
    page.get_by_text("看候选对象，开始投票").click()

    choose(page, 0, 0, 1, 2)
    choose(page, 1, 4)
    album.keep(page, "chosen")
    page.reload()
    expect(page.get_by_role("tab").nth(0)).to_contain_text("3/10")
    expect(page.get_by_role("tab").nth(1)).to_contain_text("1/10")

    page.get_by_text("核对选票").first.click()
    expect(page.get_by_text("还没投成功。提交后不可修改。")).to_be_visible()
    for number in ("001", "002", "003", "020"):
        expect(page.locator("#review").get_by_text(number, exact=True)).to_be_visible()
    album.keep(page, "review")
    with page.expect_response("**/ballots") as answered:
        page.get_by_text("确认投票").click()
    expect(page.get_by_text("已投成功")).to_be_visible()
    receipt = answered.value.json()["receipt"]
    assert answered.value.status == 201
    expect(page.get_by_text(receipt["code"])).to_be_visible()
    expect(page.get_by_text("第 1 票")).to_be_visible()
    album.keep(page, "receipt")

    token = page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    second = page.request.post(
        f"{live_site.url}/polls/{poll}/ballots",
        data={"choices": [5], "nonce": "another-nonce-of-the-same-voter"},
        headers={"X-CSRFToken": token, "Origin": live_site.url},
    )
    assert (second.status, second.json()) == (409, {"status": "already_voted", "receipt": receipt})
    page.goto(f"{live_site.sandbox_url}")
    page.get_by_text("示例党员甲").click()
    page.get_by_text("网上评议").click()
    page.get_by_role("button", name="投票", exact=True).click()
    page.wait_for_url(f"**/polls/{poll}*")
    expect(page.get_by_text("您已经投票")).to_be_visible()
    album.keep(page, "already-voted")
    page.goto(f"{live_site.url}/polls/{poll}/results")
    expect(page.get_by_text("现在还看不到得票")).to_be_visible()

    close_and_certify(live_site, poll, page)

    page.wait_for_timeout(1_000 * SECONDS_KEPT)  # a process may read a poll's paper a second late
    page.goto(f"{live_site.url}/polls/{poll}/results")
    expect(page.get_by_text("结果已认证")).to_be_visible()
    expect(page.get_by_text("截至第 1 票")).to_be_visible()
    album.keep(page, "results")
    results = page.request.get(f"{live_site.url}/polls/{poll}/results.json").json()
    chosen = {row["number"] for award in results["awards"] for row in award["candidates"] if row["votes"]}
    assert chosen == {1, 2, 3, 20}
    page.goto(receipt["url"].replace("http://vote.example", live_site.url))
    expect(page.get_by_text("第 1 票")).to_be_visible()
