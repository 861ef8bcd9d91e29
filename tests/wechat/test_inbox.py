"""A push has its effect once, one handler answers it, and what goes back is what was meant."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from foundation.errors import Conflict
from foundation.transaction import transaction
from staff.actors import SYSTEM
from staff.audit import record
from staff.audit.models import AuditEntry
from staff.personal.running import run_daily
from tests.conftest import DatabaseClock
from tests.staff.options.factories_options import set_to
from tests.wechat.conftest import UseAccount
from tests.wechat.factories_wechat import (
    NOW,
    OPENID_A,
    OPENID_B,
    Platform,
    event_xml,
    fields_of,
    text_xml,
)
from wechat.inbox import (
    Article,
    Handler,
    NewsReply,
    Push,
    TextReply,
)
from wechat.messages import parse_xml, read_push, render
from wechat.models import AnsweredPush
from wechat.offers import Keyword, Offers, Way
from wechat.replies import GREETING


def count_effect(push: Push) -> TextReply:
    """Have an effect in the push's transaction, and an answer that differs each time it is really made."""
    record("example", "counted", SYSTEM)
    return TextReply(f"第{effects()}次：{push.text}")


def effects() -> int:
    with transaction() as session:
        session.flush()
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


@pytest.fixture
def offers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Offers:
    """What the rooms offer in the chat: nothing, until a test adds it."""
    fresh = Offers()
    monkeypatch.setitem(app.extensions, "wechat_offers", fresh)
    return fresh


def content(platform: Platform, xml: str) -> str:
    return fields_of(platform.clear(xml).text)["Content"]


@pytest.mark.parametrize(
    "xml",
    [text_xml("投票"), event_xml("CLICK", "MY_VOTE")],
)
def test_a_hundred_repeats_in_eight_threads_have_one_effect_and_one_answer(
    app: Flask, platform: Platform, handlers: list[Handler], xml: str
) -> None:
    handlers.append(count_effect)

    def push(_: int) -> str:
        return Platform(app.test_client(), platform.account).clear(xml).text

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(push, range(100)))
    assert (len(answers), effects()) == (1, 1)
    assert "第1次" in answers.pop()


def test_an_encrypted_repeat_says_the_same(platform: Platform, handlers: list[Handler]) -> None:
    handlers.append(count_effect)
    xml = text_xml("投票")
    first, second = platform.sealed(xml), platform.sealed(xml)
    assert platform.opened(first) == platform.opened(second)
    assert effects() == 1


def test_a_repeat_waits_for_the_first_to_end(app: Flask, platform: Platform, handlers: list[Handler]) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(push: Push) -> TextReply:
        entered.set()
        assert go_on.wait(10)
        return count_effect(push)

    handlers.append(slow)
    xml = text_xml("投票")
    with ThreadPoolExecutor(2) as threads:
        pushes = [threads.submit(lambda: Platform(app.test_client(), platform.account).clear(xml).text)]
        assert entered.wait(10)
        pushes.append(threads.submit(lambda: Platform(app.test_client(), platform.account).clear(xml).text))
        _await_somebody_waiting_for_a_lock()
        go_on.set()
        answers = [push.result(10) for push in pushes]
    assert answers[0] == answers[1]
    assert effects() == 1


def test_what_failed_is_undone_and_tried_again(platform: Platform, handlers: list[Handler]) -> None:
    def fail_once(push: Push) -> TextReply:
        reply = count_effect(push)
        if not failed:
            failed.append(push)
            raise RuntimeError
        return reply

    failed: list[Push] = []
    handlers.append(fail_once)
    xml = text_xml("投票")
    assert (platform.clear(xml).status_code, effects()) == (500, 0)
    assert ("第1次" in platform.clear(xml).text, effects()) == (True, 1)


def test_what_a_use_case_refuses_is_said_and_undone(platform: Platform, handlers: list[Handler]) -> None:
    def refuse(push: Push) -> TextReply:
        count_effect(push)
        raise Conflict("投票已经结束。")

    handlers.append(refuse)
    assert (content(platform, text_xml("投票")), effects()) == ("投票已经结束。", 0)


