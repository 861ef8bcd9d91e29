"""What supervision puts on whose desk."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from staff.actors import Actor
from staff.roles import Role
from staff.supervision.alarms import acknowledge, list_alarms, raise_alarm
from staff.supervision.desk import desk_items
from staff.supervision.opinions import answer_opinion, raise_opinion
from staff.supervision.witnessing import find_subject, leave_mark, witness_sheet
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import actor_of, make_staff
from tests.staff.supervision.conftest import Orchard

WEDNESDAY = datetime(2017, 4, 19, 4, tzinfo=UTC)
FRIDAY_AFTER = datetime(2017, 4, 28, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _wednesday(app: Flask, database_clock: DatabaseClock) -> Iterator[None]:
    database_clock.set(WEDNESDAY)
    with app.test_request_context():
        yield


def on_the_desk(actor: Actor) -> list[tuple[str, str, str]]:
    return [(item.kind, item.text, item.button) for item in desk_items(actor)]


def test_a_step_that_happened_waits_for_the_supervisor_alone(orchard: Orchard, supervisor: Actor, clerk: Actor) -> None:
    assert on_the_desk(supervisor) == [("due", "“示例苹果树”栽种等待见证", "去见证")]
    assert on_the_desk(clerk) == []

    digest = witness_sheet("tree", "apple").steps[0].digest
    leave_mark("tree", "apple", "planting", supervisor, digest=digest)
    assert on_the_desk(supervisor) == []


def test_an_opinion_lies_with_whoever_has_the_next_turn(
    orchard: Orchard, supervisor: Actor, clerk: Actor, administrator: Actor
) -> None:
    leader = actor_of(make_staff("lingdao", "示例部领导", Role.LEADER))
    orchard.finish("apple")
    key = raise_opinion(find_subject("tree", "apple"), "太浅。", supervisor)
    waiting = [("due", "“示例苹果树”的监督意见等待答复", "答复")]
    assert [on_the_desk(actor) for actor in (clerk, leader, supervisor, administrator)] == [waiting, waiting, [], []]

    answer_opinion(key, "办了。", clerk)
    answered = [("due", "“示例苹果树”的监督意见已答复，等您了结", "核对")]
    assert [on_the_desk(actor) for actor in (clerk, leader, supervisor)] == [[], [], answered]


def test_an_overdue_answer_is_urgent_for_all_three(
    supervisor: Actor, clerk: Actor, database_clock: DatabaseClock
) -> None:
    raise_opinion(None, "请规范登记。", supervisor)
    database_clock.set(FRIDAY_AFTER)
    assert [on_the_desk(actor) for actor in (clerk, supervisor)] == [
        [("urgent", "监督意见超期没有答复", "答复")],
        [("urgent", "监督意见超期没有答复", "查看")],
    ]


def test_many_opinions_are_told_in_one_line_more(supervisor: Actor, clerk: Actor) -> None:
    for number in range(8):
        raise_opinion(None, f"第{number}条。", supervisor)
    assert on_the_desk(clerk)[4:] == [
        ("due", "监督意见等待答复", "答复"),
        ("due", "另有3条监督意见没有办结", "查看"),
    ]


def test_alarms_press_the_supervisor_and_are_told_to_the_administrator(
    supervisor: Actor, administrator: Actor, clerk: Actor
) -> None:
    for about in ("jingban", "kezhang"):
        raise_alarm("lock_out", "有账号暂停登录。", about)
    assert [on_the_desk(actor) for actor in (supervisor, administrator, clerk)] == [
        [("urgent", "2条告警等您确认", "查看")],
        [("due", "2条告警还没有确认", "查看")],
        [],
    ]
    for line in list_alarms().lines:
        acknowledge(line.key, "", supervisor)
    assert on_the_desk(supervisor) == []


@pytest.mark.parametrize("role", [Role.UNIT, Role.INVESTIGATOR])
def test_outsiders_hear_nothing_of_it(orchard: Orchard, supervisor: Actor, role: Role) -> None:
    raise_opinion(None, "请规范登记。", supervisor)
    raise_alarm("lock_out", "有账号暂停登录。")
    assert desk_items(actor_of(make_staff("danwei", "示例单位", role, "示例县委"))) == ()
