"""Pushes come twice, late, out of order or spoilt, as they were told to."""

import base64

import pytest

from .backend import AES_KEY, APPID, opened, signature, text_reply
from .platform import MakePlatform, Platform

OLD_KEY = "Z" * 42 + "A"


def test_a_push_comes_twice_with_the_same_identity(platform: Platform) -> None:
    platform.fault("duplicate", path="text", count=1)
    platform.backend.script.append(text_reply("收到"))
    done = platform.done("jia", "text", content="投票")
    first, second = platform.backend.pushes
    assert (first.fields, first.query["nonce"] == second.query["nonce"]) == (second.fields, False)
    assert [line["text"] for line in done["lines"]] == ["投票", "收到"]


def test_a_push_comes_twice_at_the_same_time(platform: Platform) -> None:
    platform.fault("concurrent_duplicate", path="CLICK", count=1)
    platform.done("jia", "click", key="MINE")
    first, second = platform.backend.await_pushes(2)
    assert first.fields == second.fields


def test_a_push_comes_after_the_one_that_followed_it(platform: Platform) -> None:
    platform.fault("out_of_order", path="subscribe", count=1)
    held = platform.done("wu", "follow")
    assert (held["push"]["outcome"], held["push"]["attempts"]) == ("unanswered", [])
    platform.done("wu", "text", content="投票")
    assert [push.fields.get("Event", "text") for push in platform.backend.pushes] == ["text", "subscribe"]


def test_a_push_comes_again_long_after_it_was_answered(platform: Platform) -> None:
    platform.order("POST", "/clock", freeze=True)
    platform.fault("late_retry", path="text", count=1)
    platform.done("jia", "text", content="投票")
    assert len(platform.backend.pushes) == 1
    platform.order("POST", "/clock", advance=15)
    first, second = platform.backend.pushes
    assert first.fields == second.fields
    assert int(second.query["timestamp"]) - int(first.query["timestamp"]) == 15


@pytest.mark.parametrize("mode", ["plain", "safe"])
@pytest.mark.parametrize(
    "kind", ["bad_signature", "dtd", "json_body", "truncated_xml", "empty_body", "too_large", "no_msg_type"]
)
def test_a_push_is_spoilt(make_platform: MakePlatform, mode: str, kind: str) -> None:
    platform = make_platform(message_mode=mode)
    platform.fault(kind, path="text", count=1)
    done = platform.done("jia", "text", content="投票")
    assert [attempt["tampering"] for attempt in done["push"]["attempts"]] == [kind]
    [push] = platform.backend.pushes
    if kind == "too_large":
        assert len(push.body) > 1 << 20
    elif kind == "no_msg_type":
        assert "MsgType" not in push.fields
    else:
        assert push.trouble
    platform.done("jia", "text", content="投票")
    assert platform.backend.pushes[-1].fields["Content"] == "投票"


def test_old_pushes_are_rightly_signed(platform: Platform) -> None:
    platform.fault("old_timestamp", count=1)
    platform.done("jia", "text", content="投票")
    [push] = platform.backend.pushes
    assert (int(push.query["timestamp"]), push.trouble) == (int(platform.clock.now) - 86_400, "")


def test_an_unknown_event_comes_instead(platform: Platform) -> None:
    platform.fault("unknown_event", count=1)
    platform.done("jia", "text", content="投票")
    assert platform.backend.pushes[0].fields["Event"] == "sandbox_unknown_event"


@pytest.mark.parametrize("kind", ["bad_msg_signature", "wrong_appid", "previous_key", "odd_length"])
def test_a_sealed_push_is_spoilt(make_platform: MakePlatform, kind: str) -> None:
    platform = make_platform(message_mode="safe", previous_aes_key=OLD_KEY)
    platform.fault(kind, count=1)
    platform.done("jia", "text", content="投票")
    [push] = platform.backend.pushes
    encrypt = push.body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    query = push.query
    signed = query["msg_signature"] == signature("voteToken2026", query["timestamp"], query["nonce"], encrypt)
    assert (signed, push.fields) == (kind != "bad_msg_signature", {})
    if kind == "odd_length":
        assert len(base64.b64decode(encrypt)) % 16 == 11
    else:
        appid = "wx" + "0" * 16 if kind == "wrong_appid" else APPID
        assert "投票" in opened(encrypt, OLD_KEY if kind == "previous_key" else AES_KEY, appid)
