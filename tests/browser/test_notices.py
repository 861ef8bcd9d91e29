"""A notice from the first draft to its third version: three people at their desks, and the phone that reads it."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from publicity.notices.drafting import NoticeEntry, draft_notice
from publicity.notices.kinds import Kind
from publicity.notices.reading import public_notices
from publicity.notices.sheet import notice_sheet
from staff.accounts import find_account
from staff.sessions import begin_session
from tests.browser.conftest import LiveSite
from tests.browser.test_ballot_page import complaints_of
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, Staff, make_office
from tests.staff.factories_staff import COOKIE

DESK = ViewportSize(width=1280, height=900)
HOME = "/console/notices/"
PASTED = """十佳基层党组织
示例社区党总支\t示例区示例街道\t示例区
十佳共产党员
丁示例\t示例县第一中学教师\t示例县一
王示例\t示例区环卫处班长\t示例区"""
BULLET = "<span style='mso-list:Ignore'>·<span>&nbsp;</span></span>"
FROM_WORD = f"""<html><head><style>p.MsoNormal{{color:red}}</style></head><body lang=ZH-CN>
<!--StartFragment--><h1 style='text-align:center'><span style='font-family:宋体'>一、安排</span></h1>
<p class=MsoNormal style='margin-left:21.0pt'><b><span lang=EN-US style='color:red'>2017</span></b>年<o:p></o:p></p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'>{BULLET}第一项</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'>{BULLET}第二项</p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<table class=MsoTableGrid border=1 style='width:100%'>
<tr><td width=10><p class=MsoNormal>单位</p></td><td>示例</td></tr></table>
<script>alert(1)</script><img src="file:///c:/x.png" onerror="alert(1)"><!--EndFragment--></body></html>"""
PASTE = """(sheet, html) => {
  const data = new DataTransfer();
  data.setData("text/html", html);
  sheet.focus();
  getSelection().selectAllChildren(sheet);
  getSelection().collapseToEnd();
  sheet.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""
OpenDesk = Callable[[str], Page]


@pytest.fixture
def staff(live_site: LiveSite, database_clock: DatabaseClock) -> Staff:
    database_clock.set(MONDAY)
    with live_site.app.app_context():
        return make_office()


@pytest.fixture
def desk(browser: Browser, live_site: LiveSite, staff: Staff) -> Iterator[OpenDesk]:
    """Opens a page at the desk of a member, signed in just now; nothing may break the policy of any page."""
    contexts, complaints = [], []

    def at(name: str) -> Page:
        with live_site.app.app_context():
            token = begin_session(find_account(name).id, replaces=None, complete=True)
        context = browser.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai")
        context.set_default_timeout(10_000)
        context.add_cookies([{"name": COOKIE, "value": token, "url": live_site.url}])
        contexts.append(context)
        page = context.new_page()
        complaints.append(complaints_of(page))
        page.goto(f"{live_site.url}{HOME}")
        return page

    yield at
    for context in contexts:
        context.close()
    assert [said[:400] for heard in complaints for said in heard] == []


def draft_with_a_pasted_list(page: Page) -> None:
    page.get_by_role("link", name="起草").click()
    page.get_by_role("link", name="预备人选公示").click()
    page.get_by_label("粘贴名单").fill(PASTED)
    page.get_by_role("button", name="加到名单").click()
    expect(page.get_by_label("丁示例的单位及职务")).to_have_value("示例县第一中学教师")
    page.get_by_label("受理地址").fill("示例市示例路1号，000000")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已存。")).to_be_visible()


def hand_on(page: Page, link: str, button: str) -> None:
    """Take the step that a notice waits for, after having read what is published."""
    page.get_by_role("link", name=link, exact=True).click()
    page.get_by_label("以上内容已核对无误").check()
    page.get_by_role("button", name=button).click()
    expect(page.locator(".message-done")).to_be_visible()


def take_to_the_public(desk: OpenDesk, page: Page) -> None:
    """Hand the draft on that is open at its drafter's desk, until it is published."""
    address = re.sub(r"edit$", "", page.url)
    hand_on(page, "核对并提交", "提交审核")
    for name, link, button in (("shenhe", "审核", "审核通过"), ("qianfa", "签发", "签发并发布")):
        other = desk(name)
        other.goto(address)
        hand_on(other, link, button)


def change(page: Page, kind: str, note: str) -> None:
    """Begin a change; leaves the page at the form of the new draft."""
    page.get_by_role("link", name="更正、撤下或增补").click()
    page.get_by_label(kind).check()
    page.get_by_label("说明").fill(note)
    page.get_by_role("button", name="起草变更").click()
    expect(page.get_by_role("button", name="保存草稿")).to_be_visible()


def open_notice(page: Page) -> None:
    page.get_by_role("link", name="预备人选的公示").click()


def test_a_notice_is_drafted_examined_issued_changed_and_read(
    live_site: LiveSite, page: Page, desk: OpenDesk, database_clock: DatabaseClock
) -> None:
    clerk = desk("nigao")
    draft_with_a_pasted_list(clerk)
    take_to_the_public(desk, clerk)

    complaints = complaints_of(page)
    page.goto(f"{live_site.url}/notices")
    page.get_by_role("link", name="预备人选的公示").click()
    expect(page.get_by_text("2017年6月6日 — 6月12日（5个工作日）", exact=True)).to_be_visible()
    expect(page.get_by_text("还剩5个工作日")).to_be_visible()
    expect(page.get_by_role("link", name="反映情况")).to_be_in_viewport()
    expect(page.get_by_text("丁示例")).to_be_visible()
    notice = page.url

    # A misprint goes on with the days of the version before.
    database_clock.advance(timedelta(days=2))
    clerk = desk("nigao")
    open_notice(clerk)
    change(clerk, "更正文字", "职务不准。")
    clerk.get_by_label("丁示例的单位及职务").fill("示例县第二中学教师")
    clerk.get_by_role("button", name="保存草稿").click()
    take_to_the_public(desk, clerk)
    page.reload()
    expect(page.get_by_text("示例县第二中学教师").first).to_be_visible()
    expect(page.get_by_text("2017年6月6日 — 6月12日（5个工作日）", exact=True)).to_be_visible()
    expect(page.get_by_text("还剩4个工作日")).to_be_visible()

    # A subject in another's place starts the clock anew.
    clerk = desk("nigao")
    open_notice(clerk)
    change(clerk, "增加或更换对象", "王示例调离，增补马示例。")
    clerk.get_by_label("删去王示例").check()
    clerk.get_by_label("新的一行的奖项").fill("十佳共产党员")
    clerk.get_by_label("新的一行的姓名或组织名称").fill("马示例")
    clerk.get_by_role("button", name="保存草稿").click()
    expect(clerk.get_by_text("公示期从这一版发布后重新算")).to_be_visible()
    take_to_the_public(desk, clerk)
    page.reload()
    expect(page.get_by_text("2017年6月8日 — 6月14日（5个工作日）", exact=True)).to_be_visible()
    expect(page.get_by_text("还剩5个工作日")).to_be_visible()

    # What was published stays as it was.
    page.get_by_role("link", name="第1版", exact=True).click()
    expect(page.get_by_text("这是第1版，现行的是第3版。")).to_be_visible()
    expect(page.get_by_text("示例县第一中学教师")).to_be_visible()
    expect(page.get_by_text("2017年6月6日 — 6月12日（5个工作日）", exact=True)).to_be_visible()
    page.get_by_role("link", name="看现行的一版").click()
    expect(page).to_have_url(notice)
    page.get_by_text("第3版比第2版改了什么").click()
    expect(page.locator("ins", has_text="马示例")).to_be_visible()
    expect(page.locator("del", has_text="王示例")).to_be_visible()
    assert complaints == []
    with live_site.app.app_context():
        assert [head.version for head in public_notices().rows] == [3]


def plain_draft(live_site: LiveSite, staff: Staff, body: str = "<p>示例正文。</p>") -> str:
    with live_site.app.app_context():
        return draft_notice(NoticeEntry(Kind.PLAIN, "示例公告", body), staff.drafter)


def body_of(live_site: LiveSite, staff: Staff, key: str) -> str:
    with live_site.app.app_context():
        draft = notice_sheet(key, staff.drafter).draft
        assert draft is not None
        return draft.entry.body


def test_what_comes_from_word_is_reduced_to_what_a_notice_has(
    live_site: LiveSite, staff: Staff, desk: OpenDesk
) -> None:
    key = plain_draft(live_site, staff)
    page = desk("nigao")
    page.goto(f"{live_site.url}{HOME}{key}/edit")
    sheet = page.get_by_role("textbox", name="正文")
    sheet.evaluate(PASTE, FROM_WORD)
    expect(sheet.get_by_role("cell", name="单位")).to_be_visible()
    assert sheet.locator("[style], [class], img, script").count() == 0
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已存。")).to_be_visible()
    assert body_of(live_site, staff, key) == (
        "<p>示例正文。</p><h2>一、安排</h2><p><strong>2017</strong>年</p><ul><li>第一项</li><li>第二项</li></ul>"
        "<table><tbody><tr><td>单位</td><td>示例</td></tr></tbody></table>"
    )


def test_the_tools_set_the_text_and_the_browser_takes_it_back(
    live_site: LiveSite, staff: Staff, desk: OpenDesk
) -> None:
    key = plain_draft(live_site, staff)
    page = desk("nigao")
    page.goto(f"{live_site.url}{HOME}{key}/edit")
    sheet = page.get_by_role("textbox", name="正文")
    sheet.click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="标题", exact=True).click()
    page.keyboard.type("二、时间")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="项目列表").click()
    page.keyboard.type("见网站")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    page.get_by_role("button", name="链接", exact=True).click()
    page.get_by_label("链接的网址").fill("example.cn/1")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+End")
    page.keyboard.type("错")
    page.get_by_role("button", name="撤销").click()
    expect(sheet).not_to_contain_text("错")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+End")
    page.get_by_role("button", name="加粗").click()
    expect(page.get_by_role("button", name="加粗")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已存。")).to_be_visible()
    assert body_of(live_site, staff, key) == (
        "<p><strong>示例正文。</strong></p><h2>二、时间</h2><ul><li>见"
        '<a href="https://example.cn/1" rel="noopener noreferrer nofollow">网站</a></li></ul>'
    )


def test_what_nobody_touched_in_the_editor_is_no_change(live_site: LiveSite, staff: Staff, desk: OpenDesk) -> None:
    body = '<p>一<br>二 &amp; 三</p><ol><li>四</li></ol><table><tbody><tr><td colspan="2">五</td></tr></tbody></table>'
    key = plain_draft(live_site, staff, body)
    page = desk("nigao")
    page.goto(f"{live_site.url}{HOME}{key}/edit")
    page.get_by_role("textbox", name="正文").click()
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("没有改动。")).to_be_visible()


def test_without_scripts_the_text_is_edited_as_html(browser: Browser, live_site: LiveSite, staff: Staff) -> None:
    key = plain_draft(live_site, staff)
    with live_site.app.app_context():
        token = begin_session(find_account("nigao").id, replaces=None, complete=True)
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": COOKIE, "value": token, "url": live_site.url}])
    page = context.new_page()
    page.goto(f"{live_site.url}{HOME}{key}/edit")
    page.get_by_label("正文").fill("<p>改过的<b>正文</b>。</p>")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("草稿已存。")).to_be_visible()
    context.close()
    assert body_of(live_site, staff, key) == "<p>改过的<strong>正文</strong>。</p>"
