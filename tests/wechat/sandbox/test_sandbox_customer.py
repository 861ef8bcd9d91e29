"""Customer-service messages go through only while a window is open, and so many per window."""

from typing import Any

import pytest

from .platform import Platform


def send(platform: Platform, follower: str, content: str = "您好", **change: Any) -> int:
    body = {"touser": platform.openid(follower), "msgtype": "text", "text": {"content": content}, **change}
    return int(platform.post("/cgi-bin/message/custom/send", body, access_token=platform.token())["errcode"])


def test_five_messages_may_follow_a_persons_message_within_forty_eight_hours(platform: Platform) -> None:
    platform.done("jia", "text", content="投票")
    platform.clock.advance(48 * 3600 - 1)
    assert [send(platform, "jia") for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    platform.done("jia", "text", content="再来")
    assert send(platform, "jia") == 0
    platform.clock.advance(48 * 3600)
    assert send(platform, "jia") == 45015


@pytest.mark.parametrize(
    ("follower", "act", "fields"),
    [("jia", "click", {"key": "MINE"}), ("wu", "follow", {}), ("jia", "scan", {"scene": "act_7"})],
)
def test_three_messages_may_follow_other_acts_within_a_minute(
    platform: Platform, follower: str, act: str, fields: dict[str, str]
) -> None:
    assert send(platform, follower) == 45015
    platform.done(follower, act, **fields)
    assert [send(platform, follower) for _ in range(4)] == [0, 0, 0, 45047]
    platform.done("jia", "click", key="MINE")
    platform.clock.advance(60)
    assert send(platform, "jia") == 45015


def test_nobody_who_left_is_reached(platform: Platform) -> None:
    platform.done("jia", "text", content="投票")
    platform.done("jia", "unfollow")
    assert send(platform, "jia") == 45015


def test_a_sent_message_stands_in_the_chat(platform: Platform) -> None:
    platform.done("jia", "text", content="投票")
    send(platform, "jia", '请<a href="http://vote.example.org/">点这里</a>')
    line = platform.chat("jia")["lines"][-1]
    assert (line["speaker"], line["via"], line["links"]) == ("account", "custom", ["http://vote.example.org/"])


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "oNobody"}, 40003),
        ({"msgtype": "poem"}, 40008),
        ({"text": {}}, 44004),
        ({"text": {"content": "长" * 683}}, 45002),
    ],
)
def test_what_cannot_be_sent_is_refused_and_counts_nothing(
    platform: Platform, change: dict[str, Any], errcode: int
) -> None:
    platform.done("jia", "text", content="投票")
    assert send(platform, "jia", **change) == errcode
    assert [send(platform, "jia") for _ in range(5)] == [0] * 5
