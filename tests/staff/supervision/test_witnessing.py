"""A supervisor's word on what happened: given once, for the facts as they were shown."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.actors import COMMAND_LINE, Actor
from staff.supervision.witnessing import (
    Standing,
    StepSheet,
    Subject,
    current_subjects,
    digest_of,
    find_subject,
    leave_mark,
    witness_sheet,
    witness_sheets,
)
from tests.staff.factories_staff import recorded
from tests.staff.supervision.conftest import Orchard

DEEPER = (("树坑", "两米深"), ("树苗", "一株"))


def step(name: str = "planting") -> StepSheet:
    return next(step for step in witness_sheet("tree", "apple").steps if step.name == name)


def mark(actor: Actor, remark: str = "", name: str = "planting") -> None:
    leave_mark("tree", "apple", name, actor, digest=step(name).digest, remark=remark)


def test_a_room_offers_its_matters_as_subjects(orchard: Orchard) -> None:
    apple = Subject("tree", "apple", "示例苹果树", "/console/orchard/apple")
    assert apple in current_subjects()
    assert find_subject("tree", "apple") == apple
    assert [find_subject("tree", "pear"), find_subject("stone", "apple")] == [None, None]


def test_what_happened_and_nobody_witnessed_waits(orchard: Orchard, supervisor: Actor) -> None:
    (sheet,) = [sheet for sheet in witness_sheets() if sheet.subject.kind == "tree"]
    assert [(one.words, one.standing, one.takes_marks) for one in sheet.steps] == [
        ("栽种", Standing.HAPPENED, True),
        ("砍伐", Standing.COMING, False),
    ]
    assert [one.words for one in sheet.waiting] == ["栽种"]
    mark(supervisor)
    assert witness_sheet("tree", "apple").waiting == ()


def test_a_mark_says_who_when_and_what_was_shown(orchard: Orchard, supervisor: Actor, other_supervisor: Actor) -> None:
    mark(supervisor)
    mark(other_supervisor, " 树坑偏浅。 ")

    assert [(one.person, one.remark, one.facts, one.holds) for one in step().marks] == [
        ("示例监督员", "", (("树坑", "一米深"), ("树苗", "一株")), True),
        ("示例监督员二", "树坑偏浅。", (("树坑", "一米深"), ("树苗", "一株")), True),
    ]
    assert recorded() == [
        ("jiandu", "supervision.witness", "栽种：示例苹果树（apple）", "done"),
        ("jiandu2", "supervision.witness", "栽种：示例苹果树（apple）", "done"),
    ]


def test_one_word_per_person_and_step(orchard: Orchard, supervisor: Actor, other_supervisor: Actor) -> None:
    mark(supervisor)
    with pytest.raises(Conflict, match="已经见证过"):
        mark(supervisor, "再说一次。")
    assert len(step().marks) == 1
    assert [step().awaits(supervisor), step().awaits(other_supervisor)] == [False, True]


def test_a_mark_does_not_hold_for_other_facts(orchard: Orchard, supervisor: Actor) -> None:
    mark(supervisor)
    orchard.change("apple", "planting", DEEPER)

    assert [(one.facts[0][1], one.holds) for one in step().marks] == [("一米深", False)]
    assert (step().witnessed, step().awaits(supervisor)) == (False, True)
    mark(supervisor)
    assert [(one.facts[0][1], one.holds) for one in step().marks] == [("一米深", False), ("两米深", True)]


def test_nobody_witnesses_what_changed_while_they_read(orchard: Orchard, supervisor: Actor) -> None:
    shown = step().digest
    orchard.change("apple", "planting", DEEPER)
    with pytest.raises(Conflict, match="有了变动"):
        leave_mark("tree", "apple", "planting", supervisor, digest=shown)
    assert step().marks == ()


def test_what_has_not_happened_is_not_witnessed(orchard: Orchard, supervisor: Actor) -> None:
    with pytest.raises(Conflict, match="还没有发生"):
        mark(supervisor, name="felling")


def test_what_is_finished_takes_no_more_marks(orchard: Orchard, supervisor: Actor) -> None:
    orchard.finish("apple")
    with pytest.raises(Conflict, match="不再补见证"):
        mark(supervisor)
    assert [sheet for sheet in witness_sheets() if sheet.subject.kind == "tree"] == []


@pytest.mark.parametrize(("kind", "key", "name"), [("tree", "pear", "planting"), ("stone", "apple", "planting")])
def test_what_nobody_offers_is_not_there(orchard: Orchard, supervisor: Actor, kind: str, key: str, name: str) -> None:
    with pytest.raises(NotFound):
        leave_mark(kind, key, name, supervisor, digest=digest_of(()))


def test_a_step_that_the_matter_does_not_have_is_not_there(orchard: Orchard, supervisor: Actor) -> None:
    with pytest.raises(NotFound):
        leave_mark("tree", "apple", "watering", supervisor, digest=digest_of(()))


def test_a_command_is_no_witness(orchard: Orchard) -> None:
    with pytest.raises(NotAllowed):
        mark(COMMAND_LINE)


def test_a_long_remark_is_refused_and_nothing_kept(orchard: Orchard, supervisor: Actor) -> None:
    with pytest.raises(InvalidInput) as refused:
        mark(supervisor, "长" * 501)
    assert (refused.value.field, step().marks, recorded()) == ("remark", (), [])


@pytest.mark.parametrize("statement", ["DELETE FROM witness_mark", "UPDATE witness_mark SET remark = 'other'"])
def test_marks_are_only_added(app: Flask, orchard: Orchard, supervisor: Actor, statement: str) -> None:
    mark(supervisor)
    with pytest.raises(DBAPIError, match=r"permission denied|are only added"), transaction() as session:
        session.execute(text(statement))
    assert len(step().marks) == 1
