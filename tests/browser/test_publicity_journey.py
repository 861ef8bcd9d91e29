"""The demo's final list from the draft to the signed report: published, pushed, read, objected to, held, concluded."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from app.demo.people import past_awards
from publicity.pushes.templates_set import TEMPLATES, TemplateSet
from staff.accounts import find_account
from staff.sessions import begin_session
from tests.browser.conftest import LiveSite
from tests.browser.test_ballot_page import complaints_of
from tests.conftest import DatabaseClock
from tests.publicity.conclusion.reading_report import blocks_of, said_in
from tests.publicity.factories_composing import CONTENT, FIELDS
from tests.publicity.factories_notices import MONDAY, make_office
from tests.publicity.factories_pushes import make_followers
from tests.staff.factories_staff import COOKIE
from tests.staff.options.factories_options import set_to

DESK = ViewportSize(width=1280, height=900)
AWARD = past_awards()[0]
LISTED = AWARD.candidates[:5]
FIRST = LISTED[0]
OpenDesk = Callable[[str, str], Page]


@pytest.fixture
def desk(browser: Browser, live_site: LiveSite, database_clock: DatabaseClock) -> Iterator[OpenDesk]:
    """Opens a page at the desk of a member, signed in just now; nothing may break the policy of any page."""
    database_clock.set(MONDAY)
    with live_site.app.app_context():
        make_office()
    contexts, complaints = [], []

    def at(name: str, path: str) -> Page:
        with live_site.app.app_context():
            token = begin_session(find_account(name).id, replaces=None, complete=True)
        context = browser.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai")
        context.set_default_timeout(10_000)
        context.add_cookies([{"name": COOKIE, "value": token, "url": live_site.url}])
        contexts.append(context)
        page = context.new_page()
        complaints.append(complaints_of(page))
        page.goto(f"{live_site.url}{path}")
        return page

    yield at
    for context in contexts:
        context.close()
    assert [said for heard in complaints for said in heard] == []


@pytest.fixture
def _account(live_site: LiveSite) -> None:
    """A template for notices, and a follower whom the account knows."""
    orders = f"http://127.0.0.1:{live_site.app.config['SETTINGS'].port + 2}/accounts/-/templates"
    template = requests.post(orders, json={"kind": "template", "title": "公示提醒", "content": CONTENT}, timeout=5)
    chat = requests.get(f"{live_site.sandbox_url}/phone/jia/chat.json", timeout=5).json()
    with live_site.app.app_context():
        set_to(TEMPLATES, (TemplateSet("公示提醒", template.json()["template_id"], FIELDS),))
        make_followers([str(chat["follower"]["openid"])])


@pytest.mark.usefixtures("_account")
def test_the_final_list_from_the_draft_to_the_report(
    live_site: LiveSite, phone: BrowserContext, desk: OpenDesk, database_clock: DatabaseClock
) -> None:
    notice = publish_the_list(desk)
    push(desk, notice)
    reader = phone.new_page()
    read_after_the_push(reader, live_site)
    object_to_the_first(reader)

    # Somebody else in the place of the last: the five days begin anew.
    database_clock.advance(timedelta(days=2))
    replace_the_last(desk, notice)
    reader.goto(f"{live_site.url}/notices/{notice}")
    expect(reader.get_by_text("2017年6月8日 — 6月14日（5个工作日）", exact=True)).to_be_visible()

    database_clock.advance(timedelta(days=9))
    held = desk("nigao", f"/console/notices/{notice}/conclusion")
    expect(held.get_by_text("还有1件反映没有办结。")).to_be_visible()
    expect(held.get_by_role("button", name="结束公示")).to_have_count(0)

    settle(desk)
    clerk = desk("nigao", f"/console/notices/{notice}/conclusion")
    clerk.get_by_label("我了解结束以后不能撤销").check()
    clerk.get_by_role("button", name="结束公示").click()
    expect(clerk.get_by_role("heading", name="公示已结束", exact=True)).to_be_visible()
    reader.reload()
    expect(reader.get_by_text("公示已结束").first).to_be_visible()
    check_report(download_report(clerk))


def publish_the_list(desk: OpenDesk) -> str:
    """Draft, examine and issue the demo's list at three desks; returns the notice's key."""
    page = desk("nigao", "/console/notices/new")
    page.get_by_role("link", name="预备人选公示").click()
    page.get_by_label("粘贴名单").fill(
        "\n".join([AWARD.name + "：", *(f"{one.name}\t{one.post}\t{one.unit}" for one in LISTED)])
    )
    page.get_by_role("button", name="加到名单").click()
    page.get_by_label("受理地址").fill("示例市示例路1号，000000")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已存。")).to_be_visible()
    key = re.search(r"/console/notices/([0-9a-f]+)/", page.url)
    assert key is not None
    take_the_steps(desk, key[1])
    return key[1]


def take_the_steps(desk: OpenDesk, notice: str) -> None:
    for name, link, button in (
        ("nigao", "核对并提交", "提交审核"),
        ("shenhe", "审核", "审核通过"),
        ("qianfa", "签发", "签发并发布"),
    ):
        page = desk(name, f"/console/notices/{notice}/")
        page.get_by_role("link", name=link, exact=True).click()
        page.get_by_label("以上内容已核对无误").check()
        page.get_by_role("button", name=button).click()
        expect(page.locator(".message-done")).to_be_visible()


def push(desk: OpenDesk, notice: str) -> None:
    """Push the notice to all followers by template and watch it to its end."""
    clerk = desk("nigao", f"/console/pushes/new?notice={notice}")
    clerk.get_by_label("模板消息").check()
    clerk.get_by_role("button", name="下一步，核对内容").click()
    clerk.get_by_label("什么时候开始").fill("")
    clerk.get_by_role("button", name="保存").click()
    clerk.get_by_role("link", name="核对并申请推送").click()
    clerk.get_by_label("内容、对象和时间已核对无误").check()
    clerk.get_by_role("button", name="申请推送").click()
    expect(clerk.get_by_text("已申请推送，等部领导批准。")).to_be_visible()
    leader = desk("qianfa", "/console/approvals/")
    leader.get_by_role("link", name="核对").click()
    leader.get_by_label(re.compile("我已核对，同意办理")).check()
    leader.get_by_role("button", name="批准，当即生效").click()
    clerk.reload()
    expect(clerk.get_by_text("发送完了")).to_be_visible(timeout=30_000)
    expect(clerk.get_by_text("100% · 已发出 1")).to_be_visible()


def read_after_the_push(page: Page, site: LiveSite) -> None:
    """Open the notice from the message that came, as a follower does."""
    page.goto(site.sandbox_url)
    page.get_by_text("示例党员甲").click()
    page.get_by_role("log").get_by_role("link", name="查看详情").last.click()
    expect(page.get_by_role("heading", name="预备人选的公示")).to_be_visible()
    expect(page.get_by_text("2017年6月6日 — 6月12日（5个工作日）", exact=True)).to_be_visible()
    expect(page.get_by_text(FIRST.name).first).to_be_visible()


def object_to_the_first(page: Page) -> None:
    page.get_by_role("link", name="反映情况").click()
    page.get_by_role("link", name="用微信确认身份").click()
    allow = page.get_by_role("button", name="允许")
    expect(page.get_by_text("已确认您的微信身份").or_(allow)).to_be_visible()
    if allow.is_visible():
        allow.click()
    expect(page.get_by_text("已确认您的微信身份")).to_be_visible()
    page.get_by_role("radio", name=FIRST.name).check()
    page.get_by_role("radio", name="个人实名").check()
    page.get_by_label("姓名", exact=True).fill("示例反映人")
    page.get_by_label("联系电话").fill("13800001234")
    page.get_by_label("反映的情况").fill("参加活动的次数与公示前说的不一致，请核对。")
    page.get_by_role("button", name="提交反映").click()
    expect(page.get_by_role("heading", name="反映已收到")).to_be_visible()
    page.get_by_role("link", name="看办理情况").click()
    expect(page.get_by_text("已收到，等待受理")).to_be_visible()


def replace_the_last(desk: OpenDesk, notice: str) -> None:
    page = desk("nigao", f"/console/notices/{notice}/")
    page.get_by_role("link", name="更正、撤下或增补").click()
    page.get_by_label("增加或更换对象").check()
    page.get_by_label("说明").fill("一人调离，增补一人。")
    page.get_by_role("button", name="起草变更").click()
    page.get_by_label(f"删去{LISTED[-1].name}").check()
    page.get_by_label("新的一行的奖项").fill(AWARD.name)
    page.get_by_label("新的一行的姓名或组织名称").fill("马示例增")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("公示期从这一版发布后重新算")).to_be_visible()
    take_the_steps(desk, notice)


def settle(desk: OpenDesk) -> None:
    """Accept the objection, examine it and find it unfounded."""
    page = desk("shenhe", "/console/objections/")
    page.locator("table a.code").first.click()
    page.get_by_role("button", name="受理，由我办理").click()
    page.get_by_label("查了什么、查到什么").fill("调阅签到簿，次数无误。")
    page.get_by_role("button", name="核查完毕").click()
    page.get_by_role("radio", name="不属实").check()
    page.get_by_label("认定的依据和处理意见").fill("签到簿与公示一致。")
    page.get_by_label("给推荐单位的书面说明").fill("反映的次数经核对无误，反映的情况不属实。")
    page.get_by_role("button", name="办结", exact=True).click()
    expect(page.locator("h1")).to_contain_text("不属实")


def download_report(page: Page) -> bytes:
    page.get_by_role("button", name="生成报告").click()
    link = page.get_by_role("link", name=re.compile("^下载 .*docx"))
    expect(link).to_be_visible(timeout=30_000)
    with page.expect_download() as taken:
        link.click()
    return taken.value.path().read_bytes()


def check_report(report: bytes) -> None:
    """The report tells of both periods, the push and the objection, and never who objected."""
    said, whole = "\n".join(str(block) for block in blocks_of(report)), said_in(report)
    listed = [*(one.name for one in LISTED[:-1]), "马示例增"]
    told = ["2017年6月6日", "2017年6月8日", "6月14日", "模板消息", "不属实", *listed]
    assert [words for words in told if words not in said] == []
    assert [datum for datum in ("示例反映人", "13800001234", "签到簿") if datum in whole] == []
