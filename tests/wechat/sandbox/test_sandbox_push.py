"""Pushes reach a real backend signed and, where the mode says so, sealed; what it answers is judged."""

import socket
from itertools import repeat
from typing import Any

import pytest

from .backend import Answer, Push, sealed_reply, text_reply, text_xml
from .platform import MakePlatform, Platform

FAULT = "该公众号提供的服务出现故障，请稍后再试"


def news_reply(*titles: str, count: int | None = None) -> Answer:
    items = "".join(
        f"<item><Title><![CDATA[{title}]]></Title><Description>说明</Description><PicUrl></PicUrl>"
        "<Url><![CDATA[http://vote.example.org/?a=1&b=2]]></Url></item>"
        for title in titles
    )
    inside = f"<ArticleCount>{count or len(titles)}</ArticleCount><Articles>{items}</Articles>"

    def news(push: Push) -> str:
        head, _, _ = text_xml(push, "").partition("<MsgType>")
        return f"{head}<MsgType>news</MsgType>{inside}</xml>"

    return news


def last(platform: Platform, follower: str = "jia") -> dict[str, Any]:
    line: dict[str, Any] = platform.chat(follower)["lines"][-1]
    return line


def test_a_plain_text_message_is_pushed_and_answered(platform: Platform) -> None:
    platform.backend.script.append(text_reply("收到"))
    done = platform.done("jia", "text", content="投票 <3> ]]> 号")
    [push] = platform.backend.pushes
    assert {name: push.fields[name] for name in push.fields if name != "MsgId"} == {
        "ToUserName": "gh_0123456789ab",
        "FromUserName": platform.openid("jia"),
        "CreateTime": "1767225600",
        "MsgType": "text",
        "Content": "投票 <3> ]]> 号",
    }
    assert push.fields["MsgId"].isdigit()
    assert set(push.query) == {"signature", "timestamp", "nonce", "openid"}
    assert push.query["openid"] == platform.openid("jia")
    assert [(line["speaker"], line["text"]) for line in done["lines"]] == [
        ("follower", "投票 <3> ]]> 号"),
        ("account", "收到"),
    ]
    assert (done["push"]["outcome"], done["push"]["encrypted"], done["push"]["fault"]) == ("message", False, None)


def test_compat_mode_sends_both_forms_and_takes_either_answer(make_platform: MakePlatform) -> None:
    platform = make_platform(message_mode="compat")
    platform.backend.script.extend([text_reply("明文"), sealed_reply(text_reply("密文"))])
    clear = platform.done("jia", "text", content="投票")
    sealed = platform.done("jia", "text", content="投票")
    push = platform.backend.pushes[0]
    assert "<Content><![CDATA[投票]]></Content>" in push.body
    assert "<Encrypt>" in push.body
    assert (push.query["encrypt_type"], push.fields["Content"]) == ("aes", "投票")
    assert [(done["push"]["encrypted"], done["lines"][-1]["text"]) for done in (clear, sealed)] == [
        (False, "明文"),
        (True, "密文"),
    ]


def test_safe_mode_shows_nothing_in_clear_and_wants_sealed_answers(make_platform: MakePlatform) -> None:
    platform = make_platform(message_mode="safe")
    platform.backend.script.extend([sealed_reply(text_reply("密文")), text_reply("明文")])
    done = platform.done("jia", "text", content="投票")
    push = platform.backend.pushes[0]
    assert "投票" not in push.body
    assert platform.openid("jia") not in push.body
    assert push.fields["Content"] == "投票"
    assert (done["push"]["encrypted"], done["lines"][-1]["text"]) == (True, "密文")
    assert platform.done("jia", "text", content="投票")["push"]["fault"] == "not_encrypted"
    assert platform.done("jia", "text", content="投票")["push"]["outcome"] == "success"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (sealed_reply(text_reply("密文"), token="another"), "bad_msg_signature"),
        (sealed_reply(text_reply("密文"), aes_key="Z" * 43), "cannot_decrypt"),
        (sealed_reply(text_reply("密文"), appid="wxanother"), "cannot_decrypt"),
    ],
)
def test_a_wrongly_sealed_answer_is_a_fault(make_platform: MakePlatform, answer: Answer, fault: str) -> None:
    platform = make_platform(message_mode="safe")
    platform.backend.script.append(answer)
    assert platform.done("jia", "text", content="投票")["push"]["fault"] == fault


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (lambda _: '{"MsgType":"text"}', "not_xml"),
        (lambda _: "<html></html>", "not_xml"),
        (lambda _: "<xml><ToUserName>", "not_xml"),
        (lambda _: '<!DOCTYPE x [<!ENTITY e "boom">]><xml><Content>&e;</Content></xml>', "not_xml"),
        (lambda _: (403, "no"), "http_status"),
        (lambda _: (301, ""), "http_status"),
        (lambda push: text_xml(push, "x").replace(push.fields["FromUserName"], "oAnother"), "not_swapped"),
        (lambda push: text_xml(push, "x").replace("1767225600", "soon"), "bad_create_time"),
        (lambda push: text_xml(push, "x").replace("[text]", "[poem]"), "bad_msg_type"),
        (lambda push: text_xml(push, "x").replace("[text]", "[image]"), "bad_media"),
        (text_reply(" "), "bad_content"),
        (text_reply("长" * 683), "bad_content"),
        (news_reply("一", count=2), "bad_articles"),
        (lambda push: str(news_reply("一")(push)).replace("http://vote", "javascript:vote"), "bad_articles"),
        (sealed_reply(text_reply("x")), "encrypted_in_plain_mode"),
    ],
)
def test_a_malformed_answer_is_not_asked_for_again_and_shows_as_a_fault(
    platform: Platform, answer: Answer, fault: str
) -> None:
    platform.backend.script.append(answer)
    done = platform.done("jia", "text", content="投票")
    assert (done["push"]["outcome"], done["push"]["fault"], len(done["push"]["attempts"])) == ("malformed", fault, 1)
    assert done["lines"][-1]["speaker"] == "system"
    assert done["lines"][-1]["text"].startswith(FAULT)


