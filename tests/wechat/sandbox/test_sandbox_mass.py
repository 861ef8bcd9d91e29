"""Mass messages are accepted at once, sent later, counted, and told of when they are done."""

from typing import Any

import pytest

from .platform import MakePlatform, Platform

ALL = {"filter": {"is_to_all": True}, "text": {"content": "公示"}, "msgtype": "text"}


def send(platform: Platform, **change: Any) -> dict[str, Any]:
    return platform.ask("/cgi-bin/message/mass/sendall", **(ALL | change))


def texts(platform: Platform, *people: str) -> list[int]:
    return [len(platform.seen(person, "mass")) for person in people]


def test_a_message_to_all_comes_to_those_who_follow_and_ends_in_an_event(platform: Platform) -> None:
    platform.order("POST", "/clock", freeze=True)
    platform.ask("/cgi-bin/tags/members/batchblacklist", openid_list=[platform.openid("ding")])
    msg_id = send(platform)["msg_id"]
    assert platform.ask("/cgi-bin/message/mass/get", msg_id=msg_id)["msg_status"] == "SENDING"
    assert texts(platform, "jia", "wu") == [0, 0]
    platform.done("yi", "unfollow")
    platform.order("POST", "/clock", advance=1)
    assert texts(platform, "jia", "yi", "ding", "wu") == [1, 0, 0, 0]
    assert platform.ask("/cgi-bin/message/mass/get", msg_id=str(msg_id))["msg_status"] == "SEND_SUCCESS"
    [push] = platform.told("MASSSENDJOBFINISH")
    told = {name: push.fields[name] for name in ("MsgID", "Status", "TotalCount", "SentCount", "ErrorCount")}
    assert told == {
        "MsgID": str(msg_id), "Status": "send success", "TotalCount": "4", "SentCount": "2", "ErrorCount": "0"
    }  # fmt: skip
    assert "<ResultList>" in push.body
    assert "EventKey" not in push.fields


def test_a_message_goes_to_a_tag_or_to_a_list(platform: Platform) -> None:
    number = platform.ask("/cgi-bin/tags/create", tag={"name": "党员"})["tag"]["id"]
    platform.ask("/cgi-bin/tags/members/batchtagging", openid_list=[platform.openid("jia")], tagid=number)
    send(platform, filter={"is_to_all": False, "tag_id": number})
    openids = [platform.openid("yi"), platform.openid("bing"), "oNobody"]
    listed = platform.ask("/cgi-bin/message/mass/send", touser=openids, text={"content": "好"}, msgtype="text")
    platform.run_jobs()
    assert listed["errcode"] == 0
    assert texts(platform, "jia", "yi", "bing", "ding") == [1, 1, 1, 0]


@pytest.mark.parametrize("count", [1, 10_001])
def test_a_list_has_two_to_ten_thousand(platform: Platform, count: int) -> None:
    body = {"touser": ["oNobody"] * count, "text": {"content": "好"}, "msgtype": "text"}
    assert platform.ask("/cgi-bin/message/mass/send", **body)["errcode"] == 40032


def test_the_same_key_does_not_send_twice_within_a_day(platform: Platform) -> None:
    first = send(platform, clientmsgid="notice-7")
    assert send(platform, clientmsgid="notice-7")["errcode"] == 45066
    platform.clock.advance(60)
    again = send(platform, clientmsgid="notice-7")
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    assert send(platform, clientmsgid="k" * 65)["errcode"] == 45067
    platform.clock.advance(86_400)
    assert send(platform, clientmsgid="notice-7")["errcode"] == 0


def test_a_subscription_account_sends_once_a_day(make_platform: MakePlatform) -> None:
    platform = make_platform(capabilities="sub-verified-gov")
    assert [send(platform)["errcode"] for _ in range(2)] == [0, 45028]
    platform.clock.advance(86_400)
    assert send(platform)["errcode"] == 0


def test_a_test_account_sends_nothing_to_all(make_platform: MakePlatform) -> None:
    assert send(make_platform(quota_divisor=10))["errcode"] == 45028


