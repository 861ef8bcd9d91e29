"""People at a push under way: it rests, goes on, ends, and what can be is sent again; each time the trail says who."""

from collections.abc import Callable

import pytest

from foundation.errors import Conflict, NotFound
from foundation.ids import random_id
from publicity.pushes.control import cancel, pause, resume, retry
from publicity.pushes.jobs import start_push
from publicity.pushes.progress import push_progress
from publicity.pushes.sweeping import sweep
from staff.actors import Actor
from tests.publicity.factories_pushes import (
    CONTENTS,
    add_version,
    make_followers,
    make_push,
    push_of,
    states_of,
    work,
)
from tests.staff.factories_staff import actor_of, make_staff, recorded
from tests.wechat.sending.conftest import Platform

SEND = "message/template/send"
PEOPLE = ("jia", "yi", "bing", "ding")


@pytest.fixture
def clerk(platform: Platform) -> Actor:
    return actor_of(make_staff("kezhang", "示例科长"))


@pytest.fixture
def planned(platform: Platform) -> str:
    """A push that was planned, and of which nothing was sent yet."""
    make_followers([platform.openid(person) for person in PEOPLE])
    content = {**CONTENTS["template"], "template_id": platform.template("公示：{{thing1.DATA}}")}
    key = make_push("template", content=content)
    start_push(key)
    return key


def seen(platform: Platform) -> int:
    platform.finish_jobs()
    return sum(len(platform.seen(person, "template")) for person in PEOPLE)


def go_on() -> None:
    sweep()
    work()


def test_a_push_rests_and_goes_on(platform: Platform, planned: str, clerk: Actor) -> None:
    pause(planned, clerk)
    work()
    go_on()
    assert (push_of(planned).state, states_of(planned), platform.asked(SEND)) == ("paused", {"waiting": 4}, 0)
    resume(planned, clerk)
    work()
    assert (push_of(planned).state, seen(platform)) == ("finished", 4)
    assert recorded() == [("kezhang", "pushes.control", "示例公示（模板消息）", "done")] * 2


def test_a_push_that_is_cancelled_sends_nothing_more(platform: Platform, planned: str, clerk: Actor) -> None:
    cancel(planned, clerk)
    work()
    go_on()
    assert (push_of(planned).state, states_of(planned), seen(platform)) == ("cancelled", {"cancelled": 4}, 0)
    progress = push_progress(planned)
    assert (progress.total, progress.waiting, progress.errors) == (4, 4, ())


def test_one_that_has_not_begun_is_cancelled_too(platform: Platform, clerk: Actor) -> None:
    key = make_push("mass")
    cancel(key, clerk)
    start_push(key)
    go_on()
    assert (push_of(key).state, platform.asked("message/mass/sendall")) == ("cancelled", 0)


def test_what_failed_and_may_succeed_is_sent_again(platform: Platform, planned: str, clerk: Actor) -> None:
    platform.fault("errcode", SEND, errcode=50002, errmsg="user limited")
    platform.fault("errcode", SEND, errcode=43019, errmsg="require remove blacklist")
    work()
    assert states_of(planned)["failed"] == states_of(planned)["blocked"] == 1
    assert retry(planned, clerk) == 1
    work()
    assert (push_of(planned).state, seen(platform)) == ("finished", 3)
    with pytest.raises(Conflict, match="没有可以重发的"):
        retry(planned, clerk)


def test_what_nobody_knows_is_repeated_only_on_somebodys_word(platform: Platform, planned: str, clerk: Actor) -> None:
    platform.fault("reset_before", SEND)
    work()
    platform.later(minutes=9)
    go_on()
    assert states_of(planned)["unknown"] == 1
    with pytest.raises(Conflict):
        retry(planned, clerk)
    assert retry(planned, clerk, unknown_too=True) == 1
    work()
    assert (push_of(planned).state, seen(platform)) == ("finished", 4)


def test_a_push_that_rested_by_itself_is_let_go_on_by_hand(platform: Platform, planned: str, clerk: Actor) -> None:
    platform.fault("reset_before", SEND, count=3)
    work()
    assert push_of(planned).resumes_at is not None
    platform.later(seconds=10)
    resume(planned, clerk)
    work()
    assert (push_of(planned).state, push_of(planned).resumes_at, seen(platform)) == ("finished", None, 4)


def test_a_push_that_rested_by_itself_does_not_go_on_with_an_outdated_notice(platform: Platform, planned: str) -> None:
    platform.fault("reset_before", SEND, count=3)
    work()
    add_version(push_of(planned).notice_id, 2)
    platform.later(minutes=2)
    go_on()
    push = push_of(planned)
    assert (push.state, push.resumes_at, "新的版本" in push.error, seen(platform)) == ("failed", None, True, 0)


def test_a_changed_notice_is_not_sent_on(platform: Platform, planned: str, clerk: Actor) -> None:
    pause(planned, clerk)
    add_version(push_of(planned).notice_id, 2)
    with pytest.raises(Conflict, match="新的版本"):
        resume(planned, clerk)
    assert push_of(planned).state == "paused"


def test_what_lies_with_the_platform_is_not_stopped(platform: Platform, clerk: Actor) -> None:
    key = make_push("mass", state="running")
    for stop in (pause, cancel):
        with pytest.raises(Conflict, match="统一发出"):
            stop(key, clerk)
    resting = make_push("mass", state="paused", error="示例原因")
    cancel(resting, clerk)
    assert push_of(resting).state == "cancelled"


@pytest.mark.parametrize(
    ("act", "state"),
    [(pause, "paused"), (resume, "running"), (cancel, "finished"), (retry, "running"), (retry, "failed")],
)
def test_what_makes_no_sense_is_refused_and_leaves_no_trace(
    platform: Platform, clerk: Actor, act: Callable[[str, Actor], object], state: str
) -> None:
    key = make_push("template", state=state)
    with pytest.raises(Conflict):
        act(key, clerk)
    with pytest.raises(NotFound):
        act(random_id(), clerk)
    assert (push_of(key).state, recorded()) == (state, [])