def test_success_and_an_empty_answer_show_nothing(platform: Platform) -> None:
    platform.backend.script.extend([lambda _: "success", lambda _: ""])
    outcomes = [platform.done("jia", "text", content="投票") for _ in range(2)]
    assert [(done["push"]["outcome"], len(done["lines"])) for done in outcomes] == [("success", 1), ("empty", 1)]


def test_retries_carry_the_same_message_under_fresh_signatures(make_platform: MakePlatform) -> None:
    platform = make_platform(push_timeout=0.2)
    platform.backend.script.extend([platform.backend.hang, lambda _: (502, "bad gateway"), text_reply("收到")])
    done = platform.done("jia", "text", content="投票")
    pushes = platform.backend.pushes
    assert [(attempt["status"], attempt["trouble"]) for attempt in done["push"]["attempts"]] == [
        (None, "timeout"),
        (502, None),
        (200, None),
    ]
    assert len({push.fields["MsgId"] for push in pushes}) == 1
    assert [push.fields for push in pushes] == [pushes[0].fields] * 3
    assert len({push.query["nonce"] for push in pushes}) == len({push.query["signature"] for push in pushes}) == 3
    assert done["lines"][-1]["text"] == "收到"


def test_an_event_repeats_its_create_time_and_has_no_message_id(make_platform: MakePlatform) -> None:
    platform = make_platform(push_timeout=0.2, message_mode="safe")

    def slow(push: Push) -> str:
        platform.clock.advance(5)
        return platform.backend.hang(push)

    platform.backend.script.append(slow)
    platform.done("jia", "click", key="MINE")
    first, second = platform.backend.pushes
    assert first.fields == second.fields
    assert (first.query["timestamp"], second.query["timestamp"]) == ("1767225600", "1767225605")
    assert (first.fields["Event"], first.fields["EventKey"]) == ("CLICK", "MINE")
    assert "MsgId" not in first.fields
    assert first.body != second.body


def test_after_four_tries_without_an_answer_the_person_sees_a_fault(make_platform: MakePlatform) -> None:
    platform = make_platform(push_timeout=0.1)
    platform.backend.script.extend([platform.backend.hang] * 5)
    done = platform.done("jia", "text", content="投票")
    assert (done["push"]["outcome"], done["push"]["fault"]) == ("unanswered", "no_answer")
    assert len(platform.backend.pushes) == len(done["push"]["attempts"]) == 4
    assert done["lines"][-1]["text"].startswith(FAULT)


@pytest.mark.parametrize("pause", [0.05, 0])
def test_a_dripping_answer_is_none(make_platform: MakePlatform, pause: float) -> None:
    platform = make_platform(push_timeout=0.2)
    platform.backend.script.extend([platform.backend.drip(pause), text_reply("收到")])
    done = platform.done("jia", "text", content="投票")
    assert [attempt["trouble"] for attempt in done["push"]["attempts"]] == ["timeout", None]


def test_of_an_endless_answer_only_the_beginning_is_read(platform: Platform) -> None:
    platform.backend.script.append(lambda _: (200, repeat(b"x" * 65_536)))
    assert platform.done("jia", "text", content="投票")["push"]["fault"] == "not_xml"


