"""The phone in a real browser, at the width of the narrowest one: write, press the menu, open a page and come back."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .backend import APPID, text_reply
from .platform import MakePlatform, Platform
from .test_sandbox_oauth import address


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


def notice(platform: Platform) -> str:
    made = platform.order(
        "POST", "/accounts/-/templates", title="公示提醒", content="公示：{{thing1.DATA}}", template_id="T1"
    )
    sent = platform.ask(
        "/cgi-bin/message/template/send",
        touser=platform.openid("jia"),
        template_id=made["template_id"],
        url=f"{platform.backend.url}/notices/1",
        data={"thing1": {"value": "十佳共产党员"}},
    )
    assert sent["errcode"] == 0
    return f"{platform.backend.url}/notices/1"


def test_a_notice_comes_as_a_card_that_leads_to_its_page(platform: Platform, page: Page) -> None:
    notice(platform)
    page.goto(f"{platform.url}/phone/jia/")
    expect(page.get_by_role("heading", name="公示提醒")).to_be_visible()
    expect(page.get_by_text("十佳共产党员")).to_be_visible()
    page.get_by_role("link", name="查看详情").click()
    expect(page.get_by_text("page /notices/1")).to_be_visible()


def test_several_phones_stand_beside_each_other(platform: Platform, page: Page) -> None:
    publish(platform)
    platform.backend.script.append(text_reply("请回复编号"))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(platform.url)
    for name in ("示例党员甲", "示例群众戊"):
        page.get_by_label(f"摆出{name}的手机").check()
    page.get_by_role("button", name="把勾选的手机摆在一起").click()
    jia, wu = (page.frame_locator(f'iframe[title="{name}的手机"]') for name in ("示例党员甲", "示例群众戊"))
    expect(wu.get_by_role("button", name="关注公众号")).to_be_visible()
    jia.get_by_label("要说的话").fill("投票")
    jia.get_by_role("button", name="发送").click()
    expect(jia.get_by_text("请回复编号")).to_be_visible()
    with page.context.expect_page() as opened:
        jia.get_by_role("button", name="网上评议").click()
    expect(opened.value.get_by_text("page /polls/1")).to_be_visible()


SDK_PAGE = """<!doctype html><meta charset="utf-8"><p id="said">…</p>
<wx-open-subscribe template="N1"><template>订阅公示通知</template></wx-open-subscribe>
<script src="{url}/res/open/js/jweixin-1.6.0.js"></script>
<script>
const said = document.getElementById("said");
wx.config({config});
const say = (answer) => {{ said.textContent = answer.errMsg; }};
wx.ready(() => wx.updateAppMessageShareData({{title: "t", success: say}}));
wx.error(say);
document.querySelector("wx-open-subscribe").addEventListener("success", (event) => {{
  said.textContent = JSON.parse(JSON.parse(event.detail.subscribeDetails).N1).status;
}});
</script>"""


def sdk_page(platform: Platform, browser: Browser, signed: str) -> Page:
    """A page of the backend's that wants to use the JS-SDK, opened on somebody's phone."""
    ticket = platform.get("/cgi-bin/ticket/getticket", type="jsapi", access_token=platform.token())["ticket"]
    text = f"jsapi_ticket={ticket}&noncestr=n1&timestamp=1&url={platform.backend.url}{signed}"
    signature = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    config: dict[str, Any] = {"appId": APPID, "timestamp": 1, "nonceStr": "n1", "signature": signature}
    config["jsApiList"] = ["updateAppMessageShareData"]
    shown = browser.new_context().new_page()
    shown.set_default_timeout(5000)
    shown.goto(f"{platform.url}/phone/jia/")
    platform.backend.pages["/sdk"] = SDK_PAGE.format(url=platform.url, config=json.dumps(config))
    return shown


def test_the_sdk_lets_a_rightly_signed_page_in_whatever_stands_behind_the_hash(
    platform: Platform, browser: Browser
) -> None:
    shown = sdk_page(platform, browser, "/sdk?a=1")
    shown.goto(f"{platform.backend.url}/sdk?a=1#part")
    expect(shown.locator("#said")).to_have_text("updateAppMessageShareData:ok")
    shown.goto(f"{platform.backend.url}/sdk?a=1&from=groupmessage")
    expect(shown.locator("#said")).to_have_text("config:invalid signature")
    shown.context.close()


def test_a_page_asks_whether_it_may_send_notices(platform: Platform, browser: Browser) -> None:
    platform.order("POST", "/accounts/-/templates", kind="subscription", title="公示", content="", template_id="N1")
    shown = sdk_page(platform, browser, "/sdk")
    shown.on("dialog", lambda dialog: dialog.accept())
    shown.goto(f"{platform.backend.url}/sdk")
    expect(shown.locator("#said")).to_have_text("updateAppMessageShareData:ok")
    shown.get_by_role("button", name="订阅公示通知").click()
    expect(shown.locator("#said")).to_have_text("accept")
    sent = platform.ask("/cgi-bin/message/subscribe/bizsend", touser=platform.openid("jia"), template_id="N1", data={})
    assert sent["errcode"] == 0
    shown.context.close()


def test_the_way_back_is_really_opened_twice(platform: Platform, browser: Browser) -> None:
    shown = browser.new_context().new_page()
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto(f"{platform.url}/phone/jia/")
    platform.fault("double_callback", count=1)
    shown.goto(address(platform))
    expect(shown.get_by_text("page /wechat/login/return")).to_be_visible()
    back = [url for url in asked if "/wechat/login/return" in url and url.startswith(platform.backend.url)]
    assert (len(back), len(set(back))) == (2, 1)
    shown.context.close()


def test_the_part_behind_the_hash_is_looked_at(make_platform: MakePlatform, browser: Browser) -> None:
    platform = make_platform(check_fragment=True)
    shown = browser.new_context().new_page()
    shown.goto(f"{platform.url}/phone/jia/")
    shown.goto(address(platform))
    expect(shown.get_by_text("地址的末尾要有 #wechat_redirect")).to_be_visible()
    shown.goto("about:blank")
    shown.goto(f"{address(platform)}#wechat_redirect")
    expect(shown.get_by_text("page /wechat/login/return")).to_be_visible()
    shown.context.close()
