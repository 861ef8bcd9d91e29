"""A push of template messages: every follower is reached once, whatever the platform says meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from foundation.transaction import transaction
from publicity.pushes import sending
from publicity.pushes.channels import Channel
from publicity.pushes.jobs import start_push
from publicity.pushes.ledger import Answered, claim, take_turn
from publicity.pushes.models import Delivery
from publicity.pushes.news import note_template_event
from publicity.pushes.outcomes import Outcome
from publicity.pushes.progress import push_progress
from publicity.pushes.sweeping import sweep
from tests.publicity.factories_pushes import (
    CONTENTS,
    add_version,
    make_followers,
    make_push,
    push_of,
    states_of,
    work,
)
from tests.wechat.sending.conftest import Platform
from wechat.account import current_account
from wechat.job_events import TemplateSent
from wechat.messages import Push
from wechat.sending.models import EarlyEnding, RecipientMark, SendingJob

SEND = "message/template/send"
PEOPLE = ("jia", "yi", "bing", "ding")
Made = Callable[..., str]


@pytest.fixture
def approved(platform: Platform) -> Made:
    """Make an approved push to the platform's four followers."""
    make_followers([platform.openid(person) for person in PEOPLE])
    template = platform.template("公示：{{thing1.DATA}}")
    content = {**CONTENTS["template"], "template_id": template}

    def make(**changes: Any) -> str:
        return make_push("template", content=content, **changes)

    return make


def send(key: str) -> None:
    start_push(key)
    work()


def go_on() -> None:
    sweep()
    work()


def seen(platform: Platform) -> list[int]:
    """Count what each of the four followers saw."""
    platform.finish_jobs()
    return [len(platform.seen(person, "template")) for person in PEOPLE]


def test_every_follower_gets_it_once_and_the_events_tell_that_it_arrived(platform: Platform, approved: Made) -> None:
    key = approved()
    send(key)
    assert seen(platform) == [1, 1, 1, 1]
    push = push_of(key)
    assert (push.state, push.total, push.planned_at is not None) == ("finished", 4, True)
    assert states_of(key) == {"delivered": 4}
    [line] = platform.seen("jia", "template")
    assert line["links"] == [f"{platform.world.site}/notices/示例"]
    with transaction() as session:
        kept = [session.scalar(select(func.count()).select_from(table)) for table in (SendingJob, EarlyEnding)]
    assert kept == [0, 0]


def test_a_push_that_is_started_again_sends_nothing_again(platform: Platform, approved: Made) -> None:
    key = approved()
    start_push(key)
    start_push(key)
    work()
    send(key)
    go_on()
    assert (seen(platform), platform.asked(SEND)) == ([1, 1, 1, 1], 4)


def test_a_push_waits_for_its_time(platform: Platform, approved: Made) -> None:
    key = approved(starts_at=datetime.now(UTC) + timedelta(hours=1))
    send(key)
    go_on()
    assert (push_of(key).state, platform.asked(SEND)) == ("approved", 0)
    platform.later(hours=1)
    go_on()
    assert (push_of(key).state, seen(platform)) == ("finished", [1, 1, 1, 1])


def test_a_notice_that_changed_since_is_not_pushed(platform: Platform, approved: Made) -> None:
    key = approved()
    add_version(push_of(key).notice_id, 2)
    send(key)
    push = push_of(key)
    assert (push.state, "新的版本" in push.error, platform.asked(SEND)) == ("failed", True, 0)


def test_a_push_to_nobody_says_so(platform: Platform) -> None:
    key = make_push("template")
    send(key)
    assert (push_of(key).state, push_of(key).error) == ("failed", "没有可以发送的人。")