def test_a_follower_of_a_service_account_gets_four_a_month(platform: Platform) -> None:
    for _ in range(5):
        send(platform)
        platform.run_jobs()
    assert texts(platform, "jia") == [4]
    assert platform.told("MASSSENDJOBFINISH")[-1].fields["SentCount"] == "0"
    platform.clock.advance(31 * 86_400)
    send(platform)
    platform.run_jobs()
    assert texts(platform, "jia") == [5]


@pytest.mark.parametrize(
    ("allow", "state", "status"),
    [(True, "SEND_SUCCESS", "send success"), (False, "SEND_FAIL", "err(40001)"), (None, "SEND_FAIL", "err(40002)")],
)
def test_an_administrator_may_have_to_confirm_within_half_an_hour(
    make_platform: MakePlatform, allow: bool | None, state: str, status: str
) -> None:
    platform = make_platform(mass_confirmation=True)
    platform.order("POST", "/clock", freeze=True)
    msg_id = send(platform)["msg_id"]
    platform.order("POST", "/clock", advance=29 * 60)
    assert platform.order("GET", "/accounts/-/mass")["jobs"][0]["state"] == "waiting"
    if allow is not None:
        platform.order("POST", f"/accounts/-/mass/{msg_id}", allow=allow)
    platform.order("POST", "/clock", advance=60)
    platform.order("POST", "/jobs/run")
    assert platform.ask("/cgi-bin/message/mass/get", msg_id=msg_id)["msg_status"] == state
    assert [push.fields["Status"] for push in platform.told("MASSSENDJOBFINISH")] == [status]


def test_a_message_is_tried_out_and_taken_back(platform: Platform) -> None:
    body = {"text": {"content": "公示"}, "msgtype": "text"}
    by_name = platform.ask("/cgi-bin/message/mass/preview", touser=platform.openid("jia"), towxname="yi", **body)
    assert (by_name["errcode"], len(platform.seen("yi", "preview"))) == (0, 1)
    assert platform.ask("/cgi-bin/message/mass/preview", towxname="nobody", **body)["errcode"] == 40132
    wu = platform.ask("/cgi-bin/message/mass/preview", touser=platform.openid("wu"), **body)
    assert wu["errcode"] == 43004
    msg_id = send(platform)["msg_id"]
    platform.run_jobs()
    assert platform.ask("/cgi-bin/message/mass/delete", msg_id=msg_id)["errcode"] == 0
    assert texts(platform, "jia") == [0]
    assert platform.ask("/cgi-bin/message/mass/get", msg_id=msg_id)["msg_status"] == "DELETE"
    assert platform.ask("/cgi-bin/message/mass/delete", msg_id=1)["errcode"] == 40059


def test_the_speed_is_set_and_told(platform: Platform) -> None:
    assert platform.ask("/cgi-bin/message/mass/speed/set", speed=4)["errcode"] == 0
    told = platform.ask("/cgi-bin/message/mass/speed/get", x=1)
    assert (told["speed"], told["realspeed"]) == (4, 10)
    assert platform.ask("/cgi-bin/message/mass/speed/set", speed=5)["errcode"] == 45083


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"msgtype": "poem"}, 40008),
        ({"text": {}}, 44004),
        ({"msgtype": "mpnews", "mpnews": {"media_id": "x"}}, 40007),
        ({"filter": {"tag_id": 999}}, 45159),
    ],
)
def test_what_cannot_be_sent_is_refused(platform: Platform, change: dict[str, Any], errcode: int) -> None:
    assert send(platform, **change)["errcode"] == errcode


def test_a_hundred_thousand_followers_are_reached_by_one_message(platform: Platform) -> None:
    platform.order("POST", "/accounts/-/followers", count=100_000)
    send(platform)
    platform.run_jobs()
    assert platform.told("MASSSENDJOBFINISH")[0].fields["SentCount"] == "100004"
    assert texts(platform, "c1", "c100000", "wu") == [1, 1, 0]
    page = platform.get("/cgi-bin/user/get", access_token=platform.token(), next_openid=platform.openid("ding"))
    assert (page["total"], page["count"], page["data"]["openid"][0]) == (100_004, 10_000, platform.openid("c1"))
