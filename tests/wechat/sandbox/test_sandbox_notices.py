"""Template messages, subscription notices and one-time messages come as cards, by the platform's rules on values."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from .backend import APPID
from .platform import Platform

CONTENT = "公示：{{thing1.DATA}}\n时间：{{time2.DATA}}"
DATA = {"thing1": {"value": "十佳公示"}, "time2": {"value": "2026年11月22日 18:00"}}


def template(platform: Platform, content: str = CONTENT, kind: str = "template", **more: Any) -> str:
    made = platform.order("POST", "/accounts/-/templates", kind=kind, title="公示提醒", content=content, **more)
    return str(made["template_id"])


def send(platform: Platform, template_id: str, person: str = "jia", **change: Any) -> dict[str, Any]:
    body = {"touser": platform.openid(person), "template_id": template_id, "data": DATA} | change
    return platform.ask("/cgi-bin/message/template/send", **body)


def test_a_template_message_comes_as_a_card_and_ends_in_an_event(platform: Platform) -> None:
    template_id = template(platform)
    sent = send(platform, template_id, url="http://vote.example.org/notices/1")
    [line] = platform.seen("jia", "template")
    assert line["notice"] == {
        "template_id": template_id,
        "title": "公示提醒",
        "rows": [["公示", "十佳公示"], ["时间", "2026年11月22日 18:00"]],
        "url": "http://vote.example.org/notices/1",
    }
    assert line["links"] == ["http://vote.example.org/notices/1"]
    platform.run_jobs()
    [push] = platform.told("TEMPLATESENDJOBFINISH")
    assert (push.fields["MsgID"], push.fields["Status"]) == (str(sent["msgid"]), "success")
    assert push.fields["FromUserName"] == platform.openid("jia")


def test_who_refuses_notices_gets_none_and_the_event_says_so(platform: Platform) -> None:
    platform.act("jia", "refuse", on="yes")
    assert send(platform, template(platform))["errcode"] == 0
    platform.run_jobs()
    assert platform.seen("jia", "template") == []
    assert platform.told("TEMPLATESENDJOBFINISH")[0].fields["Status"] == "failed:user block"


def test_events_can_be_switched_off_for_a_large_trial(platform: Platform) -> None:
    platform.order("PATCH", "/accounts/-", quiet_events=["TEMPLATESENDJOBFINISH"])
    send(platform, template(platform))
    platform.run_jobs()
    assert platform.backend.pushes == []


def test_only_followers_who_are_not_blocked_are_reached(platform: Platform) -> None:
    template_id = template(platform)
    platform.order("PATCH", "/accounts/-/followers/yi", blacklisted=True)
    assert send(platform, template_id, "wu")["errcode"] == 43004
    assert send(platform, template_id, "yi")["errcode"] == 43019
    assert send(platform, "unknown")["errcode"] == 40037
    assert send(platform, template_id, touser="oNobody")["errcode"] == 40003


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("thing1", "一" * 20, True),
        ("thing1", "一" * 21, False),
        ("thing1", "一\n二", False),
        ("thing1", "", False),
        ("number1", "12.5", True),
        ("number1", "abc", False),
        ("letter1", "abc", True),
        ("letter1", "a1", False),
        ("symbol1", "+-*", True),
        ("character_string1", "A-1", True),
        ("character_string1", "甲", False),
        ("time1", "18:00", True),
        ("time1", "明天", False),
        ("date1", "2026-11-22", True),
        ("date1", "18:00", False),
        ("amount1", "¥1234567890.50", True),
        ("amount1", "12345678901", False),
        ("phone_number1", "0391-12380", True),
        ("phone_number1", "1" * 18, False),
        ("car_number1", "豫H12345", True),
        ("car_number1", "豫H1234567", False),
        ("name1", "示" * 10, True),
        ("name1", "示" * 11, False),
        ("phrase1", "已通过", True),
        ("phrase1", "六个字不可以", False),
        ("const1", "通过", True),
        ("const1", "未知", False),
    ],
)
def test_a_value_that_does_not_fit_is_named(platform: Platform, name: str, value: str, fits: bool) -> None:
    template_id = template(platform, f"值：{{{{{name}.DATA}}}}", consts={"const1": ["通过", "不通过"]})
    answer = send(platform, template_id, data={name: {"value": value}})
    assert answer["errcode"] == (0 if fits else 47003)
    assert fits or answer["errmsg"].startswith(f"argument invalid! data.{name}.value invalid")


def test_old_templates_lose_their_first_and_last_lines_and_long_values(platform: Platform) -> None:
    content = "{{first.DATA}}\n事项：{{keyword1.DATA}}\n{{remark.DATA}}"
    values = {"first": "您好", "keyword1": "长" * 25 + "\n第二行", "remark": "谢谢"}
    send(platform, template(platform, content), data={name: {"value": value} for name, value in values.items()})
    assert platform.seen("jia", "template")[0]["notice"]["rows"] == [["事项", "长" * 20]]


def test_templates_are_added_listed_and_deleted_up_to_twenty_five(platform: Platform) -> None:
    added = platform.ask("/cgi-bin/template/api_add_template", template_id_short="47504", keyword_name_list=["事项"])
    listed = platform.get("/cgi-bin/template/get_all_private_template", access_token=platform.token())
    assert [(one["template_id"], one["content"]) for one in listed["template_list"]] == [
        (added["template_id"], "事项：{{thing1.DATA}}")
    ]
    asked = {"template_id": added["template_id"]}
    codes = [platform.ask("/cgi-bin/template/del_private_template", **asked)["errcode"] for _ in range(2)]
    assert codes == [0, 40037]
    made = [platform.ask("/cgi-bin/template/api_add_template", template_id_short=f"{n}") for n in range(26)]
    assert [answer["errcode"] for answer in made] == [0] * 25 + [45026]
    assert platform.get("/cgi-bin/template/get_industry", access_token=platform.token())["primary_industry"]
    assert platform.ask("/cgi-bin/template/api_set_industry", industry_id1="1")["errcode"] == 0


def bizsend(platform: Platform, template_id: str, **change: Any) -> int:
    body = {"touser": platform.openid("jia"), "template_id": template_id, "data": DATA} | change
    return int(platform.ask("/cgi-bin/message/subscribe/bizsend", **body)["errcode"])


def test_one_accept_is_one_notice(platform: Platform) -> None:
    template_id = template(platform, kind="subscription")
    assert bizsend(platform, template_id) == 43101
    platform.done("jia", "subscribe", template_id=template_id, answer="reject")
    assert bizsend(platform, template_id) == 43101
    platform.done("jia", "subscribe", template_id=template_id, answer="accept")
    assert [bizsend(platform, template_id, page="http://vote.example.org/"), bizsend(platform, template_id)] == [
        0,
        43101,
    ]
    platform.run_jobs()
    popups, [sent] = platform.told("subscribe_msg_popup_event"), platform.told("subscribe_msg_sent_event")
    assert ["reject" in push.body for push in popups] == [True, False]
    assert "<ErrorStatus><![CDATA[success]]></ErrorStatus>" in sent.body
    assert len(platform.seen("jia", "subscription")) == 1


def test_a_long_term_accept_holds_until_it_is_withdrawn(platform: Platform) -> None:
    template_id = template(platform, kind="subscription", long_term=True)
    platform.done("jia", "subscribe", template_id=template_id, answer="accept")
    assert [bizsend(platform, template_id) for _ in range(3)] == [0, 0, 0]
    platform.done("jia", "subscribe", template_id=template_id, answer="reject", later="yes")
    assert bizsend(platform, template_id) == 43101
    assert "<SubscribeMsgChangeEvent>" in platform.told("subscribe_msg_change_event")[0].body


def test_notices_have_templates_of_their_own(platform: Platform) -> None:
    added = platform.ask("/wxaapi/newtmpl/addtemplate", tid="401", kidList=[1, 2])
    listed = platform.get("/wxaapi/newtmpl/gettemplate", access_token=platform.token())["data"]
    assert [one["priTmplId"] for one in listed] == [added["priTmplId"]]
    assert send(platform, added["priTmplId"])["errcode"] == 40037
    assert bizsend(platform, added["priTmplId"], page="pages/index") == 41030
    assert platform.ask("/wxaapi/newtmpl/deltemplate", priTmplId=added["priTmplId"])["errcode"] == 0
    assert platform.act("jia", "subscribe", template_id="unknown", answer="accept").status_code == 404
    assert platform.get("/wxaapi/newtmpl/getcategory", access_token=platform.token())["data"]


def once_page(platform: Platform, template_id: str, /, **change: str) -> str:
    given = {
        "action": "get_confirm",
        "appid": APPID,
        "scene": "7",
        "template_id": template_id,
        "redirect_url": f"{platform.backend.url}/back",
        "reserved": "r1",
    } | change
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
    return f"{platform.url}/mp/mp/subscribemsg?{query}"


def decide(platform: Platform, url: str, decision: str, person: str = "wu") -> dict[str, list[str]]:
    response = platform.http.post(
        url, data={"decision": decision}, cookies={"phone": person}, allow_redirects=False, timeout=5
    )
    assert response.status_code == 303
    return parse_qs(urlsplit(response.headers["Location"]).query)


def send_once(platform: Platform, template_id: str, **change: Any) -> int:
    body = {
        "touser": platform.openid("wu"),
        "template_id": template_id,
        "scene": "7",
        "title": "公示",
        "data": {"content": {"value": "十佳公示", "color": "#000000"}},
    }
    return int(platform.ask("/cgi-bin/message/template/subscribe", **(body | change))["errcode"])


def test_a_one_time_message_reaches_even_one_who_does_not_follow(platform: Platform) -> None:
    template_id = template(platform, kind="once")
    url = once_page(platform, template_id)
    assert "想给您发送一条消息" in platform.http.get(url, cookies={"phone": "wu"}, timeout=5).text
    cancelled = decide(platform, url, "deny")
    assert (cancelled["action"], "openid" in cancelled) == (["cancel"], False)
    assert send_once(platform, template_id) == 43101
    for _ in range(2):
        assert decide(platform, url, "allow") == {
            "openid": [platform.openid("wu")],
            "template_id": [template_id],
            "action": ["confirm"],
            "scene": ["7"],
            "reserved": ["r1"],
        }
    assert [send_once(platform, template_id, scene=8), send_once(platform, template_id)] == [43101, 0]
    assert send_once(platform, template_id) == 43101
    assert platform.seen("wu", "once")[0]["notice"]["title"] == "公示"


@pytest.mark.parametrize(
    "change", [{"title": "长" * 16}, {"data": {"content": {"value": "长" * 201}}}, {"data": {}}, {"title": ""}]
)
def test_a_one_time_message_has_limits(platform: Platform, change: dict[str, Any]) -> None:
    template_id = template(platform, kind="once")
    decide(platform, once_page(platform, template_id), "allow")
    assert send_once(platform, template_id, **change) == 47003
    assert send_once(platform, template_id) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"scene": "10001"},
        {"scene": "x"},
        {"template_id": "unknown"},
        {"redirect_url": "http://elsewhere.example/"},
        {"appid": "wxnobody"},
        {"action": "sing"},
        {"reserved": "r" * 129},
    ],
)
def test_a_wrong_address_asks_nothing(platform: Platform, change: dict[str, str]) -> None:
    url = once_page(platform, template(platform, kind="once"), **change)
    page = platform.http.get(url, cookies={"phone": "wu"}, timeout=5)
    assert (page.status_code, "想给您发送一条消息" in page.text) == (200, False)


def test_the_senders_own_id_brings_one_message_to_a_person_within_ten_minutes(platform: Platform) -> None:
    template_id = template(platform)
    first = send(platform, template_id, client_msg_id="push-7-1")
    again = send(platform, template_id, client_msg_id="push-7-1")
    assert again["msgid"] == first["msgid"]
    send(platform, template_id, "yi", client_msg_id="push-7-1")
    platform.clock.advance(600)
    assert send(platform, template_id, client_msg_id="push-7-1")["msgid"] != first["msgid"]
    platform.run_jobs()
    assert [len(platform.seen(person, "template")) for person in ("jia", "yi")] == [2, 1]
    assert len(platform.told("TEMPLATESENDJOBFINISH")) == 3