def test_an_account_that_lost_the_right_begins_nothing(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.become("sub-verified-gov")
    send(key)
    assert (push_of(key).state, "模板消息" in push_of(key).error) == ("failed", True)
    assert states_of(key) == {}


def test_an_answer_that_was_lost_brings_no_second_message(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.fault("reset_after", SEND)
    send(key)
    assert states_of(key)["waiting"] == 1
    platform.later(seconds=5)
    go_on()
    assert (seen(platform), platform.asked(SEND)) == ([1, 1, 1, 1], 5)
    assert (states_of(key), push_of(key).state) == ({"delivered": 4}, "finished")


def test_after_nine_minutes_of_doubt_it_stays_unknown(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.fault("reset_before", SEND)
    send(key)
    platform.later(minutes=9)
    go_on()
    assert (sorted(seen(platform)), platform.asked(SEND)) == ([0, 1, 1, 1], 4)
    assert (states_of(key), push_of(key).state) == ({"delivered": 3, "unknown": 1}, "finished")
    assert push_progress(key).errors == ((None, "没有收到微信的应答", 1),)


def test_an_event_ends_the_doubt_where_no_answer_did(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.fault("reset_after", SEND)
    send(key)
    assert seen(platform) == [1, 1, 1, 1]
    platform.later(minutes=9)
    go_on()
    assert (states_of(key), platform.asked(SEND)) == ({"delivered": 4}, 4)


@pytest.mark.parametrize(
    ("errcode", "state", "mark"),
    [(43019, "blocked", ["blocked"]), (43101, "refused", ["refused"]), (43004, "unfollowed", []),
     (40003, "failed", ["unknown"])],
)  # fmt: skip
def test_what_the_platform_says_of_a_person_concerns_no_other(
    platform: Platform, approved: Made, errcode: int, state: str, mark: list[str]
) -> None:
    key = approved()
    platform.fault("errcode", SEND, errcode=errcode, errmsg="no")
    send(key)
    assert sum(seen(platform)) == 3
    assert (states_of(key), push_of(key).state) == ({"delivered": 3, state: 1}, "finished")
    with transaction() as session:
        assert session.scalars(select(RecipientMark.mark)).all() == mark
    again = approved()
    send(again)
    assert sum(seen(platform)) == 6
    assert platform.asked(SEND) == 7


def test_who_switched_messages_off_counts_as_refusing(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.world.phone("jia", "refuse", on="yes")
    send(key)
    assert seen(platform) == [0, 1, 1, 1]
    assert states_of(key) == {"delivered": 3, "refused": 1}


@pytest.mark.parametrize(
    ("errcode", "errmsg", "named"),
    [(40037, "invalid template_id", "模板编号不对"), (47003, "argument invalid! data.thing1.value invalid", "thing1")],
)
def test_a_fault_of_the_template_stops_the_whole_push_at_once(
    platform: Platform, approved: Made, errcode: int, errmsg: str, named: str
) -> None:
    key = approved()
    platform.fault("errcode", SEND, errcode=errcode, errmsg=errmsg, count=9)
    send(key)
    push = push_of(key)
    assert (push.state, named in push.error, platform.asked(SEND)) == ("failed", True, 1)
    assert states_of(key) == {"cancelled": 3, "failed": 1}


def test_a_used_up_day_pauses_the_push_until_the_next(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.fault("daily_quota", SEND)
    send(key)
    push = push_of(key)
    assert (push.state, "明天" in push.error, states_of(key)) == ("paused", True, {"waiting": 4})
    assert push.resumes_at is not None
    assert push.resumes_at.astimezone(UTC).hour == 16
    go_on()
    assert (push_of(key).state, platform.asked(SEND)) == ("paused", 1)
    current_account().client.breaker.clear(SEND)
    platform.later(days=1)
    go_on()
    assert (push_of(key).state, push_of(key).error, seen(platform)) == ("finished", "", [1, 1, 1, 1])


@pytest.mark.parametrize(
    ("fault", "sentence"), [("minute_quota", "太频繁"), ("ip_not_allowed", "IP 白名单"), ("secret_frozen", "AppSecret")]
)
def test_what_passes_or_is_mended_pauses_the_push_for_a_minute(
    platform: Platform, approved: Made, fault: str, sentence: str
) -> None:
    key = approved()
    platform.fault(fault, SEND)
    send(key)
    assert (push_of(key).state, sentence in push_of(key).error) == ("paused", True)
    current_account().client.breaker.clear(SEND)
    platform.later(minutes=2)
    go_on()
    assert (push_of(key).state, seen(platform)) == ("finished", [1, 1, 1, 1])


def test_a_token_that_is_refused_once_is_no_matter(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.fault("token_invalid", SEND)
    send(key)
    assert (push_of(key).state, seen(platform), platform.asked(SEND)) == ("finished", [1, 1, 1, 1], 5)


def test_a_right_that_is_gone_before_the_sending_waits_for_a_person(platform: Platform, approved: Made) -> None:
    key = approved()
    start_push(key)
    platform.become("sub-verified-gov")
    work()
    push = push_of(key)
    assert (push.state, "模板消息" in push.error, states_of(key)) == ("paused", True, {"waiting": 4})


def test_a_right_that_is_taken_away_waits_for_a_person(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.fault("errcode", SEND, errcode=48001, errmsg="api unauthorized")
    send(key)
    push = push_of(key)
    assert (push.state, push.resumes_at, states_of(key)) == ("paused", None, {"waiting": 4})


def test_a_busy_platform_is_asked_again(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.fault("system_error", SEND, count=2)
    send(key)
    for _ in range(3):
        platform.later(seconds=10)
        go_on()
    assert (push_of(key).state, seen(platform)) == ("finished", [1, 1, 1, 1])


def test_a_silent_platform_is_left_alone_for_a_while(platform: Platform, approved: Made) -> None:
    key = approved()
    platform.fault("reset_before", SEND, count=3)
    send(key)
    assert (push_of(key).state, push_of(key).error) == ("paused", sending.SILENT)
    assert (states_of(key), platform.asked(SEND)) == ({"waiting": 4}, 3)
    platform.later(minutes=1)
    go_on()
    assert (push_of(key).state, seen(platform)) == ("finished", [1, 1, 1, 1])


def test_errors_nobody_knows_stop_the_push_before_all_have_them(
    platform: Platform, approved: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "STRANGE", 2)
    monkeypatch.setattr(sending, "HANDS", 1)
    key = approved()
    platform.fault("errcode", SEND, errcode=50002, errmsg="user limited", count=9)
    send(key)
    assert (push_of(key).state, "50002" in push_of(key).error) == ("paused", True)
    assert states_of(key) == {"failed": 2, "waiting": 2}


def test_a_sender_that_died_leaves_nothing_behind_and_doubles_nothing(platform: Platform, approved: Made) -> None:
    key = approved()
    start_push(key)
    push = push_of(key)
    with transaction() as session:
        held = claim(session, push.id, 3)
        left = take_turn(session, Channel.TEMPLATE, [], held[:1])
    assert (states_of(key), left) == ({"sending": 3, "waiting": 1}, frozenset({held[0].id}))
    work()
    assert states_of(key)["sending"] == 3
    platform.later(seconds=61)
    sweep()
    sweep()
    with transaction() as session:
        doubted = session.scalars(select(Delivery.id).where(Delivery.doubted_at.is_not(None))).all()
    assert (doubted, states_of(key)["waiting"]) == ([held[0].id], 3)
    work()
    assert (push_of(key).state, seen(platform)) == ("finished", [1, 1, 1, 1])


def test_whoever_lost_its_lease_neither_sends_nor_marks(platform: Platform, approved: Made) -> None:
    key = approved()
    start_push(key)
    push = push_of(key)
    with transaction() as session:
        slow = claim(session, push.id, 4)
    platform.later(seconds=61)
    sweep()
    with transaction() as session:
        quick = claim(session, push.id, 4)
        answers = [Answered(one, Outcome("sent", number="1")) for one in slow[:2]]
        may_leave = take_turn(session, Channel.TEMPLATE, answers, slow[2:])
    assert ({one.id for one in quick}, {one.tries for one in quick}) == ({one.id for one in slow}, {2})
    assert (may_leave, states_of(key)) == (frozenset(), {"sending": 4})


def test_an_event_that_comes_before_its_answer_counts(platform: Platform, approved: Made) -> None:
    key = approved()
    start_push(key)
    push = push_of(key)
    with transaction() as session:
        [first, second] = claim(session, push.id, 2)
        take_turn(session, Channel.TEMPLATE, [], [first, second])
    for person, number in (("jia", "71"), ("yi", "72")):
        note_template_event(_event(platform.openid(person), number))
    assert states_of(key)["sending"] == 2
    with transaction() as session:
        answers = [Answered(first, Outcome("sent", number="71")), Answered(second, Outcome("sent", number="99"))]
        take_turn(session, Channel.TEMPLATE, answers, [])
    assert states_of(key) == {"delivered": 1, "sent": 1, "waiting": 2}


def test_an_event_of_somebody_elses_message_is_nothing(platform: Platform, approved: Made) -> None:
    key = approved()
    start_push(key)
    note_template_event(_event(platform.openid("jia"), "71"))
    note_template_event(_event("oNobody", "72"))
    with transaction() as session:
        assert session.scalars(select(EarlyEnding.number)).all() == []
    assert states_of(key) == {"waiting": 4}


def _event(openid: str, number: str) -> Push:
    news = TemplateSent(number, "success")
    return Push("event", openid, "gh", datetime.now(UTC), event="TEMPLATESENDJOBFINISH", news=news)
