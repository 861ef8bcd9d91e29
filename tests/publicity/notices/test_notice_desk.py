"""What notices put on the desks of the staff, and the settings they go by."""

from dataclasses import replace

import pytest
from flask import Flask

from foundation.errors import NotAllowed, NotFound
from publicity.notices.desk import desk_items
from publicity.notices.drafting import draft_notice
from publicity.notices.kinds import Kind, Phase, Steps
from publicity.notices.offers import Offered, SubjectSource, offer_subjects, offered_sources, read_offered
from publicity.notices.office import Office
from publicity.notices.options import ISSUER, OWN_DAY, PERIOD, PHONE, STEPS, default_office, steps_now
from publicity.notices.signing import review, send_back, submit
from publicity.notices.subjects import Subject
from staff.actors import Actor
from staff.options.registry import Group
from staff.options.setting import set_option
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, Staff, entry_for, make_notice, make_office
from tests.staff.options.factories_options import one

TITLE = "关于示例名单的公示"


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(MONDAY)
    return make_office()


@pytest.fixture
def draft(staff: Staff) -> str:
    return draft_notice(entry_for(Kind.FINAL, title=TITLE), staff.drafter)


def told(actor: Actor) -> list[tuple[str, str, str]]:
    return [(item.kind, item.text, item.button) for item in desk_items(actor)]


def test_a_draft_lies_on_its_drafters_desk(staff: Staff, draft: str) -> None:
    assert told(staff.drafter) == [("due", f"“{TITLE}”还没有提交", "继续")]
    assert desk_items(staff.drafter)[0].href == f"/console/notices/{draft}"
    assert told(staff.reviewer) == told(staff.leader) == told(staff.supervisor) == []


def test_what_was_submitted_lies_on_the_desks_of_those_who_may_go_on(staff: Staff, draft: str) -> None:
    submit(draft, 0, staff.drafter)
    assert told(staff.drafter) == []
    assert told(staff.reviewer) == told(staff.leader) == [("urgent", f"“{TITLE}”等您审核", "去审核")]

    review(draft, 0, staff.leader)
    assert told(staff.reviewer) == told(staff.leader) == []
    assert told(staff.other_leader) == [("urgent", f"“{TITLE}”等您签发", "去签发")]


def test_what_was_sent_back_says_why(staff: Staff, draft: str) -> None:
    submit(draft, 0, staff.drafter)
    send_back(draft, 0, "名单还要核对", staff.reviewer)

    (item,) = desk_items(staff.drafter)
    assert (item.kind, item.text, item.detail) == ("urgent", f"“{TITLE}”被退回", "名单还要核对")


def test_what_runs_is_seen_by_all_and_what_is_over_waits_for_its_end(
    staff: Staff, database_clock: DatabaseClock
) -> None:
    make_notice(Phase.RUNNING, title=TITLE)
    make_notice(Phase.OVER, clock=database_clock, title="关于示例前一名单的公示")
    make_notice(Phase.STANDING)
    make_notice(Phase.CONCLUDED, clock=database_clock)

    running = ("running", f"“{TITLE}”正在公示", "查看")
    over = ("due", "“关于示例前一名单的公示”公示期已满，可以结束", "去结束")
    assert told(staff.drafter) == [over, running]
    assert told(staff.supervisor) == [running]
    assert desk_items(staff.supervisor)[0].detail == "还剩5个工作日 · 6月12日期满"
    assert told(replace(staff.supervisor, role=Role.UNIT, unit="示例县")) == []


def test_the_settings_of_the_selection_are_the_defaults(app: Flask) -> None:
    assert (steps_now(), OWN_DAY.value(), PERIOD.value(), ISSUER.value()) == (Steps.THREE, False, 5, "焦作市委组织部")
    assert default_office() == Office("市委组织部组织一科", "公示期内工作日的工作时间", "12380")
    assert {option.group for option in (STEPS, OWN_DAY, PERIOD, PHONE, ISSUER)} == {Group.PUBLICITY}


def test_fewer_steps_are_set_by_leaders_and_not_by_those_who_draft(staff: Staff) -> None:
    with pytest.raises(NotAllowed):
        set_option(STEPS.name, one("one"), staff.drafter, based_on=0, reason="示例理由", confirmed=True)

    assert set_option(STEPS.name, one("one"), staff.leader, based_on=0, reason="示例理由", confirmed=True)

    assert steps_now() is Steps.ONE
    assert STEPS.consequence is not None
    assert "没有第二个人看过" in STEPS.consequence("three", "one")


def test_a_room_above_offers_its_subjects() -> None:
    app = Flask("test")
    candidate = Subject("candidate", "demo:1", "王示", "示例单位职员")
    source = SubjectSource(
        "polls",
        "投票的候选对象",
        lambda: [("demo", "示例网上评议")],
        lambda choice: Offered((candidate,), (f"投票时间：{choice}。",)),
    )
    with app.app_context():
        assert offered_sources() == ()
        offer_subjects(app, source)

        assert offered_sources() == (source,)
        assert read_offered("polls", "demo") == Offered((candidate,), ("投票时间：demo。",))
        for name, choice in (("polls", "other"), ("people", "demo")):
            with pytest.raises(NotFound):
                read_offered(name, choice)