def test_what_a_use_case_refused_is_said_again_to_a_repeat(platform: Platform, handlers: list[Handler]) -> None:
    refused: list[Push] = []

    def refuse(push: Push) -> None:
        refused.append(push)
        raise Conflict("投票已经结束。")

    handlers.append(refuse)
    xml = text_xml("投票")
    assert [content(platform, xml), content(platform, xml)] == ["投票已经结束。", "投票已经结束。"]
    assert len(refused) == 1


def test_the_first_handler_with_an_answer_wins(platform: Platform, handlers: list[Handler]) -> None:
    handlers += [
        lambda push: None,
        lambda push: TextReply("二") if push.asks_for == "投票" else None,
        lambda push: TextReply("三"),
    ]
    assert content(platform, text_xml(" 投票　")) == "二"
    assert content(platform, event_xml("CLICK", "投票")) == "二"
    assert content(platform, text_xml("结果")) == "三"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (text_xml("一", number=1), text_xml("一", number=1), True),
        (text_xml("一", number=1), text_xml("一", number=2), False),
        (event_xml("subscribe"), event_xml("subscribe", ""), True),
        (event_xml("subscribe"), event_xml("CLICK", "1"), False),
        (event_xml("CLICK", "1"), event_xml("CLICK", "2"), False),
        (event_xml("CLICK", "1"), event_xml("CLICK", "1", at=NOW + 1), False),
        (event_xml("CLICK", "1"), event_xml("CLICK", "1", openid=OPENID_B), False),
    ],
)
def test_what_makes_two_pushes_one(
    platform: Platform, handlers: list[Handler], first: str, second: str, same: bool
) -> None:
    handlers.append(count_effect)
    for xml in (first, second):
        platform.clear(xml)
    assert effects() == (1 if same else 2)


def test_nothing_at_rest_names_the_person_or_the_words(platform: Platform, handlers: list[Handler]) -> None:
    handlers.append(lambda push: TextReply("您投了三号"))
    platform.clear(text_xml("投票 3"))
    with transaction() as session:
        row = session.execute(text("SELECT identity, answer FROM answered_push")).one()
    kept = b"".join(bytes(part) for part in row)
    assert OPENID_A.encode() not in kept
    assert "您投了三号".encode() not in kept


def test_repeats_are_remembered_for_a_day(
    platform: Platform, handlers: list[Handler], database_clock: DatabaseClock
) -> None:
    handlers.append(count_effect)
    platform.clear(text_xml("一"))
    database_clock.advance(timedelta(hours=23))
    platform.clear(text_xml("二"))
    database_clock.advance(timedelta(hours=2))
    run_daily()
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(AnsweredPush)) == 1


def test_a_news_reply_is_repeated_as_it_was(platform: Platform, handlers: list[Handler]) -> None:
    articles = (
        Article("评选 & 投票", "第一段]]>第二段", "http://vote.example/polls/2026", "http://vote.example/p.jpg"),
    )
    handlers.append(lambda push: NewsReply(articles))
    xml = text_xml("投票")
    first, second = platform.clear(xml).text, platform.clear(xml).text
    assert first == second
    item = parse_xml(first.encode()).find("Articles/item")
    assert item is not None
    assert {child.tag: child.text for child in item} == {
        "Title": "评选 & 投票",
        "Description": "第一段]]>第二段",
        "PicUrl": "http://vote.example/p.jpg",
        "Url": "http://vote.example/polls/2026",
    }
    assert fields_of(first)["ArticleCount"] == "1"


def test_several_cards_in_answer_to_a_message_become_lines_and_to_an_event_stay_cards(
    platform: Platform, handlers: list[Handler]
) -> None:
    cards = [Article(f"第{number}条", "简介", f"http://vote.example/{number}") for number in (1, 2)]
    handlers.append(lambda push: NewsReply(tuple(cards)))
    assert content(platform, text_xml("投票")) == "第1条\nhttp://vote.example/1\n第2条\nhttp://vote.example/2"
    assert fields_of(platform.clear(event_xml("CLICK", "投票")).text)["ArticleCount"] == "2"


