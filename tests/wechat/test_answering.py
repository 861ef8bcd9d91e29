"""The platform is answered in time whatever happens behind, and what was promised comes true once."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import func, select, text
from structlog.testing import capture_logs

from foundation.database import libpq_url
from foundation.embedded.servers import Connections
from foundation.errors import Conflict
from foundation.queues import queue
from foundation.transaction import transaction
from staff.actors import SYSTEM
from staff.audit import record
from staff.audit.models import AuditEntry
from staff.personal.running import run_daily
from tests.conftest import DatabaseClock, make_settings
from tests.wechat.conftest import World
from tests.wechat.factories_wechat import Platform, event_xml, fields_of, text_xml
from tests.wechat.late import await_rings, finish_late_pushes, said_to, work
from wechat.account import Account
from wechat.answering import HANDLED_AT_ONCE
from wechat.callback import NOTHING_TO_SAY
from wechat.inbox import Handler, Push, TextReply
from wechat.jobs import finish_push, look_after_promises
from wechat.late_answers import promise, take_due
from wechat.messages import parse_xml, read_push
from wechat.models import LatePush


@dataclass
class Slow:
    """A handler that has an effect and answers once it may go on; the first `fails` times it raises after that."""

    go_on: threading.Event = field(default_factory=threading.Event)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    fails: int = 0

    def __call__(self, push: Push) -> TextReply | None:
        if push.kind != "text":
            return None
        self.entered.release()
        assert self.go_on.wait(30)
        record("example", "counted", SYSTEM)
        if self.fails:
            self.fails -= 1
            raise RuntimeError
        return TextReply(f"答复：{push.text}")


@pytest.fixture
def slow(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """The one handler there is: slower than the platform waits, which here is a twentieth of a second."""
    monkeypatch.setattr("wechat.answering.HANDLED_WITHIN", 0.05)
    handler = Slow()
    world.app.extensions["wechat_handlers"].offered.append(handler)
    yield handler
    handler.go_on.set()


@pytest.fixture
def platform(world: World) -> Platform:
    """The platform besides the sandbox: it can repeat what it pushed, but knows no window to answer in."""
    return Platform(world.app.test_client(), world.app.extensions["wechat_account"], int(time.time()))


def effects() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def promises() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(LatePush)) or 0


def refuse_after(slow: Slow) -> Handler:
    def refuse(push: Push) -> None:
        assert slow.go_on.wait(30)
        record("example", "counted", SYSTEM)
        raise Conflict("投票已经结束。")

    return refuse


def letter(world: World, words: str) -> tuple[Push, bytes]:
    """Return a push of a follower who can be answered."""
    world.phone("jia", "text", content="你好")
    message = text_xml(words, openid=world.openid("jia"), at=int(time.time())).encode()
    return read_push(parse_xml(message)), message


def test_the_answer_follows_in_the_chat_once(world: World, slow: Slow) -> None:
    told = world.phone("jia", "text", content="投票")
    assert (told["push"]["outcome"], told["push"]["fault"], said_to(world, "jia")) == ("success", None, [])
    slow.go_on.set()
    finish_late_pushes()
    assert (said_to(world, "jia"), effects(), promises()) == (["答复：投票"], 1, 0)
    finish_push(1)
    assert (said_to(world, "jia"), effects()) == (["答复：投票"], 1)


def test_repeats_while_it_is_handled_wait_no_longer_than_the_first_and_change_nothing(
    platform: Platform, slow: Slow, world: World
) -> None:
    xml = text_xml("投票", at=platform.now)
    with ThreadPoolExecutor(3) as threads:
        pushes = [
            threads.submit(lambda: Platform(world.app.test_client(), platform.account, platform.now).sealed(xml).text)
            for _ in range(3)
        ]
        assert {push.result(10) for push in pushes} == {NOTHING_TO_SAY}
    assert (effects(), promises()) == (0, 1)
    slow.go_on.set()
    finish_late_pushes()
    assert (effects(), promises()) == (1, 0)
    assert platform.sealed(xml).text == NOTHING_TO_SAY
    assert effects() == 1


def test_an_account_that_may_not_write_in_the_chat_gives_the_answer_to_a_repeat(
    platform: Platform, slow: Slow, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = platform.account
    platform.account = Account(make_settings(wechat_capabilities="sub-unverified"), old.clock)
    monkeypatch.setitem(world.app.extensions, "wechat_account", platform.account)
    xml = text_xml("投票", at=platform.now)
    assert platform.sealed(xml).text == NOTHING_TO_SAY
    slow.go_on.set()
    finish_late_pushes()
    assert [path for path in world.asked if "custom" in path] == []
    assert fields_of(platform.opened(platform.sealed(xml)))["Content"] == "答复：投票"
    assert effects() == 1


def test_what_was_promised_comes_true_though_the_process_died(
    world: World, slow: Slow, database_clock: DatabaseClock
) -> None:
    slow.go_on.set()
    push, message = letter(world, "投票")
    before = effects()
    promise(push, message)
    look_after_promises()
    assert (queue().count, effects()) == (0, before)
    database_clock.advance(timedelta(minutes=1))
    look_after_promises()
    work()
    assert (effects(), promises(), said_to(world, "jia")[-1]) == (before + 1, 0, "答复：投票")


def test_what_failed_late_is_undone_and_done_again(world: World, slow: Slow) -> None:
    slow.fails = 1
    world.phone("jia", "text", content="投票")
    with capture_logs() as lines:
        slow.go_on.set()
        await_rings(1)
    assert [line["kind"] for line in lines if line["event"] == "wechat_late_push_failed"] == ["RuntimeError"]
    assert (effects(), promises()) == (0, 1)
    work()
    assert (effects(), promises(), said_to(world, "jia")) == (1, 0, ["答复：投票"])


def test_what_is_refused_late_is_said_all_the_same(world: World, slow: Slow) -> None:
    world.app.extensions["wechat_handlers"].offered.insert(0, refuse_after(slow))
    world.phone("jia", "text", content="投票")
    slow.go_on.set()
    finish_late_pushes()
    assert (said_to(world, "jia"), effects()) == (["投票已经结束。"], 0)


def test_whoever_left_meanwhile_hears_nothing(world: World, slow: Slow) -> None:
    world.phone("jia", "text", content="投票")
    assert slow.entered.acquire(timeout=10)
    world.phone("jia", "unfollow")
    slow.go_on.set()
    finish_late_pushes()
    assert (effects(), promises()) == (1, 0)
    assert [path for path in world.asked if "custom" in path] == []


def test_an_answer_that_the_platform_does_not_take_is_given_up(platform: Platform, slow: Slow) -> None:
    platform.sealed(text_xml("投票", at=platform.now))
    with capture_logs() as lines:
        slow.go_on.set()
        finish_late_pushes()
    assert [line["errcode"] for line in lines if line["event"] == "wechat_late_answer_not_sent"] != []
    assert (effects(), promises()) == (1, 0)


def test_while_every_thread_waits_for_somebody_nobody_waits_for_a_thread(
    platform: Platform, slow: Slow, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(HANDLED_AT_ONCE):
        platform.sealed(text_xml(f"第{number}条", at=platform.now))
        assert slow.entered.acquire(timeout=10)
    monkeypatch.setattr("wechat.answering.STUCK_SECONDS", 0.0)
    monkeypatch.setattr("wechat.answering.HANDLED_WITHIN", 60)
    assert platform.sealed(text_xml("还有一条", at=platform.now)).text == NOTHING_TO_SAY
    slow.go_on.set()
    finish_late_pushes(HANDLED_AT_ONCE + 1)
    assert (effects(), promises()) == (HANDLED_AT_ONCE + 1, 0)


def test_where_nothing_can_be_promised_the_platform_has_to_ask_again(
    platform: Platform, slow: Slow, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wechat.answering.PROMISED_WITHIN", 0.05)
    xml = text_xml("投票", at=platform.now)
    with psycopg.connect(libpq_url(connections.owner_url)) as busy:
        busy.execute("LOCK TABLE late_push")
        response = platform.sealed(xml)
        assert (response.status_code, response.text) == (503, "")
        busy.rollback()
    slow.go_on.set()
    finish_late_pushes()
    assert (effects(), promises()) == (1, 0)
    assert platform.sealed(xml).text == NOTHING_TO_SAY
    assert effects() == 1


def test_looks_come_at_longer_intervals(world: World, database_clock: DatabaseClock) -> None:
    push, message = letter(world, "投票")
    number = promise(push, message)
    seen = []
    for minute in range(1, 33):
        database_clock.advance(timedelta(minutes=1, milliseconds=10))
        seen += [minute for due in take_due() if due == number]
    assert seen == [1, 2, 4, 8, 16, 32]


def test_a_promise_that_cannot_be_kept_within_a_day_is_dropped(world: World, database_clock: DatabaseClock) -> None:
    promise(*letter(world, "投票"))
    database_clock.advance(timedelta(hours=23))
    promise(*letter(world, "结果"))
    database_clock.advance(timedelta(hours=2))
    run_daily()
    assert promises() == 1


def test_a_promise_at_rest_names_nobody(world: World) -> None:
    push, message = letter(world, "投票 3")
    promise(push, message)
    with transaction() as session:
        row = session.execute(text("SELECT identity, message FROM late_push")).one()
    kept = b"".join(bytes(part) for part in row)
    assert (push.openid.encode() in kept, "投票".encode() in kept) == (False, False)


@pytest.mark.parametrize("event", ["unsubscribe", "MASSSENDJOBFINISH"])
def test_events_that_nobody_reads_an_answer_to_are_finished_silently(
    platform: Platform, world: World, slow: Slow, event: str
) -> None:
    def hold(push: Push) -> None:
        assert slow.go_on.wait(30)

    world.app.extensions["wechat_handlers"].offered.insert(0, hold)
    assert platform.sealed(event_xml(event, "", at=platform.now)).text == NOTHING_TO_SAY
    slow.go_on.set()
    finish_late_pushes()
    assert promises() == 0
    assert [path for path in world.asked if "custom" in path] == []
