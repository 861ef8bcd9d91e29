"""Tests arrange the platform by an API of its own, which nobody else reaches."""

import os
import socket
import subprocess
import sys
import time

import pytest
import requests

from .platform import START, MakePlatform, Platform


def test_the_admin_api_is_not_on_the_platforms_port(platform: Platform) -> None:
    for path in ("/clock", "/faults", "/calls", "/accounts/-/outbox"):
        assert platform.http.get(platform.url + path, timeout=5).status_code == 404


@pytest.mark.parametrize(
    "headers", [{"Host": "api.weixin.qq.com"}, {"Host": "vote.example.org"}, {"Origin": "http://127.0.0.1:8000"}]
)
def test_other_names_and_other_sites_pages_are_kept_out(platform: Platform, headers: dict[str, str]) -> None:
    assert platform.http.get(f"{platform.admin_url}/clock", headers=headers, timeout=5).status_code == 403


def test_the_clock_is_moved_stopped_and_let_go(platform: Platform) -> None:
    assert platform.order("GET", "/clock") == {"now": START, "frozen": False}
    assert platform.order("POST", "/clock", advance=60) == {"now": START + 60, "frozen": False}
    assert platform.order("POST", "/clock", freeze=True) == {"now": START + 60, "frozen": True}
    platform.clock.advance(1000)
    assert platform.order("POST", "/clock", advance=5) == {"now": START + 65, "frozen": True}
    assert platform.order("POST", "/clock", thaw=True) == {"now": START + 65, "frozen": False}
    platform.clock.advance(10)
    assert platform.order("GET", "/clock")["now"] == START + 75


def test_calls_are_counted_by_path_and_errcode(platform: Platform) -> None:
    platform.get("/cgi-bin/user/get", access_token=platform.token())
    platform.get("/cgi-bin/user/get")
    told = platform.order("GET", "/calls")
    assert told["counts"] == {
        "/cgi-bin/stable_token": {"0": 1},
        "/cgi-bin/user/get": {"0": 1, "41001": 1},
    }
    assert [record["path"] for record in told["latest"]] == ["/cgi-bin/stable_token", *["/cgi-bin/user/get"] * 2]
    platform.order("DELETE", "/calls")
    assert platform.order("GET", "/calls") == {"counts": {}, "latest": []}


def test_people_are_brought_and_changed_without_an_event(platform: Platform) -> None:
    made = platform.order("POST", "/accounts/-/followers", name="示例党员己", key="ji", following=False)
    assert (made["key"], made["following"]) == ("ji", False)
    assert platform.order("PATCH", "/accounts/-/followers/ji", following=True, snapshot=True)["following"] is True
    assert platform.order("POST", "/accounts/-/followers", count=3) == {"followers": 8}
    assert platform.chat("c3")["follower"]["name"] == "示例群众3"
    assert platform.backend.pushes == []


def test_anything_can_be_pushed(platform: Platform) -> None:
    told = platform.order(
        "POST",
        "/accounts/-/pushes",
        person="jia",
        event="subscribe_msg_popup_event",
        fields={"SubscribeMsgPopupEvent": {"List": [{"TemplateId": "t1", "PopupScene": 1}, {"TemplateId": "t2"}]}},
    )
    assert told["push"]["outcome"] == "success"
    [push] = platform.backend.pushes
    assert "<List><TemplateId><![CDATA[t1]]></TemplateId><PopupScene>1</PopupScene></List><List>" in push.body
    platform.order("POST", "/accounts/-/pushes", person="jia", kind="location", fields={"Label": "焦作"})
    assert platform.backend.pushes[-1].fields["Label"] == "焦作"
    assert [one["kind"] for one in platform.order("GET", "/accounts/-/pushes?person=jia")["pushes"]] == [
        "subscribe_msg_popup_event",
        "location",
    ]


def test_the_backend_proves_that_it_knows_the_token(platform: Platform) -> None:
    assert platform.order("POST", "/accounts/-/verify") == {"verified": True}
    platform.order("PATCH", "/accounts/-", token="another")
    assert platform.order("POST", "/accounts/-/verify") == {"verified": False}


def test_tokens_can_be_ended(platform: Platform) -> None:
    token = platform.token()
    platform.order("POST", "/accounts/-/tokens/expire")
    assert platform.get("/cgi-bin/user/get", access_token=token)["errcode"] == 42001


