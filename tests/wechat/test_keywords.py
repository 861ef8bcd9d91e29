"""Words in the chat: those of the rooms, what staff made of them, and what they added."""

import pytest
from flask import Flask

from staff.actors import Actor
from staff.options.errors import InvalidOption
from staff.options.setting import set_option
from tests.staff.factories_staff import actor_of, make_staff
from tests.staff.options.factories_options import set_to
from tests.wechat.factories_wechat import Platform, event_xml, fields_of, text_xml
from wechat.inbox import Handler, Push, TextReply
from wechat.keywords import WORDS, Word, default_words, is_answered
from wechat.offers import Keyword, Offers
from wechat.replies import GREETING, HELP_TEXT, NOT_UNDERSTOOD

HOURS = Word("几点", "reply", "每天8点到22点有人值班。", "看值班时间")
I_WANT_TO_VOTE = Word("我要投票", "投票", "", "")
FIND = Word("查回执", "查票", "", "看这张票是否已收录")
HELP = "可以回复下面的词，也可以点底部的菜单。\n回复“投票”：参加评选\n回复“查票 回执编号”：看这张票是否已收录"


@pytest.fixture(autouse=True)
def offers(app: Flask, monkeypatch: pytest.MonkeyPatch, handlers: list[Handler]) -> Offers:
    """A room that answers 投票, and 查票 with a number."""
    keywords = [Keyword("投票", "参加评选"), Keyword("查票", "看这张票是否已收录", "回执编号")]
    offers = Offers(keywords, needed=[str.isdecimal])
    monkeypatch.setitem(app.extensions, "wechat_offers", offers)
    handlers.append(answer)
    return offers


@pytest.fixture
def office(app: Flask) -> Actor:
    return actor_of(make_staff())


def answer(push: Push) -> TextReply | None:
    """Answer as a room does: by what the push asks for."""
    asked = push.asks_for
    return TextReply(f"房间听到：{asked}") if asked == "投票" or asked.startswith("查票") else None


def said(platform: Platform, xml: str) -> str:
    return fields_of(platform.clear(xml).text)["Content"]


def test_without_a_change_the_rooms_words_are_theirs(platform: Platform) -> None:
    assert default_words() == (
        Word("投票", "投票", "", "参加评选"),
        Word("查票", "查票", "", "看这张票是否已收录"),
        Word("帮助", "帮助", "", ""),
    )
    assert said(platform, text_xml("投票")) == "房间听到：投票"
    assert said(platform, text_xml("帮助")) == said(platform, text_xml("天气")) == HELP


def test_a_word_is_answered_with_what_staff_wrote(platform: Platform) -> None:
    set_to(WORDS, (*default_words(), HOURS))

    assert said(platform, text_xml("几点")) == HOURS.text
    assert said(platform, event_xml("CLICK", "几点")) == HOURS.text
    assert said(platform, text_xml("天气")) == f"{HELP}\n回复“几点”：看值班时间"


@pytest.mark.parametrize("typed", ["投票！", " 投票。 ", "“投票”", "投票", "我要投票", "我要投票~"])
def test_what_means_a_rooms_word_reaches_the_room_as_that_word(platform: Platform, typed: str) -> None:
    set_to(WORDS, (*default_words(), I_WANT_TO_VOTE))

    assert said(platform, text_xml(typed)) == "房间听到：投票"


def test_what_follows_a_word_reaches_the_room_with_it(platform: Platform) -> None:
    set_to(WORDS, (*default_words(), FIND))

    heard = [said(platform, text_xml(typed)) for typed in ("查票 K7QX-3M9T", "查回执：ｋ7qx", "查票K7QX", "查回执")]

    assert heard == ["房间听到：查票 K7QX-3M9T", "房间听到：查票 k7qx", "房间听到：查票 K7QX", "房间听到：查票"]


def test_a_word_that_only_begins_a_sentence_is_not_meant(platform: Platform) -> None:
    set_to(WORDS, (*default_words(), HOURS))

    assert said(platform, text_xml("几点开始呀")) == f"{HELP}\n回复“几点”：看值班时间"


def test_a_rooms_word_may_be_taken_over(platform: Platform) -> None:
    set_to(WORDS, (Word("投票", "reply", "评选还没有开始。", ""),))

    assert said(platform, text_xml("投票")) == "评选还没有开始。"


def test_a_rooms_word_that_staff_removed_works_unlisted(platform: Platform) -> None:
    set_to(WORDS, (HOURS,))

    assert said(platform, text_xml("投票")) == "房间听到：投票"
    assert said(platform, text_xml("天气")).endswith("菜单。\n回复“几点”：看值班时间")


def test_a_word_whose_room_is_gone_is_helped_out(platform: Platform) -> None:
    set_to(WORDS, (Word("公示", "公示", "", ""), *default_words()))

    assert said(platform, text_xml("公示")) == HELP


def test_the_texts_of_welcome_and_help_are_the_staffs(platform: Platform) -> None:
    set_to(GREETING, "您好，这里是示例评选。")
    set_to(HELP_TEXT, "可以这样问：")
    set_to(NOT_UNDERSTOOD, "没有看懂。")
    words = HELP.partition("\n")[2]

    assert said(platform, event_xml("subscribe", "")) == f"您好，这里是示例评选。\n可以这样问：\n{words}"
    assert said(platform, text_xml("帮助")) == f"可以这样问：\n{words}"
    assert said(platform, text_xml("天气")) == f"没有看懂。\n可以这样问：\n{words}"


@pytest.mark.parametrize(
    ("words", "faults"),
    [
        (
            (HOURS, Word("几点。", "reply", "八点。", "")),
            {"rows-0-word": "“几点”写了两次，只能留一条。", "rows-1-word": "“几点。”写了两次，只能留一条。"},
        ),
        ((Word("！", "reply", "好", ""),), {"rows-0-word": "词里要有文字。"}),
        ((Word("几点", "reply", "", ""),), {"rows-0-text": "请填写要回复的文字。"}),
        ((Word("12", "reply", "好", ""),), {"rows-0-word": "在聊天里投票要用“12”，请换一个词。"}),
        (
            (Word("我要投票", "投票", "去投", ""),),
            {"rows-0-text": "作用是“回复文字”时才填。要回复这段文字，请改选“回复文字”。"},
        ),
        ((Word("公示", "公示", "", ""),), {"rows-0-does": "作用请从列出的选项中选一个。"}),
    ],
)
def test_words_that_would_not_work_are_refused(office: Actor, words: tuple[Word, ...], faults: dict[str, str]) -> None:
    with pytest.raises(InvalidOption) as caught:
        set_option(WORDS.name, WORDS.kind.show(words), office, based_on=0, reason="新词")

    assert caught.value.faults == faults


def test_a_menu_may_send_any_word_that_is_answered() -> None:
    set_to(WORDS, (HOURS,))

    assert [is_answered(word) for word in ("几点", "投票", "帮助", "天气")] == [True, True, True, False]