def test_pictures_and_transfers_are_answers_too(platform: Platform) -> None:
    def picture(push: Push) -> str:
        return (
            text_xml(push, "x")
            .replace("[text]", "[image]")
            .replace("</xml>", "<Image><MediaId>m</MediaId></Image></xml>")
        )

    platform.backend.script.extend(
        [picture, lambda push: text_xml(push, "x").replace("[text]", "[transfer_customer_service]")]
    )
    shown, transferred = (platform.done("jia", "text", content="投票") for _ in range(2))
    assert (shown["push"]["outcome"], shown["lines"][-1]["text"]) == ("message", "[图片]")
    assert (transferred["push"]["outcome"], len(transferred["lines"])) == ("message", 1)


def test_a_backend_that_is_away_is_a_fault_too(make_platform: MakePlatform) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        platform = make_platform(callback_url=f"http://127.0.0.1:{held.getsockname()[1]}/wechat/callback")
        done = platform.done("jia", "text", content="投票")
    assert [attempt["trouble"] for attempt in done["push"]["attempts"]] == ["connection"] * 4


def test_a_backend_without_a_certificate_is_not_reached_over_https(make_platform: MakePlatform) -> None:
    plain = make_platform()
    platform = make_platform(callback_url=plain.backend.url.replace("http:", "https:"), push_retries=0)
    done = platform.done("jia", "text", content="投票")
    assert [attempt["trouble"] for attempt in done["push"]["attempts"]] == ["connection"]


def test_two_messages_have_two_identities(platform: Platform) -> None:
    for _ in range(2):
        platform.done("jia", "text", content="投票")
    first, second = platform.backend.pushes
    assert first.fields["MsgId"] != second.fields["MsgId"]


def test_following_and_leaving_are_events_and_only_the_welcome_is_shown(platform: Platform) -> None:
    platform.backend.script.extend([text_reply("欢迎"), text_reply("再见")])
    platform.done("wu", "follow")
    platform.done("wu", "unfollow")
    assert [(push.fields["Event"], push.fields["EventKey"]) for push in platform.backend.pushes] == [
        ("subscribe", ""),
        ("unsubscribe", ""),
    ]
    assert [(line["speaker"], line["text"]) for line in platform.chat("wu")["lines"]] == [
        ("system", "关注了公众号"),
        ("account", "欢迎"),
        ("system", "取消了关注"),
    ]
    assert [push["outcome"] for push in platform.chat("wu")["pushes"]] == ["message", "message"]


def test_a_scan_carries_its_scene_with_the_prefix_only_for_a_newcomer(platform: Platform) -> None:
    platform.done("wu", "scan", scene="act_7")
    platform.done("wu", "scan", scene="act_7")
    assert [(push.fields["Event"], push.fields["EventKey"]) for push in platform.backend.pushes] == [
        ("subscribe", "qrscene_act_7"),
        ("SCAN", "act_7"),
    ]
    assert all(push.fields["Ticket"] for push in platform.backend.pushes)


def test_an_event_may_be_answered_by_eight_articles_a_text_by_one(platform: Platform) -> None:
    titles = [f"第{number}条" for number in range(9)]
    platform.backend.script.extend([news_reply(*titles), news_reply(*titles)])
    clicked = platform.done("jia", "click", key="NEWS")
    said = platform.done("jia", "text", content="公示")
    shown = [[article["title"] for article in done["lines"][-1]["articles"]] for done in (clicked, said)]
    assert shown == [titles[:8], titles[:1]]
    assert clicked["push"]["notes"] == ["only 8 of 9 articles shown"]
    assert last(platform)["links"] == ["http://vote.example.org/?a=1&b=2"]


@pytest.mark.parametrize(
    ("act", "fields", "status", "reason"),
    [
        ("text", {"content": "  "}, 422, "content"),
        ("text", {"content": "长" * 683}, 422, "content"),
        ("click", {"key": ""}, 422, "key"),
        ("scan", {"scene": "s" * 65}, 422, "scene"),
        ("follow", {}, 409, "already_following"),
        ("view", {"url": "http://elsewhere.example/"}, 404, "not_in_menu"),
    ],
)
def test_what_a_phone_cannot_do_pushes_nothing(
    platform: Platform, act: str, fields: dict[str, str], status: int, reason: str
) -> None:
    response = platform.act("jia", act, **fields)
    assert (response.status_code, response.json()["error"]) == (status, reason)
    assert platform.backend.pushes == []


@pytest.mark.parametrize(
    ("act", "fields"),
    [("text", {"content": "投票"}), ("click", {"key": "MINE"}), ("view", {"url": "x"}), ("unfollow", {})],
)
def test_one_who_does_not_follow_reaches_nobody(platform: Platform, act: str, fields: dict[str, str]) -> None:
    response = platform.act("wu", act, **fields)
    assert (response.status_code, response.json()["error"]) == (409, "not_following")
    assert platform.backend.pushes == []