def test_the_outbox_is_read_by_way_and_emptied(platform: Platform) -> None:
    platform.done("jia", "text", content="投票")
    platform.ask("/cgi-bin/message/custom/send", touser=platform.openid("jia"), msgtype="text", text={"content": "好"})
    assert [line["text"] for line in platform.seen(platform.openid("jia"), "custom")] == ["好"]
    assert platform.order("GET", "/accounts/-/outbox") == {"sent": {"chat": 1, "custom": 1}}
    platform.order("DELETE", "/accounts/-/outbox")
    assert platform.chat("jia")["lines"] == []


def test_what_is_set_in_the_accounts_own_pages_is_read_back(platform: Platform) -> None:
    closed = platform.get("/cgi-bin/get_current_autoreply_info", access_token=platform.token())
    assert (closed["is_add_friend_reply_open"], closed["is_autoreply_open"]) == (0, 0)
    reply = {"type": "text", "content": "欢迎"}
    platform.order("POST", "/accounts/-/autoreply", is_add_friend_reply_open=1, add_friend_autoreply_info=reply)
    told = platform.get("/cgi-bin/get_current_autoreply_info", access_token=platform.token())
    assert (told["is_add_friend_reply_open"], told["add_friend_autoreply_info"]) == (1, reply)


@pytest.mark.parametrize(
    ("method", "path", "given", "status"),
    [
        ("GET", "/accounts/wxnobody", None, 404),
        ("PATCH", "/accounts/-", {"appid": "wx1"}, 422),
        ("POST", "/accounts", {}, 422),
        ("POST", "/accounts", {"appid": "wx0123456789abcdef"}, 422),
        ("POST", "/faults", {"kind": "earthquake"}, 422),
        ("POST", "/faults", {"kind": "delay", "colour": 1}, 422),
        ("POST", "/faults", [], 422),
        ("PATCH", "/accounts/-/followers/jia", {"colour": 1}, 422),
        ("GET", "/accounts/-/outbox/nobody", None, 404),
        ("POST", "/accounts/-/pushes", {"person": "jia", "kind": "poem"}, 422),
        ("POST", "/accounts/-/pushes", {"person": "jia", "fields": 1}, 422),
        ("POST", "/accounts/-/followers", {"name": ""}, 422),
        ("POST", "/accounts/-/templates", {"kind": "poem"}, 422),
        ("POST", "/accounts/-/mass/1", {"allow": True}, 422),
    ],
)
def test_an_order_that_cannot_be_carried_out_says_why(
    platform: Platform, method: str, path: str, given: object, status: int
) -> None:
    response = platform.http.request(method, platform.admin_url + path, json=given, timeout=5)
    assert response.status_code == status
    assert response.json()["error"]


def test_the_overview_shows_settings_and_every_known_fault(platform: Platform) -> None:
    told = platform.order("GET", "/")
    assert [account["appid"] for account in told["accounts"]] == ["wx0123456789abcdef"]
    assert told["known_faults"]["reset_after"] == "api"
    assert told["known_faults"]["snapshot_user"] == "oauth"
    assert told["known_faults"]["odd_length"] == "push"


def test_the_served_sandbox_listens_for_orders_on_the_next_port(make_platform: MakePlatform) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    config = make_platform().app.extensions["sandbox"].first.config
    environment = {
        **os.environ,
        **{
            f"SANDBOX_{name.upper()}": str(getattr(config, name))
            for name in ("appid", "secret", "original_id", "token", "aes_key", "message_mode")
        },
        "SANDBOX_CALLBACK_URL": config.callback_url,
        "SANDBOX_CALLBACK_DOMAIN": config.callback_domain,
        "SANDBOX_PUBLIC_URL": f"http://127.0.0.1:{port - 1}",
    }
    program = "import time; from wechat.sandbox.wsgi import application; time.sleep(30)"
    process = subprocess.Popen([sys.executable, "-c", program], env=environment)
    try:
        assert "now" in _first_answer(f"http://127.0.0.1:{port}/clock")
    finally:
        process.kill()
        process.wait()


def _first_answer(url: str) -> dict[str, object]:
    ends = time.monotonic() + 15
    while time.monotonic() < ends:
        try:
            answer: dict[str, object] = requests.get(url, timeout=2).json()
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return answer
    raise AssertionError(f"{url} does not answer")
