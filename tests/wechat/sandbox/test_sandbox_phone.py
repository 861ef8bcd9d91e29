"""The phone: people to choose from, a chat to read and write, the menu the backend published."""

import re

import requests

from .backend import text_reply
from .platform import JSON, START, Platform

URL = "http://vote.example.org/polls/1"
MENU = {
    "button": [
        {"type": "view", "name": "网上评议", "url": URL},
        {"name": "公示公告", "sub_button": [{"type": "click", "name": "最新公示", "key": "NOTICES"}]},
        {"type": "click", "name": "我的", "key": "MINE"},
    ]
}


def page(platform: Platform, path: str) -> str:
    response = platform.http.get(platform.url + path, timeout=5)
    assert response.status_code == 200
    return response.text


def publish(platform: Platform) -> None:
    answer = platform.post("/cgi-bin/menu/create", MENU, access_token=platform.token())
    assert answer["errcode"] == 0


def test_the_first_page_offers_the_invented_people(platform: Platform) -> None:
    names = re.findall(r'<span class="name">(.*?)</span>', page(platform, "/"))
    assert names == ["示例党员甲", "示例党员乙", "示例党员丙", "示例老党员丁", "示例群众戊"]


def test_it_is_alive(platform: Platform) -> None:
    assert platform.http.get(f"{platform.url}/healthz", timeout=5).json() == {"status": "ok"}


def test_before_the_backend_publishes_a_menu_the_chat_says_so(platform: Platform) -> None:
    assert "后端还没有发布菜单" in page(platform, "/phone/jia/")


def test_the_published_menu_stands_under_the_chat(platform: Platform) -> None:
    publish(platform)
    chat = page(platform, "/phone/jia/")
    buttons = re.findall(r'<button name="(key|url)" value="(.*?)">(.*?)</button>', chat)
    assert buttons == [
        ("url", URL, "网上评议"),
        ("key", "NOTICES", "最新公示"),
        ("key", "MINE", "我的"),
    ]
    assert "<summary>公示公告</summary>" in chat


def test_one_who_does_not_follow_sees_the_way_to_and_no_menu(platform: Platform) -> None:
    publish(platform)
    chat = page(platform, "/phone/wu/")
    assert "关注公众号" in chat
    assert "网上评议" not in chat


def test_opening_a_chat_puts_that_phone_into_the_hand(platform: Platform) -> None:
    with requests.Session() as browser:
        browser.get(f"{platform.url}/phone/bing/", timeout=5)
        assert browser.cookies["phone"] == "bing"


def test_a_form_without_scripts_comes_back_to_the_chat_with_the_reply(platform: Platform) -> None:
    platform.backend.script.append(
        text_reply('请<a href="http://vote.example.org/?a=1&b=2">点这里</a>\n<b>10</b> 分钟')
    )
    response = platform.http.post(f"{platform.url}/phone/jia/text", data={"content": "投票<i>"}, timeout=5)
    assert (response.url, response.history[0].status_code) == (f"{platform.url}/phone/jia/", 303)
    bubbles = re.findall(r'<p class="bubble">(.*?)</p>', response.text, re.DOTALL)
    assert bubbles == [
        "投票&lt;i&gt;",
        '请<a href="http://vote.example.org/?a=1&amp;b=2">点这里</a>\n&lt;b&gt;10&lt;/b&gt; 分钟',
    ]
    assert "1月1日 08:00" in response.text


def test_links_lead_only_to_web_pages(platform: Platform) -> None:
    platform.backend.script.append(
        text_reply(
            "<a href=\"javascript:alert(1)\">甲</a><a href='http://a.example/'>乙</a>，见http://b.example/c。再见"
        )
    )
    line = platform.done("jia", "text", content="链接")["lines"][-1]
    assert line["links"] == ["http://a.example/", "http://b.example/c"]
    assert "javascript" not in page(platform, "/phone/jia/")


def test_a_view_button_tells_the_backend_and_opens_the_page(platform: Platform) -> None:
    publish(platform)
    response = platform.http.post(f"{platform.url}/phone/jia/view", data={"url": URL}, allow_redirects=False, timeout=5)
    assert (response.status_code, response.headers["Location"]) == (303, URL)
    [push] = platform.backend.await_pushes(1)
    assert (push.fields["Event"], push.fields["EventKey"]) == ("VIEW", URL)


def test_lines_come_as_a_piece_of_page_only_when_there_are_new_ones(platform: Platform) -> None:
    platform.done("jia", "text", content="投票")
    same = platform.http.get(f"{platform.url}/phone/jia/lines?seen=1", timeout=5)
    assert (same.status_code, same.text) == (204, "")
    assert 'data-count="1"' in page(platform, "/phone/jia/lines?seen=0")


def test_a_test_may_bring_its_own_person(platform: Platform) -> None:
    made = platform.http.post(f"{platform.url}/phone", json={"name": "示例党员己"}, headers=JSON, timeout=5)
    other = platform.http.post(
        f"{platform.url}/phone", json={"name": "示例党员己", "following": False}, headers=JSON, timeout=5
    )
    assert (made.status_code, other.status_code) == (201, 201)
    assert (made.json()["following"], other.json()["following"]) == (True, False)
    assert made.json()["openid"] != other.json()["openid"]
    assert platform.chat(made.json()["key"])["follower"] == made.json()
    refused = platform.http.post(f"{platform.url}/phone", json={"name": " "}, headers=JSON, timeout=5)
    assert (refused.status_code, refused.json()["error"]) == (422, "name")


def test_a_person_added_on_the_page_opens_their_chat(platform: Platform) -> None:
    response = platform.http.post(f"{platform.url}/phone", data={"name": " 示例党员己 "}, timeout=5)
    assert "这是示例党员己的手机" in response.text


def test_a_person_nobody_knows_is_not_found(platform: Platform) -> None:
    response = platform.http.get(f"{platform.url}/phone/nobody/", timeout=5)
    assert response.status_code == 404
    assert "没有这个人" in response.text


def test_the_outbox_holds_everything_the_person_saw(platform: Platform) -> None:
    platform.backend.script.append(text_reply("收到"))
    platform.done("jia", "text", content="投票")
    rest = {"at": START, "articles": [], "links": [], "notice": None, "picture": ""}
    assert platform.chat("jia")["lines"] == [
        {"number": 1, "speaker": "follower", "via": "chat", "text": "投票", **rest},
        {"number": 2, "speaker": "account", "via": "passive", "text": "收到", **rest},
    ]
