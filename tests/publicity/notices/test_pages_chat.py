"""What notices answer in the chat: what runs and until when, else the latest, else that there is none."""

import itertools

import pytest
from flask import Flask

from foundation.clock import utc_now
from publicity.notices.kinds import Phase
from tests.conftest import PUBLIC_URL, DatabaseClock
from tests.publicity.factories_notices import MONDAY, make_notice
from wechat.inbox import Push, TextReply, receive
from wechat.menu import build_menu, menu_entries
from wechat.messages import TEXT_BYTES
from wechat.replies import help_out

OPENID = "oReader000000000000000000001"
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _monday(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(MONDAY)


def answer(text: str) -> str:
    reply = receive(Push("text", OPENID, "gh_0123456789ab", utc_now(), text, number=str(next(_numbers))))
    assert isinstance(reply, TextReply)
    return reply.text


def test_the_word_names_what_runs_with_its_days_and_its_address() -> None:
    notice = make_notice(title="示例公示")
    make_notice(Phase.STANDING, title="示例公告")
    assert answer("公示") == (
        "正在公示：\n\n“示例公示”\n2017年6月6日 — 6月12日（5个工作日） · 还剩5个工作日\n" + PUBLIC_URL + notice.path
    )


def test_where_nothing_runs_the_latest_is_named(database_clock: DatabaseClock) -> None:
    make_notice(Phase.OVER, clock=database_clock, title="示例已满的公示")
    latest = make_notice(Phase.STANDING, title="示例公告")
    assert answer(" 公示。") == (f"现在没有正在进行的公示。最近发布的是：\n\n“示例公告”\n{PUBLIC_URL}{latest.path}")


def test_where_nothing_was_published_it_says_so() -> None:
    make_notice(Phase.DRAFT)
    assert answer("公示") == "现在还没有公示。有新的公示会在公众号里发布。"


def test_too_many_for_one_message_leave_whole_addresses_and_the_way_to_all() -> None:
    notices = [make_notice(title="示例" * 50 + str(number)) for number in range(7)]
    said = answer("公示")
    parts = said.split("\n\n")
    assert len(said.encode()) <= TEXT_BYTES
    assert [part.rpartition("\n")[2] for part in parts[1:-1]] == [
        f"{PUBLIC_URL}{notice.path}" for notice in notices[: len(parts) - 2]
    ]
    assert (len(parts) - 2 < 7, parts[-1]) == (True, f"全部公示：\n{PUBLIC_URL}/notices")


def test_the_menu_and_the_help_lead_there(app: Flask) -> None:
    buttons = build_menu(menu_entries(), PUBLIC_URL)
    assert {"type": "view", "name": "公示公告", "url": f"{PUBLIC_URL}/notices"} in buttons
    told = help_out(Push("text", OPENID, "gh_0123456789ab", utc_now(), "帮助"))
    assert told is not None
    assert "回复“公示”：看正在进行的公示" in told.text
