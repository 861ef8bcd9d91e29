"""Handling: of all sequences of steps by everybody only those the rules allow pass; nothing is rewritten."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from foundation.database import db
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from publicity.notices.subjects import new_subject
from publicity.objections.handling import accept, decline, examine, hand_over, resolve
from publicity.objections.models import Objection, ObjectionStep
from publicity.objections.raising import raise_objection
from publicity.objections.rules import State
from publicity.objections.sheet import objection_sheet
from publicity.objections.summaries import summaries_for
from staff.accounts import disable_member
from staff.actors import SYSTEM, Actor
from staff.audit.models import AuditEntry
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, make_notice, make_office
from tests.publicity.factories_objections import (
    NAME,
    PHONE,
    UNIT,
    as_unit,
    history_of,
    make_objection,
    make_settled,
    state_of,
)
from tests.staff.factories_staff import actor_of, make_staff, recorded

SUMMARY = "经核查，反映的问题不属实。"
Deed = tuple[str, str, str]
"""What is done, by whom, and to whom it is handed where it is."""

DEEDS = ("accept", "decline", "hand_over", "examine", "founded", "unfounded")


@pytest.fixture(autouse=True)
def monday(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(MONDAY)


@dataclass(frozen=True)
class People:
    """Somebody of every role, and a second clerk and leader."""

    by_name: dict[str, Actor]

    @property
    def clerk(self) -> Actor:
        return self.by_name["jingban"]

    @property
    def colleague(self) -> Actor:
        return self.by_name["tongshi"]

    @property
    def leader(self) -> Actor:
        return self.by_name["buzhang"]


def make_people() -> People:
    roles = {
        "jingban": Role.OFFICE,
        "tongshi": Role.OFFICE,
        "buzhang": Role.LEADER,
        "fubu": Role.LEADER,
        "guanli": Role.ADMINISTRATOR,
        "jianduyuan": Role.SUPERVISOR,
        "kaocha": Role.INVESTIGATOR,
        "danwei": Role.UNIT,
    }
    outside = {Role.UNIT, Role.INVESTIGATOR}
    return People(
        {
            name: actor_of(make_staff(name, f"示例{name}", role, "示例县" if role in outside else None))
            for name, role in roles.items()
        }
    )


NAMES = ("jingban", "tongshi", "buzhang", "fubu", "guanli", "jianduyuan", "kaocha", "danwei")


def do(deed: str, code: str, actor: Actor, to: str, seen: int) -> None:
    deeds: dict[str, Callable[[], None]] = {
        "accept": lambda: accept(code, "", actor, seen=seen),
        "decline": lambda: decline(code, "示例理由", "", actor, seen=seen),
        "hand_over": lambda: hand_over(code, to, "示例转交", actor, seen=seen),
        "examine": lambda: examine(code, "示例核查", actor, seen=seen),
        "founded": lambda: resolve(code, State.FOUNDED, "示例依据", SUMMARY, actor, seen=seen),
        "unfounded": lambda: resolve(code, State.UNFOUNDED, "示例依据", SUMMARY, actor, seen=seen),
    }
    deeds[deed]()


MAY = {Role.OFFICE, Role.LEADER}
ABLE = {"jingban", "tongshi", "buzhang", "fubu"}
WAYS: dict[tuple[State, str], State | None] = {
    (State.RECEIVED, "accept"): State.ACCEPTED,
    (State.RECEIVED, "decline"): State.DECLINED,
    (State.ACCEPTED, "hand_over"): None,
    (State.ACCEPTED, "examine"): State.EXAMINED,
    (State.EXAMINED, "hand_over"): None,
    (State.EXAMINED, "founded"): State.FOUNDED,
    (State.EXAMINED, "unfounded"): State.UNFOUNDED,
}


@dataclass
class Model:
    """What the rules say of an objection, told apart from how it is written in the tables."""

    state: State = State.RECEIVED
    handler: str = ""

    def take(self, deed: str, actor: Actor, to: str) -> bool:
        """Tell whether the deed passes, and take it."""
        passes = (self.state, deed) in WAYS and actor.role in MAY and self._is_in_hand(deed, actor)
        if passes and deed == "hand_over":
            passes = to in ABLE and to != self.handler
        if passes:
            self.state = WAYS[self.state, deed] or self.state
            self.handler = {"accept": actor.name, "hand_over": to}.get(deed, self.handler)
        return passes

    def _is_in_hand(self, deed: str, actor: Actor) -> bool:
        return deed in {"accept", "decline"} or actor.role is Role.LEADER or actor.name == self.handler


class House:
    """One house with its people for all sequences; each sequence has an objection of its own."""

    def __init__(self) -> None:
        self.head = make_notice()
        self.people = make_people()

    def told_apart(self, way: list[Deed], deeds: list[Deed]) -> tuple[list[Deed], list[Deed]]:
        """Return which of `deeds` pass at the end of `way`, and which do not."""
        at_the_end = Model()
        for deed, name, to in way:
            at_the_end.take(deed, self.people.by_name[name], to)
        passing = [one for one in deeds if replace(at_the_end).take(one[0], self.people.by_name[one[1]], one[2])]
        return passing, [one for one in deeds if one not in passing]

    def play(self, deeds: list[Deed]) -> None:
        code, model = make_objection(self.head), Model()
        expected: list[tuple[int, str, int | None]] = [(1, "received", None)]
        for deed, name, to in deeds:
            actor = self.people.by_name[name]
            before, last = history_of(code), last_line()
            passes = model.take(deed, actor, to)
            try:
                do(deed, code, actor, to, seen=len(before))
            except (Conflict, NotAllowed, InvalidInput):
                assert not passes, (deed, name, to, before)
                assert history_of(code) == before
                assert {result for _, _, result in lines_after(last)} <= {"refused"}
            else:
                assert passes, (deed, name, to, before)
                expected.append((len(expected) + 1, model.state, actor.member_id))
                act = {"founded": "resolve", "unfounded": "resolve"}.get(deed, deed)
                assert lines_after(last) == [(name, f"objections.{act}", "done")]
            assert (state_of(code), history_of(code)) == (model.state, expected)


def last_line() -> int:
    with transaction() as session:
        return session.scalar(select(func.max(AuditEntry.id))) or 0


def lines_after(last: int) -> list[tuple[str, str, str]]:
    query = select(AuditEntry.actor, AuditEntry.act, AuditEntry.result).where(AuditEntry.id > last)
    with transaction() as session:
        return [(row[0], row[1], row[2]) for row in session.execute(query.order_by(AuditEntry.id))]


ANY = st.tuples(st.sampled_from(DEEDS), st.sampled_from(NAMES), st.sampled_from(NAMES))
LIKELY = st.tuples(st.sampled_from(DEEDS), st.sampled_from(NAMES[:3]), st.sampled_from(NAMES[:3]))


def test_of_all_sequences_of_steps_by_everybody_only_those_the_rules_allow_pass(app: Flask) -> None:
    house = House()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.one_of(ANY, LIKELY, LIKELY), max_size=9))
    def play(deeds: list[Deed]) -> None:
        house.play(deeds)

    play()


def test_from_each_state_everybody_tries_everything(app: Flask) -> None:
    house = House()
    ways: dict[str, list[Deed]] = {
        "received": [],
        "accepted": [("accept", "jingban", "")],
        "examined": [("accept", "jingban", ""), ("examine", "jingban", "")],
        "declined": [("decline", "jingban", "")],
        "founded": [("accept", "jingban", ""), ("examine", "jingban", ""), ("founded", "jingban", "")],
    }
    for way in ways.values():
        passing, refused = house.told_apart(way, [(deed, name, "tongshi") for deed in DEEDS for name in NAMES])
        house.play([*way, *refused])
        for step in passing:
            house.play([*way, step])


def test_the_whole_way_is_told_with_notes_and_who_did_what() -> None:
    head, people = make_notice(), make_people()
    code = make_objection(head)
    accept(code, "先看材料", people.clerk, seen=1)
    hand_over(code, people.colleague.name, "出差", people.clerk, seen=2)
    examine(code, "找了示例人员谈话", people.colleague, seen=3)
    resolve(code, State.FOUNDED, "事实清楚", "经核查，反映的问题属实，已作处理。", people.colleague, seen=4)

    sheet = objection_sheet(code, people.leader)
    assert [(step.words, step.person, step.handed_to, step.note) for step in sheet.steps] == [
        ("收到", "网上提交", "", ""),
        ("受理", "示例jingban", "", "先看材料"),
        ("转交", "示例jingban", "示例tongshi", "出差"),
        ("核查完毕", "示例tongshi", "", "找了示例人员谈话"),
        ("认定属实", "示例tongshi", "", "事实清楚"),
    ]
    assert (sheet.summary, sheet.line.open, sheet.line.handler) == (
        "经核查，反映的问题属实，已作处理。",
        False,
        "示例tongshi",
    )


def test_who_read_an_older_state_is_told_so() -> None:
    head, people = make_notice(), make_people()
    code = make_objection(head)
    accept(code, "", people.clerk, seen=1)
    hand_over(code, people.colleague.name, "出差", people.leader, seen=2)

    with pytest.raises(Conflict, match="刚才有人"):
        hand_over(code, people.clerk.name, "也要转", people.leader, seen=2)


def test_of_two_at_once_one_accepts(app: Flask) -> None:
    head, people = make_notice(), make_people()
    code = make_objection(head)
    together, told = threading.Barrier(2), []

    def run(actor: Actor) -> None:
        with app.app_context():
            together.wait(10)
            try:
                accept(code, "", actor, seen=1)
                told.append("accepted")
            except Conflict:
                told.append("late")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(actor,)) for actor in (people.clerk, people.colleague)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(told) == ["accepted", "late"]
    assert [state for _, state, _ in history_of(code)] == ["received", "accepted"]


@pytest.mark.parametrize(
    ("note", "summary", "result", "fields"),
    [
        ("", SUMMARY, State.FOUNDED, {"note"}),
        ("依据", "", State.FOUNDED, {"summary"}),
        ("依据", SUMMARY, None, {"result"}),
        ("依据", SUMMARY, State.DECLINED, {"result"}),
        ("字" * 2_001, "字" * 1_001, State.FOUNDED, {"note", "summary"}),
        ("依据", f"{NAME}反映的问题不属实。", State.UNFOUNDED, {"summary"}),
        ("依据", f"经与{PHONE}核实，不属实。", State.UNFOUNDED, {"summary"}),
        ("依据", f"{UNIT}反映的问题不属实。", State.UNFOUNDED, {"summary"}),
    ],
)
def test_a_result_needs_its_note_and_a_summary_that_gives_nobody_away(
    note: str, summary: str, result: State | None, fields: set[str]
) -> None:
    head, people = make_notice(), make_people()
    code = raise_objection(head.key, as_unit(head), openid=None).code
    accept(code, "", people.clerk, seen=1)
    examine(code, "核查", people.clerk, seen=2)
    with pytest.raises(InvalidInput) as refused:
        resolve(code, result, note, summary, people.clerk, seen=3)

    assert set(getattr(refused.value, "faults", {refused.value.field: ""})) == fields
    assert state_of(code) is State.EXAMINED


def test_a_summary_may_name_the_subject_even_if_it_bears_the_reporters_name() -> None:
    subject = new_subject(NAME, "示例单位", unit="示例县")
    head, people = make_notice(subjects=(subject,)), make_people()
    code = make_settled(head, people.clerk, summary=f"经核查，反映{NAME}的问题不属实。")

    assert state_of(code) is State.UNFOUNDED


def test_without_a_unit_no_summary_is_asked_for() -> None:
    head, people = make_notice(subjects=(new_subject("王示例", "示例单位"),)), make_people()
    assert state_of(make_settled(head, people.clerk, summary="")) is State.UNFOUNDED


def test_to_whoever_left_nothing_is_handed_over() -> None:
    head, people = make_notice(), make_people()
    code = make_objection(head)
    accept(code, "", people.clerk, seen=1)
    disable_member(people.colleague.name, people.by_name["guanli"], purpose="示例：暂时不用")

    assert people.colleague.name not in objection_sheet(code, people.clerk).colleagues
    with pytest.raises(InvalidInput) as refused:
        hand_over(code, people.colleague.name, "出差", people.clerk, seen=2)
    assert refused.value.field == "to"


def test_an_act_that_is_refused_is_kept_in_the_trail() -> None:
    head, people = make_notice(), make_people()
    code = make_objection(head)
    accept(code, "", people.clerk, seen=1)
    with pytest.raises(NotAllowed, match="别的同事"):
        examine(code, "核查", people.colleague, seen=2)

    assert recorded()[-1] == ("tongshi", "objections.examine", f"反映件 {code}", "refused")


def test_the_system_accepts_nothing_and_what_is_not_there_is_not_found() -> None:
    code, people = make_objection(make_notice()), make_people()
    with pytest.raises(NotAllowed):
        accept(code, "", SYSTEM, seen=1)
    for other in ("0000-0000-0000", "no code", ""):
        with pytest.raises(NotFound):
            accept(other, "", people.clerk, seen=1)


REWRITING = [
    "UPDATE objection SET state = 'founded', settled_at = clock_now()",
    "UPDATE objection SET subject_key = 'other'",
    "UPDATE objection SET code = '0000-0000-0000'",
    "UPDATE objection SET text = 'other'",
    "UPDATE objection SET received_at = clock_now() - interval '1 year'",
    "DELETE FROM objection",
    "UPDATE objection_step SET state = 'accepted'",
    "UPDATE objection_step SET note = 'other'",
    "UPDATE objection_step SET member_id = NULL, at = clock_now()",
    "DELETE FROM objection_step",
]


@pytest.mark.parametrize("statement", REWRITING)
def test_the_database_lets_nobody_rewrite_what_was_raised_or_done(statement: str) -> None:
    make_settled(make_notice(), make_office().leader)
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text(statement))


def test_a_settled_objection_is_settled_for_good() -> None:
    code = make_settled(make_notice(), make_office().leader)
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(update(Objection).where(Objection.code == code).values(state="received", settled_at=None))


def test_one_step_per_number() -> None:
    make_objection(make_notice())
    with pytest.raises(DBAPIError, match="one_objection_step_per_number"), transaction() as session:
        session.add(
            ObjectionStep(objection_id=session.query(Objection.id).scalar(), number=1, state="received", note=b"")
        )


class TestSummaries:
    """What the unit that nominated somebody gets to read."""

    def test_a_unit_reads_result_and_summary_of_its_own(self) -> None:
        own, other = new_subject("王示例", unit="示例县"), new_subject("李示例", unit="示例区")
        head, people = make_notice(subjects=(own, other)), make_people()
        make_settled(head, people.clerk, summary="关于王示例的说明。")
        make_settled(head, people.clerk, subject_key=other.key, subject_kind=other.kind, summary="关于李示例的说明。")
        make_objection(head)

        (line,) = summaries_for(people.by_name["danwei"])
        assert (line.subject_name, line.notice_key, line.result, line.summary) == (
            "王示例",
            head.key,
            "不属实",
            "关于王示例的说明。",
        )
        assert line.__slots__ == ("subject_name", "notice_key", "notice_title", "result", "summary")

    def test_nobody_else_has_summaries(self) -> None:
        for name, actor in make_people().by_name.items():
            if name != "danwei":
                with pytest.raises(NotAllowed):
                    summaries_for(actor)
