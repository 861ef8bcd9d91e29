"""Every word of the account and what is answered to it, letter by letter, while a poll is open."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from tests.conftest import DatabaseClock
from tests.factories import make_poll
from tests.staff.options.factories_options import set_to
from tests.wechat.conftest import UseAccount
from tests.wechat.factories_wechat import OPENID_A, ORIGINAL_ID, Platform, event_xml, fields_of, text_xml
from wechat.replies import GREETING

NOON = datetime(2026, 4, 20, 4, 0, 30, tzinfo=UTC)
WAY = "http://vote.example/wechat/login?next=/polls/demo%3Ffrom%3D"
WORDS = """可以回复下面的词，也可以点底部的菜单。
回复“投票”：打开正在进行的投票
回复“结果”：看已公布的结果
回复“查票 回执编号”：看这张票是否已收录
回复“聊天投票”：不开网页，在聊天里发编号投票
回复“公示”：看正在进行的公示
回复“反映”：对公示名单反映情况
回复“我的信息”：看保存了您的哪些信息，也可以删除"""
WELCOME = f"“示例网上评议”正在投票：\n{WAY}chat\n{WORDS}"
VOTE = "“示例网上评议”正在投票，4月21日 12:00结束。\n{}\n\n也可以不打开网页，就在这里投：回复“聊天投票”。"
RESULTS = "“示例网上评议”\nhttp://vote.example/polls/demo/results"
RECEIPT = "请回复“查票”和回执编号，例如：查票 K7QX-3M9T-P2VA"


@pytest.fixture
def account(client: FlaskClient, use_account: UseAccount, database_clock: DatabaseClock) -> Platform:
    """The whole account, with every room's words, while a poll is open."""
    database_clock.set(NOON)
    make_poll()
    return Platform(client, use_account(wechat_message_mode="plain"))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("投票", VOTE.format(f"{WAY}chat")),
        ("【 投票 】！", VOTE.format(f"{WAY}chat")),
        ("结果", RESULTS),
        ("查票", RECEIPT),
        ("查票 K7QX-3M9T-P2VA", "没有找到回执K7QX-3M9T-P2VA。请核对编号是否抄写正确。"),
        ("公示", "现在还没有公示。有新的公示会在公众号里发布。"),
        ("帮助", WORDS),
        ("今天天气怎么样", WORDS),
        ("]]><MsgType>", WORDS),
    ],
)
def test_what_is_answered_to_words(account: Platform, asked: str, answer: str) -> None:
    assert fields_of(account.clear(text_xml(asked.replace("]]>", "]]]]><![CDATA[>"))).text)["Content"] == answer


@pytest.mark.parametrize(
    ("event", "key", "answer"),
    [
        ("CLICK", "投票", VOTE.format(f"{WAY}menu")),
        ("CLICK", "结果", RESULTS),
        ("CLICK", "查票", RECEIPT),
        ("CLICK", "OLD_KEY", WORDS),
        ("subscribe", "", f"您好，欢迎关注。\n{WELCOME}"),
        ("subscribe", "qrscene_7", f"您好，欢迎关注。\n{WELCOME}"),
        ("SCAN", "7", f"您好，欢迎关注。\n{WELCOME}"),
    ],
)
def test_what_is_answered_to_events(account: Platform, event: str, key: str, answer: str) -> None:
    assert fields_of(account.clear(event_xml(event, key)).text)["Content"] == answer


@pytest.mark.parametrize("greeting", ["欢迎]]><MsgType>news</MsgType>", "]]>]]>", "<b>您好</b>&amp;"])
def test_no_words_of_ours_break_out_of_their_element(account: Platform, greeting: str) -> None:
    set_to(GREETING, greeting)
    fields = fields_of(account.clear(event_xml("subscribe")).text)
    assert fields.pop("CreateTime").isdecimal()
    assert fields == {
        "ToUserName": OPENID_A,
        "FromUserName": ORIGINAL_ID,
        "MsgType": "text",
        "Content": f"{greeting}\n{WELCOME}",
    }
