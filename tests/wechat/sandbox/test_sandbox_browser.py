"""The phone in a real browser, at the width of the narrowest one: write, press the menu, open a page and come back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .backend import text_reply
from .platform import Platform


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 568}, java_script_enabled=request.param)
    context.set_default_timeout(5000)
    yield context.new_page()
    context.close()


def publish(platform: Platform) -> None:
    notices = {"type": "click", "name": "最新公示", "key": "NOTICES"}
    poll = {"type": "view", "name": "网上评议", "url": f"{platform.backend.url}/polls/1"}
    mine = {"type": "click", "name": "我的", "key": "MINE"}
    menu = {"button": [poll, {"name": "公示公告", "sub_button": [notices]}, mine]}
    assert platform.post("/cgi-bin/menu/create", menu, access_token=platform.token())["errcode"] == 0


def test_a_talk_with_the_account(platform: Platform, page: Page) -> None:
    publish(platform)
    platform.backend.script.extend([text_reply("请回复编号"), text_reply("现在没有公示")])
    page.goto(f"{platform.url}/phone/jia/")
    page.get_by_label("要说的话").fill("投票")
    page.get_by_role("button", name="发送").click()
    expect(page.get_by_text("请回复编号")).to_be_visible()
    expect(page.get_by_label("要说的话")).to_have_value("")
    expect(page.get_by_role("button", name="最新公示")).to_be_hidden()
    page.get_by_text("公示公告").click()
    page.get_by_role("button", name="最新公示").click()
    expect(page.get_by_text("现在没有公示")).to_be_visible()
    assert [push.fields.get("EventKey", "text") for push in platform.backend.pushes] == ["text", "NOTICES"]


def test_pages_open_in_the_same_window_and_back_is_the_chat(platform: Platform, page: Page) -> None:
    publish(platform)
    page.goto(f"{platform.url}/phone/jia/")
    page.get_by_role("button", name="网上评议").click()
    expect(page.get_by_text("page /polls/1")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="网上评议")).to_be_visible()
    platform.backend.await_pushes(1)
    platform.backend.script.append(text_reply(f'<a href="{platform.backend.url}/polls/2">点这里投票</a>'))
    page.get_by_label("要说的话").fill("投票")
    page.get_by_role("button", name="发送").click()
    page.get_by_role("link", name="点这里投票").click()
    expect(page.get_by_text("page /polls/2")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="点这里投票")).to_be_visible()


def test_following_opens_the_menu_and_leaving_closes_it(platform: Platform, page: Page) -> None:
    publish(platform)
    platform.backend.script.append(text_reply("欢迎"))
    page.goto(f"{platform.url}/phone/wu/")
    page.get_by_role("button", name="关注公众号").click()
    expect(page.get_by_text("欢迎")).to_be_visible()
    expect(page.get_by_role("button", name="网上评议")).to_be_visible()
    page.get_by_label("更多").click()
    page.get_by_role("button", name="取消关注").click()
    expect(page.get_by_role("button", name="关注公众号")).to_be_visible()
    expect(page.get_by_role("button", name="网上评议")).to_have_count(0)
