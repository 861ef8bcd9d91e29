"""What supervisors see of a poll, step by step, and what keeps it from being certified."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from foundation.errors import Conflict
from staff.actors import Actor
from staff.roles import Role
from staff.supervision.opinions import answer_opinion, raise_opinion, refuse_while_objected
from staff.supervision.witnessing import (
    Facts,
    Standing,
    current_subjects,
    find_subject,
    leave_mark,
    witness_sheets,
)
from tests.conftest import DatabaseClock
from tests.factories import BOTH, CLERK, fill_ledger, make_poll
from tests.staff.factories_staff import actor_of, make_staff
from tests.votes.factories_polls import NOON, SETTINGS, WEEK, add_ballots, make_ready, poll_of
from votes.numbering import drain
from votes.ordering import drawn_key
from votes.polls import close_due_polls, close_poll, edit_poll, open_poll
from votes.readiness import Concern, Readiness
from votes.witnessing import certification_readiness, poll_witnesses

DRAWN = replace(SETTINGS, candidate_order="drawn", draw_seed="2017-0419")
"""The two organisations 1 and 2, the three persons 3, 4 and 5, in the order of a draw."""


@pytest.fixture(autouse=True)
def _days_before(app: Flask, database_clock: DatabaseClock) -> Iterator[None]:
    database_clock.set(NOON - timedelta(days=2))
    with app.test_request_context():
        yield


@pytest.fixture
def supervisor(app: Flask) -> Actor:
    return actor_of(make_staff("jiandu", "示例监督员", Role.SUPERVISOR))


def steps(slug: str = "demo") -> dict[str, tuple[Standing, Facts]]:
    return {step.name: (step.standing, step.facts) for step in poll_witnesses(slug).steps}


def test_a_draft_has_nothing_to_witness_yet(app: Flask) -> None:
    make_ready()
    assert steps() == {"opening": (Standing.LATER, ()), "close": (Standing.LATER, ())}


def test_an_approved_opening_is_about_to_be_and_happens_at_its_time(app: Flask, database_clock: DatabaseClock) -> None:
    make_ready()
    open_poll("demo", BOTH)
    facts = (
        ("批准开启", "2017年4月17日 12:00"),
        ("开始时间", "2017年4月19日 12:00"),
        ("结束时间", "2017年4月26日 12:00"),
        ("示例组织奖", "2名候选对象"),
        ("示例党员奖", "3名候选对象"),
    )
    assert steps() == {"opening": (Standing.COMING, facts), "close": (Standing.LATER, ())}

    database_clock.set(NOON + timedelta(minutes=1))
    assert steps()["opening"] == (Standing.HAPPENED, facts)


def test_the_draw_is_witnessed_with_its_seed_and_what_came_of_it(app: Flask, supervisor: Actor) -> None:
    make_ready(settings=DRAWN)
    drawn = sorted((3, 4, 5), key=lambda number: drawn_key("2017-0419", number))
    standing, facts = steps()["draw"]
    assert standing is Standing.HAPPENED
    assert facts[0] == ("抽签号码", "2017-0419")
    assert facts[2] == ("示例党员奖的排列", "、".join(map(str, drawn)))

    draw = next(step for step in poll_witnesses("demo").steps if step.name == "draw")
    leave_mark("poll", "demo", "draw", supervisor, digest=draw.digest)
    edit_poll("demo", replace(DRAWN, draw_seed="2017-0420"), CLERK)
    draw = next(step for step in poll_witnesses("demo").steps if step.name == "draw")
    assert ([mark.holds for mark in draw.marks], draw.witnessed) == ([False], False)


def test_without_a_seed_the_draw_is_still_to_come(app: Flask) -> None:
    make_ready(settings=replace(DRAWN, draw_seed=None))
    assert steps()["draw"] == (Standing.LATER, ())


def test_only_the_first_of_a_long_draw_are_read_out(app: Flask) -> None:
    make_poll(awards=(("示例奖", 12, 3),), candidate_order="drawn", draw_seed="7")
    order = sorted(range(1, 13), key=lambda number: drawn_key("7", number))
    assert steps()["draw"][1] == (
        ("抽签号码", "7"),
        ("示例奖的排列", "、".join(map(str, order[:10])) + "……共12名"),
    )


def test_the_close_is_witnessed_once_every_ballot_has_its_number(app: Flask, database_clock: DatabaseClock) -> None:
    make_ready()
    open_poll("demo", BOTH)
    database_clock.set(NOON + timedelta(hours=1))
    add_ballots("demo", (1, 3), (2, 4))
    planned = ("原定结束", "2017年4月26日 12:00")
    assert steps()["close"] == (Standing.COMING, (planned, ("目前选票", "0张")))

    database_clock.set(NOON + WEEK)
    assert steps()["close"][0] is Standing.COMING
    drain(poll_of().id)
    counted = (
        Standing.HAPPENED,
        (planned, ("实际结束", "2017年4月26日 12:00"), ("账本里的选票", "2张，全部已编号")),
    )
    assert steps()["close"] == counted
    close_due_polls()
    assert steps()["close"] == counted


def test_an_early_end_is_told_with_what_was_planned(app: Flask, database_clock: DatabaseClock) -> None:
    make_ready()
    open_poll("demo", BOTH)
    database_clock.set(NOON + timedelta(days=1))
    close_poll("demo", "示例：提前结束", BOTH)
    assert steps()["close"][1][:2] == (("原定结束", "2017年4月26日 12:00"), ("实际结束", "2017年4月20日 12:00"))


def test_a_poll_that_ended_before_it_began_was_never_opened(app: Flask) -> None:
    make_ready()
    open_poll("demo", BOTH)
    close_poll("demo", "示例：不再举行", BOTH)
    assert list(steps()) == ["close"]


def test_certified_polls_are_subjects_of_opinions_but_take_no_marks(app: Flask) -> None:
    make_poll("past", state="certified")
    make_poll("running")
    assert [subject.key for subject in current_subjects() if subject.kind == "poll"] == ["running", "past"]
    assert [sheet.subject.key for sheet in witness_sheets() if sheet.subject.kind == "poll"] == ["running"]
    assert poll_witnesses("past").waiting == ()
    assert not any(step.takes_marks for step in poll_witnesses("past").steps)


def test_an_unanswered_opinion_keeps_a_poll_from_being_certified(app: Flask, supervisor: Actor) -> None:
    make_poll(state="closed", closes_in=timedelta(hours=-1), opens_in=timedelta(days=-3))
    unseen = Concern("supervision", "开启、结束还没有监督员见证。")
    assert certification_readiness("demo") == Readiness((), (unseen,))

    key = raise_opinion(find_subject("poll", "demo"), "请说明昨夜的停机。", supervisor)
    unanswered = Concern("supervision", "还有1条监督意见没有答复。")
    assert certification_readiness("demo") == Readiness((unanswered,), (unseen,))
    with pytest.raises(Conflict, match="还有1条监督意见没有答复"):
        refuse_while_objected("poll", "demo")

    answer_opinion(key, "系统升级，账本完好。", actor_of(make_staff()))
    for step in poll_witnesses("demo").steps:
        leave_mark("poll", "demo", step.name, supervisor, digest=step.digest)
    assert certification_readiness("demo") == Readiness((), ())
    refuse_while_objected("poll", "demo")


def test_counting_ballots_asks_the_head_and_not_the_ledger(app: Flask) -> None:
    poll = make_poll(
        state="closed", awards=(("示例奖", 7, 7),), opens_in=timedelta(days=-3), closes_in=timedelta(hours=-1)
    )
    fill_ledger(poll, 1_234)
    assert steps()["close"][1][-1] == ("账本里的选票", "1,234张，全部已编号")
