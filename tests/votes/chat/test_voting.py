"""Whole votes in the chat, through signed pushes, the ledger and back; and what may go wrong on the way."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text

from app.factory import ROOT
from foundation.database import db, libpq_url
from foundation.embedded.servers import Connections
from foundation.keyvalue import keyvalue
from foundation.transaction import transaction
from tests.conftest import DatabaseClock
from tests.factories import ballot_headers, make_poll, sign_in
from tests.votes.chat.dialogues import VOTER, Phone, phone_of
from tests.wechat.factories_wechat import event_xml
from votes.chat.keeping import drop_expired, under_way
from votes.chat.models import ChatBallot
from votes.chat.personal_data import chat_part
from votes.chat.voting import EXTENSION
from votes.gate import Gate, Passage, Try
from votes.ledger import POLL_LOCK, Committer
from votes.limits import limits_in_force
from votes.models import Ballot, Candidate, Poll, TurnoutChannel
from votes.parts import votes_parts
from votes.rules import unpack
from votes.voters import voter_tag
from wechat.account import Account
from wechat.identity import Voter
from wechat.personal_data import forget_voter

HOUR = timedelta(hours=1)
CODE = re.compile(r"回执编号：([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})\n")
HELP = "可以回复下面的词"


def ballots() -> list[tuple[str, tuple[int, ...]]]:
    """Return the ledger: codes and choices."""
    with transaction() as session:
        rows = session.execute(select(Ballot.code, Ballot.choices).order_by(Ballot.id)).all()
    return [(row[0], unpack(row[1])) for row in rows]


def drafts() -> int:
    with transaction() as session:
        return session.scalar(select(func.count(ChatBallot.id))) or 0


def code_in(answer: str) -> str:
    found = CODE.search(answer)
    assert found, answer
    return found[1]


def withdraw(poll_id: int, number: int) -> None:
    with transaction() as session:
        session.scalars(select(Candidate).filter_by(poll_id=poll_id, number=number)).one().withdrawn_at = datetime.now(
            UTC
        )
        session.get_one(Poll, poll_id).revision += 1
    votes_parts().shelf.forget("demo")


def test_a_whole_vote(phone: Phone) -> None:
    make_poll(closes_in=timedelta(days=3))
    with transaction() as session:
        closes = session.scalars(select(Poll.closes_at)).one()
    assert closes is not None

    assert phone.says("聊天投票").startswith("在聊天里投票：示例网上评议，")
    assert phone.says("名单") == (
        "【十佳组织】最多选2名\n1 示例001（示例单位职员）\n2 示例002（示例单位职员）\n3 示例003（示例单位职员）\n"
        "【十佳党员】最多选3名\n4 示例004（示例单位职员）\n5 示例005（示例单位职员）\n6 示例006（示例单位职员）\n"
        "7 示例007（示例单位职员）\n\n选人请发编号，例如 3 5 12。"
    )
    assert phone.says("１、４号") == (
        "您选了2个：\n【十佳组织】1名，还可选1名\n1 示例001\n【十佳党员】1名，还可选2名\n4 示例004\n\n"
        "核对无误，请回复“确认”，才算投出。投出后不可修改。\n\n"
        "再选：直接发编号\n不选4号：去 4\n全部重选：重来\n不投了：取消"
    )
    assert "5 示例005" in phone.says("加5")
    assert "去掉了：4号示例004。" in phone.says("去 4")
    assert ballots() == []

    told = phone.says("确认")

    code = code_in(told)
    assert told.startswith("投票成功，谢谢您。\n\n示例网上评议\n")
    assert f"查这张票：http://vote.example/receipts/{code}\n\n" in told
    assert ballots() == [(code, (1, 5))]
    assert drafts() == 0
    assert phone.says(f"查票 {code}").startswith(f"回执{code}：已收录")


def test_a_ballot_from_the_chat_counts_as_come_by_the_chat(phone: Phone) -> None:
    votes_parts().sources.flush()  # what other tests counted
    poll_id = make_poll()
    phone.says("聊天投票", "1", "确认")

    votes_parts().sources.flush()

    with transaction() as session:
        counted = session.execute(select(TurnoutChannel.channel, TurnoutChannel.ballots).filter_by(poll_id=poll_id))
        assert [tuple(row) for row in counted] == [("chat", 1)]


def test_whoever_has_voted_is_told_the_receipt_again(phone: Phone) -> None:
    make_poll()
    code = code_in(phone.says("聊天投票", "1", "确认"))

    for again in ("确认", "聊天投票", "确认"):
        answer = phone.says(again)
        assert answer.startswith("您已经投过票了，每个微信号限投一次。\n")
        assert code_in(answer) == code
    assert len(ballots()) == 1


def test_whoever_votes_on_the_page_meanwhile_has_voted(phone: Phone, client: FlaskClient) -> None:
    make_poll()
    phone.says("聊天投票", "1")
    sign_in(client, VOTER)
    sent = {"choices": [2], "nonce": "a-nonce-of-the-page"}
    receipt = client.post("/polls/demo/ballots", json=sent, headers=ballot_headers(client.application)).get_json()

    answer = phone.says("确认")

    assert answer.startswith("您已经投过票了，每个微信号限投一次。刚才在这里选的没有计入。\n")
    assert code_in(answer) == receipt["receipt"]["code"]
    assert (ballots(), drafts()) == ([(code_in(answer), (2,))], 0)


def test_the_same_confirmation_pushed_again_has_the_same_answer(phone: Phone) -> None:
    make_poll()
    phone.says("聊天投票", "1 4")
    confirmation = phone.written("确认")

    answers = {phone.pushes(confirmation) for _ in range(3)}

    assert ballots() == [(code_in(answers.pop()), (1, 4))]
    assert not answers


def test_many_confirmations_at_once_cast_one_ballot(app: Flask, phone: Phone, account: Account) -> None:
    make_poll()
    phone.says("聊天投票", "1 4")
    same = phone.written("确认")
    messages = [same if place % 2 else phone.written("确认") for place in range(12)]

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda xml: phone_of(app.test_client(), account).pushes(xml), messages))

    assert len(ballots()) == 1
    assert {code_in(answer) for answer in answers} == {ballots()[0][0]}


def test_two_messages_at_once_are_both_heard(app: Flask, phone: Phone, account: Account) -> None:
    make_poll()
    phone.says("聊天投票")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda said: phone_of(app.test_client(), account).says(said), ["1", "4", "5", "2"]))

    assert phone.says("看看").startswith("您选了4个：")


def test_a_push_undone_after_the_ballot_is_in_finds_the_ballot_when_it_comes_again(phone: Phone) -> None:
    make_poll()
    phone.says("聊天投票", "1 4")
    confirmation = phone.written("确认")

    with fails_to_commit():
        assert phone.platform.clear(confirmation).status_code == 500
    assert len(ballots()) == 1

    told = phone.pushes(confirmation)
    assert told.startswith("投票成功")
    assert (ballots(), drafts()) == ([(code_in(told), (1, 4))], 0)


@pytest.mark.parametrize("said", ["看看", "加 2", "取消"])
def test_whoever_says_something_else_after_that_hears_that_the_ballot_is_in(phone: Phone, said: str) -> None:
    make_poll()
    phone.says("聊天投票", "1 4")
    with fails_to_commit():
        phone.platform.clear(phone.written("确认"))

    told = phone.says(said)

    assert told.startswith("投票成功")
    assert (ballots(), drafts()) == ([(code_in(told), (1, 4))], 0)


def test_a_ballot_lost_from_sight_yesterday_does_not_stand_for_todays(
    phone: Phone, database_clock: DatabaseClock
) -> None:
    database_clock.set(datetime(2026, 4, 20, 15, 59, tzinfo=UTC))  # 23:59 in Jiaozuo
    make_poll(period="daily", closes_in=timedelta(days=7))
    phone.says("聊天投票", "1")
    with fails_to_commit():
        phone.platform.clear(phone.written("确认"))
    database_clock.set(datetime(2026, 4, 20, 16, 1, tzinfo=UTC))

    assert phone.says("聊天投票").startswith("在聊天里投票：")
    assert ballots_after(phone, "2", "确认") == [(1,), (2,)]


def test_a_process_killed_after_the_ballot_is_in_leaves_one_ballot_and_its_receipt(
    phone: Phone, connections: Connections
) -> None:
    make_poll()
    phone.says("聊天投票", "1 4")
    confirmation = phone.written("确认")
    urls = (connections.database_url, connections.owner_url, connections.redis_url)

    command = [sys.executable, "-m", "tests.votes.chat.killed_child", *urls]
    child = subprocess.run(command, input=confirmation, text=True, cwd=ROOT, timeout=60, check=False)

    assert child.returncode == -9
    assert (len(ballots()), drafts()) == (1, 1)
    told = phone.pushes(confirmation)
    assert (ballots(), drafts()) == ([(code_in(told), (1, 4))], 0)
    assert phone.pushes(confirmation) == told


def test_a_ledger_that_does_not_answer_loses_nothing_and_counts_once(
    phone: Phone, connections: Connections, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    poll_id = make_poll()
    phone.says("聊天投票", "1 4")
    parts = votes_parts()
    box = replace(parts.box, committer=impatient_committer(connections))
    monkeypatch.setitem(app.extensions, "votes", replace(parts, box=box))
    with psycopg.connect(libpq_url(connections.database_url)) as another:
        another.execute("SELECT pg_advisory_xact_lock(%s, %s)", (POLL_LOCK, poll_id))
        first, second, changing = (phone.says(said) for said in ("确认", "确认", "加 2"))
    monkeypatch.setitem(app.extensions, "votes", parts)
    told = phone.says("确认")

    busy = "服务器正忙，还没有确认投出。您选的都还在，请过一会儿再回复“确认”，只会算一票。"
    assert (first, second) == (busy, busy)
    assert changing.startswith("刚才的选票已经提交，还没有收到答复，现在不能改。")
    assert told.startswith("投票成功")
    assert (ballots(), drafts()) == ([(code_in(told), (1, 4))], 0)


def test_a_poll_that_closed_meanwhile(phone: Phone, database_clock: DatabaseClock) -> None:
    make_poll(closes_in=HOUR)
    phone.says("聊天投票", "1")
    database_clock.advance(2 * HOUR)

    assert phone.says("加 2") == "“示例网上评议”已经结束，刚才选的没有投出。"
    assert phone.says("聊天投票") == "现在没有正在进行的投票。"
    assert (ballots(), drafts()) == ([], 0)


def test_a_confirmation_after_the_closing(phone: Phone, database_clock: DatabaseClock) -> None:
    make_poll(closes_in=HOUR)
    phone.says("聊天投票", "1")
    database_clock.advance(2 * HOUR)

    assert phone.says("确认") == "“示例网上评议”已经结束，刚才选的没有投出。"
    assert (ballots(), drafts()) == ([], 0)


def test_a_poll_that_has_not_begun_says_when(phone: Phone) -> None:
    make_poll(opens_in=HOUR)

    assert re.fullmatch(r"“示例网上评议”将于\d+月\d+日 \d\d:\d\d开始投票。", phone.says("聊天投票"))
    assert drafts() == 0


def test_a_candidate_withdraws_meanwhile(phone: Phone) -> None:
    poll_id = make_poll()
    phone.says("聊天投票", "1 4")
    withdraw(poll_id, 4)

    told = phone.says("确认")

    assert told.startswith("4号示例004已退出评选，已从您选的里面去掉，其他的都还在。\n您选了1个：")
    assert ballots() == []
    assert ballots_after(phone, "确认") == [(1,)]


def test_a_daily_poll_takes_another_ballot_the_next_day(phone: Phone, database_clock: DatabaseClock) -> None:
    database_clock.set(datetime(2026, 4, 20, 15, 59, tzinfo=UTC))  # 23:59 in Jiaozuo
    make_poll(period="daily", closes_in=timedelta(days=7), rules_text="")

    assert "每个微信号每天限投一次" in phone.says("聊天投票")
    assert "每天限投一次，明天可以再投。" in phone.says("1", "确认")
    assert phone.says("聊天投票").startswith("今天已经投过票了，明天可以再投。\n")
    database_clock.set(datetime(2026, 4, 20, 16, 1, tzinfo=UTC))
    assert ballots_after(phone, "聊天投票", "2", "确认") == [(1,), (2,)]


def test_of_several_polls_one_is_asked_for(phone: Phone) -> None:
    make_poll(opens_in=-2 * HOUR)
    make_poll("other", title="示例另一项", opens_in=-HOUR)

    question = "现在有2项投票，您要投哪一项？\n1 示例另一项\n2 示例网上评议\n请回复前面的数字，例如 1。"
    assert phone.says("聊天投票") == question
    assert phone.says("3") == question
    assert phone.says("2").startswith("在聊天里投票：示例网上评议")
    assert phone.says("1 4", "聊天投票", "另一项").startswith("在聊天里投票：示例另一项")
    assert phone.says("2", "聊天投票1").startswith("接着投“示例另一项”。\n您选了1个：")
    assert phone.says("聊天投票 2").startswith("接着投“示例网上评议”。\n您选了2个：")
    first = code_in(phone.says("确认"))
    assert phone.says("聊天投票", "2").startswith("您已经投过票了")
    assert phone.says("1").startswith("接着投“示例另一项”。")
    second = code_in(phone.says("确认"))
    assert ballots() == [(first, (1, 4)), (second, (2,))]


def test_the_question_can_be_left(phone: Phone) -> None:
    make_poll()
    make_poll("other")
    phone.says("聊天投票")

    assert phone.says("取消").startswith("已停止，没有投票")
    assert phone.says("1").startswith(HELP)
    assert drafts() == 0


def test_whoever_writes_follows(phone: Phone) -> None:
    make_poll(followers_only=True)

    assert ballots_after(phone, "聊天投票", "1", "确认") == [(1,)]


def test_a_message_from_before_they_left_is_not_a_followers(phone: Phone) -> None:
    make_poll(followers_only=True)
    phone.pushes(event_xml("unsubscribe", "", openid=VOTER, at=phone.platform.now + 60))

    assert phone.says("聊天投票", "1", "确认").startswith("这项投票只收关注者的票。请先关注本公众号")
    assert phone.pushes(phone.written("确认", at=61)).startswith("投票成功")


def test_too_many_tries_are_slowed_down_and_nothing_is_lost(phone: Phone) -> None:
    make_poll()
    phone.says("聊天投票", "1")
    gate, paper = Gate(keyvalue(), limits_in_force()), votes_parts().shelf.get("demo")
    assert paper.voter_key is not None
    tag = voter_tag(paper.voter_key, VOTER)
    tries = [Try(str(paper.poll_id), 0, tag, f"another-nonce-{place}", None) for place in range(20)]
    assert {decision.passage for decision in gate.admit_all(tries)} == {Passage.PASS}

    told = phone.says("确认")

    assert re.fullmatch(r"操作太快了，请过\d+秒再回复“确认”。您选的都还在。", told)
    assert (ballots(), drafts()) == ([], 1)


def test_other_words_are_answered_while_somebody_votes(phone: Phone) -> None:
    make_poll()
    phone.says("聊天投票", "1")

    assert phone.says("结果").startswith("“示例网上评议”\nhttp://vote.example/polls/demo/results")
    assert phone.says("查票").startswith("请回复“查票”和回执编号")
    assert phone.says("查票 K7QX-3M9T-P2VA").startswith("没有找到回执")
    assert phone.says("帮助").startswith(HELP)
    assert phone.says("投票").startswith("“示例网上评议”正在投票")
    assert ballots_after(phone, "确认") == [(1,)]


@pytest.mark.parametrize("said", ["3", "3 5 12", "加 7", "看看", "名单", "重来", "取消", "好的"])
def test_whoever_is_not_voting_is_not_taken_for_it(phone: Phone, said: str) -> None:
    make_poll()

    assert phone.says(said).startswith(HELP)
    assert drafts() == 0


def test_confirming_without_having_chosen(phone: Phone) -> None:
    assert phone.says("确认").startswith(HELP)
    make_poll()
    assert phone.says("确认") == "您还没有在聊天里选人。要投票，请回复“聊天投票”。"


def test_the_menu_may_begin_a_vote_and_nothing_else_of_it(phone: Phone) -> None:
    make_poll()

    assert phone.presses("聊天投票").startswith("在聊天里投票：")
    assert phone.presses("1").startswith(HELP)
    assert phone.says("1").startswith("您选了1个：")


def test_after_half_an_hour_what_is_not_about_the_vote_is_nobodys(phone: Phone, database_clock: DatabaseClock) -> None:
    make_poll()
    assert phone.says("聊天投票", "今天天气怎么样").startswith("没看明白。")
    database_clock.advance(timedelta(minutes=31))

    assert phone.says("今天天气怎么样").startswith(HELP)
    assert phone.says("1").startswith("您选了1个：")


def test_after_twelve_hours_what_was_chosen_is_gone(phone: Phone, database_clock: DatabaseClock) -> None:
    make_poll(closes_in=timedelta(days=3))
    phone.says("聊天投票", "1")
    database_clock.advance(11 * HOUR)
    assert phone.says("看看").startswith("您选了1个：")
    database_clock.advance(13 * HOUR)

    assert under_way(VOTER) == ()
    assert drop_expired() == 1
    assert phone.says("看看").startswith(HELP)
    assert phone.says("聊天投票").startswith("在聊天里投票：")


def test_what_is_chosen_rests_unreadable(phone: Phone) -> None:
    make_poll()
    phone.says("聊天投票", "1 4")

    with transaction() as session:
        row = session.execute(text("SELECT * FROM chat_ballot")).one()
    nonce = "nonce"
    for value in row:
        if isinstance(value, bytes):
            assert VOTER.encode() not in value
            assert nonce.encode() not in value
    assert sum(isinstance(value, bytes) for value in row) == 2


def test_whoever_leaves_the_account_is_forgotten(phone: Phone) -> None:
    make_poll()
    phone.says("聊天投票", "1")

    phone.leaves()

    assert drafts() == 0


def test_whoever_has_everything_deleted_is_shown_it_before_and_forgotten(phone: Phone) -> None:
    make_poll()
    phone.says("聊天投票", "1")
    voter = Voter(VOTER, snapshot=False)

    assert [line.words for line in chat_part(voter).lines] == ["示例网上评议"]
    forget_voter(VOTER)
    assert (chat_part(voter).lines, drafts()) == ((), 0)


def test_a_sheet_is_read_once_and_again_when_the_paper_changes(app: Flask, phone: Phone) -> None:
    poll_id = make_poll()
    phone.says("聊天投票", "名单")
    shelf = app.extensions[EXTENSION]
    kept = dict(shelf._sheets)

    phone.says("1", "名单")
    assert shelf._sheets == kept
    withdraw(poll_id, 2)
    assert "2 示例002（已退出，不能选）" in phone.says("名单")


def ballots_after(phone: Phone, *said: str) -> list[tuple[int, ...]]:
    """Return the choices in the ledger after somebody said this."""
    phone.says(*said)
    return [choices for _, choices in ballots()]


@contextmanager
def fails_to_commit() -> Iterator[None]:
    """Have the transactions of pushes fail at their end; the ledger has a connection of its own."""

    def fail(_session: object) -> None:
        if threading.current_thread().name.startswith("push"):
            raise RuntimeError("the process lost its database")

    event.listen(db.session, "before_commit", fail)
    try:
        yield
    finally:
        event.remove(db.session, "before_commit", fail)


def impatient_committer(connections: Connections) -> Committer:
    """Return a committer whose callers wait a moment only."""

    def connect() -> psycopg.Connection:
        return psycopg.connect(libpq_url(connections.database_url), autocommit=True)

    return Committer(connect, lambda *_: None, patience=0.2)