@given(st.text(min_size=1, max_size=1500))
def test_whatever_is_said_stays_one_text_of_at_most_2048_bytes(words: str) -> None:
    push = read_push(parse_xml(text_xml("一").encode()))
    root = parse_xml(render(TextReply(words), push, NOW).encode())
    assert [child.tag for child in root] == ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"]
    said = root.findtext("Content") or ""
    assert len(said.encode()) <= 2048
    storable = "".join(letter for letter in words if letter.isprintable())
    assert [letter for letter in said if letter.isprintable() and letter != "…"] == [
        letter for letter in storable if letter != "…"
    ][: len([letter for letter in said if letter.isprintable() and letter != "…"])]


@pytest.mark.parametrize(
    ("xml", "scene"),
    [
        (event_xml("subscribe", "qrscene_act_7", more="<Ticket>gQH</Ticket>"), "act_7"),
        (event_xml("SCAN", "act_7", more="<Ticket>gQH</Ticket>"), "act_7"),
        (event_xml("subscribe"), ""),
        (event_xml("CLICK", "act_7"), ""),
    ],
)
def test_the_scene_of_a_code_has_no_prefix(xml: str, scene: str) -> None:
    assert read_push(parse_xml(xml.encode())).scene == scene


class TestWelcomeAndHelp:
    def test_whoever_follows_is_greeted_and_shown_what_is_on(self, platform: Platform, offers: Offers) -> None:
        set_to(GREETING, "您好，这里是示例评选。")
        offers.ways.append(lambda: [Way("2026年评选正在投票", "/polls/2026")])
        offers.keywords.append(Keyword("投票", "参加评选"))
        assert content(platform, event_xml("subscribe", "")) == (
            "您好，这里是示例评选。\n"
            "2026年评选正在投票\nhttp://vote.example/polls/2026\n"
            "可以回复下面的词，也可以点底部的菜单。\n"
            "回复“投票”：参加评选"
        )
        assert content(platform, event_xml("SCAN", "7")) == content(platform, event_xml("subscribe", "qrscene_7"))

    def test_what_nobody_understands_is_answered_with_the_words_there_are(
        self, platform: Platform, offers: Offers
    ) -> None:
        offers.keywords += [Keyword("投票", "参加评选"), Keyword("公示", "看公示公告")]
        expected = "可以回复下面的词，也可以点底部的菜单。\n回复“投票”：参加评选\n回复“公示”：看公示公告"
        image = text_xml("x").replace("<MsgType>text", "<MsgType>image")
        for xml in (text_xml("天气"), event_xml("CLICK", "NO_SUCH_KEY"), image):
            assert content(platform, xml) == expected

    def test_without_any_word_the_menu_is_named(self, platform: Platform, offers: Offers) -> None:
        assert content(platform, text_xml("天气")) == "请点公众号底部的菜单进入。"

    def test_help_never_exceeds_600_characters_and_ends_with_a_whole_line(
        self, platform: Platform, offers: Offers
    ) -> None:
        offers.keywords += [Keyword(f"词{number}", "很长的说明" * 5) for number in range(100)]
        said = content(platform, text_xml("天气"))
        assert 500 < len(said) <= 600
        assert said.endswith("很长的说明" * 5)


def test_no_answer_of_this_room_urges_to_share(platform: Platform, use_account: UseAccount) -> None:
    said = content(platform, event_xml("subscribe")) + content(platform, text_xml("天气"))
    assert [word for word in ("分享后", "转发", "集赞", "！") if word in said] == []


def _await_somebody_waiting_for_a_lock() -> None:
    deadline = time.monotonic() + 10
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    while time.monotonic() < deadline:
        with transaction() as session:
            if session.scalar(waiting):
                return
    raise AssertionError("nobody waited")
