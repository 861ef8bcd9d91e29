"""A push in a browser: composed at one desk, approved at another, watched to its end, and read on the phone."""

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, ViewportSize, expect

from publicity.pushes.templates_set import TEMPLATES, TemplateSet
from tests.browser.conftest import LiveSite
from tests.browser.test_ballot_page import complaints_of
from tests.publicity.factories_composing import CONTENT, FIELDS, published_notice
from tests.publicity.factories_notices import make_office
from tests.publicity.factories_pushes import make_followers
from tests.staff.options.factories_options import set_to

DESK = ViewportSize(width=1280, height=900)
PEOPLE = ("jia", "yi", "bing", "ding")
TRIES = 100  # a tenth of a second each, until the web process reads the option anew
TITLE = "关于示例预备人选的公示"


@pytest.fixture
def desks(browser: Browser, live_site: LiveSite) -> Iterator[tuple[Page, Page]]:
    """A clerk's page and a leader's, both signed in, on which nothing may break the policy."""
    with live_site.app.app_context():
        make_office()
    contexts = [browser.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai") for _ in range(2)]
    clerk, leader = pages = [context.new_page() for context in contexts]
    complaints = [complaints_of(page) for page in pages]
    for page, name in zip(pages, ("示例拟稿人", "示例签发人"), strict=True):
        page.set_default_timeout(10_000)
        page.goto(f"{live_site.url}/console/sign-in?next=/console/pushes/")
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("heading", name="推送", exact=True)).to_be_visible()
    yield clerk, leader
    for context in contexts:
        context.close()
    assert complaints == [[], []]


@pytest.fixture
def notice(live_site: LiveSite) -> str:
    """A published notice, a template for it, and the sandbox's people as followers."""
    orders = f"http://127.0.0.1:{live_site.app.config['SETTINGS'].port + 2}/accounts/-/templates"
    template = requests.post(orders, json={"kind": "template", "title": "公示提醒", "content": CONTENT}, timeout=5)
    chats = [requests.get(f"{live_site.sandbox_url}/phone/{who}/chat.json", timeout=5).json() for who in PEOPLE]
    with live_site.app.app_context():
        set_to(TEMPLATES, (TemplateSet("公示提醒", template.json()["template_id"], FIELDS),))
        make_followers([str(chat["follower"]["openid"]) for chat in chats])
        return published_notice(TITLE)


def test_a_push_goes_from_the_desk_to_every_phone(
    live_site: LiveSite, desks: tuple[Page, Page], page: Page, notice: str
) -> None:
    clerk, leader = desks
    compose_and_ask(clerk, live_site, notice)
    approve(leader, live_site)
    clerk.reload()
    expect(clerk.get_by_text("发送完了")).to_be_visible(timeout=30_000)
    expect(clerk.get_by_role("progressbar")).to_have_attribute("value", "100")
    expect(clerk.get_by_text("100% · 已发出 4")).to_be_visible()
    expect(clerk.locator("#progress[hx-get]")).to_have_count(0)
    page.goto(live_site.sandbox_url)
    page.get_by_text("示例党员甲").click()
    card = page.get_by_role("log")
    expect(card.get_by_text(TITLE)).to_be_visible()
    expect(card.get_by_text("0391-0000000")).to_be_visible()


def compose_and_ask(clerk: Page, live_site: LiveSite, notice: str) -> None:
    clerk.goto(f"{live_site.url}/console/pushes/new?notice={notice}")
    for _ in range(TRIES):
        if clerk.get_by_label("模板消息").is_enabled():
            break
        clerk.wait_for_timeout(100)
        clerk.reload()
    clerk.get_by_label("模板消息").check()
    clerk.get_by_role("button", name="下一步，核对内容").click()
    expect(clerk.get_by_label("thing1")).to_have_value(TITLE)
    clerk.get_by_label("什么时候开始").fill("")
    clerk.get_by_role("button", name="保存").click()
    clerk.get_by_role("link", name="核对并申请推送").click()
    expect(clerk.get_by_text("约4人")).to_be_visible()
    clerk.get_by_label("内容、对象和时间已核对无误").check()
    clerk.get_by_role("button", name="申请推送").click()
    expect(clerk.get_by_text("已申请推送，等部领导批准。")).to_be_visible()


def approve(leader: Page, live_site: LiveSite) -> None:
    leader.goto(f"{live_site.url}/console/approvals/")
    leader.get_by_role("row", name=re.compile(TITLE)).get_by_role("link", name="核对").click()
    leader.get_by_label(re.compile("我已核对，同意办理")).check()
    leader.get_by_role("button", name="批准，当即生效").click()


def test_an_article_is_seen_as_it_will_be_and_its_cover_can_be_changed(
    live_site: LiveSite, desks: tuple[Page, Page], notice: str
) -> None:
    clerk, _ = desks
    clerk.goto(f"{live_site.url}/console/pushes/new?notice={notice}")
    clerk.get_by_label("群发文章").check()
    clerk.get_by_role("button", name="下一步，核对内容").click()
    article = clerk.frame_locator("iframe")
    expect(article.get_by_text("示例村党支部")).to_be_visible()
    clerk.get_by_label("换一张图片").set_input_files(
        {"name": "封面.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n an invented picture"}
    )
    clerk.get_by_role("button", name="换封面").click()
    expect(clerk.get_by_text("封面已换。")).to_be_visible()
