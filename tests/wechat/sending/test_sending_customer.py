"""Customer messages go out while the platform's window is open, and never a second time on suspicion."""

import pytest

from tests.wechat.sending.conftest import Platform
from wechat.errors import NotPermitted, OutsideWindow, Unreachable, WindowUsedUp
from wechat.messages import Article, NewsReply, TextReply
from wechat.sending.customer import send_customer_message
from wechat.sending.retrying import retry_of

SEND = "message/custom/send"


def test_five_messages_follow_one_of_theirs_and_the_sixth_is_too_many(platform: Platform) -> None:
    openid = platform.openid("jia")
    with pytest.raises(OutsideWindow) as early:
        send_customer_message(openid, TextReply("早了"))
    platform.world.phone("jia", "text", content="帮助")
    for number in range(5):
        send_customer_message(openid, TextReply(f"第{number}条"))
    with pytest.raises(WindowUsedUp) as late:
        send_customer_message(openid, TextReply("多了"))
    assert platform.texts("jia", "custom") == [f"第{number}条" for number in range(5)]
    assert (early.value.errcode, late.value.errcode) == (45015, 45047)
    assert [retry_of(error.value, has_key=False) for error in (early, late)] == ["later", "later"]


def test_one_card_is_a_card_and_several_are_lines(platform: Platform) -> None:
    platform.world.phone("jia", "text", content="帮助")
    cards = tuple(Article(f"示例{n}", "说明", f"http://vote.example/polls/{n}") for n in (1, 2))
    send_customer_message(platform.openid("jia"), NewsReply(cards[:1]))
    send_customer_message(platform.openid("jia"), NewsReply(cards))
    card, lines = platform.seen("jia", "custom")
    assert [(one["title"], one["url"]) for one in card["articles"]] == [("示例1", "http://vote.example/polls/1")]
    assert lines["text"] == "示例1\nhttp://vote.example/polls/1\n示例2\nhttp://vote.example/polls/2"


def test_long_words_are_cut_to_what_the_platform_takes(platform: Platform) -> None:
    platform.world.phone("jia", "text", content="帮助")
    send_customer_message(platform.openid("jia"), TextReply("示" * 2000))
    [text] = platform.texts("jia", "custom")
    assert (text[-1], len(text.encode()) <= 2048) == ("…", True)


def test_an_answer_that_was_lost_is_no_reason_to_write_again(platform: Platform) -> None:
    platform.world.phone("jia", "text", content="帮助")
    platform.fault("reset_after", SEND)
    with pytest.raises(Unreachable) as error:
        send_customer_message(platform.openid("jia"), TextReply("一条"))
    assert retry_of(error.value, has_key=False) == "never"
    assert (platform.asked(SEND), platform.texts("jia", "custom")) == (1, ["一条"])


def test_an_account_without_the_right_asks_nobody_and_says_what_there_is(platform: Platform) -> None:
    platform.become("sub-unverified")
    with pytest.raises(NotPermitted, match="对方再发一次就能收到"):
        send_customer_message(platform.openid("jia"), TextReply("一条"))
    assert platform.asked(SEND) == 0
