"""Ending a notice: not before its last day is over, not while something is open, save by a leader with a reason."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from publicity.conclusion.concluding import conclude_notice, conclusion_readiness
from publicity.notices.amending import begin_change
from publicity.notices.drafting import NoticeEntry, draft_notice, drop_draft
from publicity.notices.kinds import Change, Kind, Phase
from publicity.notices.models import Notice
from publicity.notices.reading import public_notice
from publicity.objections.rules import RaisedAs
from publicity.objections.standing import open_in_notice, open_objections
from staff.audit.models import AuditEntry
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.publicity.conclusion.factories_conclusion import (
    DING,
    LI,
    OVER,
    PUBLISHED,
    RUNNING,
    SUBJECTS,
    TITLE,
    WANG,
    enter_letter,
    publish_change,
    publish_entry,
    publish_list,
    raise_on_the_web,
    settle,
)
from tests.publicity.factories_notices import Staff, entry_for, make_office, revision_of
from tests.staff.factories_staff import actor_of, make_staff

REASON = "反映的事项与公示对象无关，由示例部门另行办理。"
LAST_DAY = "公示期到2017年6月9日 星期五为止，期满以后才能结束，不能提前。"
TWO_OPEN = "还有2件反映没有办结，不能结束公示。确需结束的，由部领导写明理由后办理。"


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(PUBLISHED)
    return make_office()


@pytest.fixture
def key(staff: Staff) -> str:
    return publish_list(staff)


@pytest.fixture
def over(key: str, database_clock: DatabaseClock) -> str:
    """The key of a notice whose period is over."""
    database_clock.set(OVER)
    return key


def stands(key: str) -> tuple[bool, str]:
    """Return whether the notice is concluded, and the reason that is kept."""
    with transaction() as session:
        notice = session.scalars(select(Notice).where(Notice.key == key)).one()
        return notice.concluded_at is not None, notice.conclusion


def conclusions() -> list[tuple[str, str, list[str], str]]:
    """Return who concluded what, with fields and reason, from the trail."""
    with transaction() as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.act == "notices.conclude").order_by(AuditEntry.id))
        return [(line.actor, line.result, line.fields, line.purpose) for line in lines]


def test_a_notice_whose_period_is_over_is_concluded(over: str, staff: Staff) -> None:
    conclude_notice(over, "", staff.drafter)
    assert public_notice(over).head.phase is Phase.CONCLUDED
    assert stands(over) == (True, "")
    assert conclusions() == [("nigao", "done", [], "")]


def test_its_last_day_is_not_over_before_midnight_in_jiaozuo(
    key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    database_clock.set(PUBLISHED + timedelta(days=7, hours=13, minutes=59))  # 23:59 on 9 June
    with pytest.raises(Conflict) as caught:
        conclude_notice(key, REASON, staff.leader)
    assert caught.value.message == LAST_DAY
    database_clock.set(PUBLISHED + timedelta(days=7, hours=14, minutes=1))
    conclude_notice(key, "", staff.leader)
    assert stands(key) == (True, "")


@pytest.mark.parametrize("who", ["drafter", "leader"])
def test_nobody_concludes_early_and_the_last_day_is_named(
    key: str, staff: Staff, database_clock: DatabaseClock, who: str
) -> None:
    database_clock.set(RUNNING)
    with pytest.raises(Conflict) as caught:
        conclude_notice(key, REASON, getattr(staff, who))
    assert caught.value.message == LAST_DAY
    assert (stands(key), conclusions()) == ((False, ""), [])


def test_while_objections_are_open_the_office_cannot(key: str, staff: Staff, database_clock: DatabaseClock) -> None:
    raise_on_the_web(key)
    raise_on_the_web(key, DING)
    database_clock.set(OVER)
    with pytest.raises(Conflict) as caught:
        conclude_notice(key, REASON, staff.drafter)
    assert caught.value.message == TWO_OPEN
    assert stands(key) == (False, "")


def test_once_they_are_settled_the_office_can(key: str, staff: Staff, database_clock: DatabaseClock) -> None:
    code = raise_on_the_web(key)
    database_clock.set(OVER)
    settle(code, staff)
    conclude_notice(key, "", staff.drafter)
    assert stands(key) == (True, "")


def test_a_leader_passes_over_what_is_open_with_a_reason_that_is_kept(
    key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    raise_on_the_web(key)
    database_clock.set(OVER)
    conclude_notice(key, f"  {REASON} \n", staff.leader)
    assert stands(key) == (True, REASON)
    assert conclusions() == [("qianfa", "done", ["open_objections"], REASON)]


@pytest.mark.parametrize("reason", ["", "    ", "不必再等", "啊" * 501])
def test_a_leaders_reason_has_five_to_five_hundred_characters(
    key: str, staff: Staff, database_clock: DatabaseClock, reason: str
) -> None:
    raise_on_the_web(key)
    database_clock.set(OVER)
    with pytest.raises(InvalidInput) as caught:
        conclude_notice(key, reason, staff.leader)
    assert caught.value.field == "reason"
    assert stands(key) == (False, "")


@pytest.mark.parametrize("reason", ["可以结束了", "啊" * 500])
def test_the_shortest_and_the_longest_reason_are_enough(
    key: str, staff: Staff, database_clock: DatabaseClock, reason: str
) -> None:
    raise_on_the_web(key)
    database_clock.set(OVER)
    conclude_notice(key, reason, staff.leader)
    assert stands(key) == (True, reason)


def test_a_reason_is_not_kept_where_nothing_is_open(over: str, staff: Staff) -> None:
    conclude_notice(over, REASON, staff.leader)
    assert stands(over) == (True, "")
    assert conclusions() == [("qianfa", "done", [], "")]


def test_an_objection_that_was_declined_holds_nothing_up(key: str, staff: Staff, database_clock: DatabaseClock) -> None:
    raise_on_the_web(key, raised_as=RaisedAs.ANONYMOUS)
    database_clock.set(OVER)
    conclude_notice(key, "", staff.drafter)
    assert stands(key) == (True, "")


def test_a_letter_that_came_in_time_is_entered_after_the_last_day_and_holds_it_up(over: str, staff: Staff) -> None:
    enter_letter(over, staff)
    with pytest.raises(Conflict):
        conclude_notice(over, "", staff.drafter)
    assert stands(over) == (False, "")


def test_after_the_end_nobody_objects_any_more(over: str, staff: Staff) -> None:
    conclude_notice(over, "", staff.drafter)
    with pytest.raises(Conflict):
        enter_letter(over, staff)
    with pytest.raises(Conflict):
        raise_on_the_web(over)


def test_objections_to_another_notice_about_the_same_subject_hold_up_that_one_alone(
    key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    other = publish_list(staff, (WANG,))
    raise_on_the_web(other)
    database_clock.set(OVER)
    conclude_notice(key, "", staff.drafter)
    assert (stands(key)[0], stands(other)[0]) == (True, False)


def test_a_version_under_way_is_finished_or_dropped_first(over: str, staff: Staff) -> None:
    begin_change(over, Change.MISPRINT, "示例：更正一个字", staff.drafter)
    with pytest.raises(Conflict) as caught:
        conclude_notice(over, REASON, staff.leader)
    assert caught.value.message == "有一个新版本还没有发布，请先发布或放弃它。"
    drop_draft(over, revision_of(over), staff.drafter)
    conclude_notice(over, "", staff.drafter)
    assert stands(over)[0]


def test_new_subjects_put_the_end_off(key: str, staff: Staff, database_clock: DatabaseClock) -> None:
    database_clock.set(RUNNING)
    publish_change(staff, key, Change.SUBJECTS, "示例：更换一人", (*SUBJECTS[:2], LI))
    database_clock.set(OVER)
    with pytest.raises(Conflict) as caught:
        conclude_notice(key, "", staff.drafter)
    assert caught.value.message.startswith("公示期到2017年6月13日 星期二为止")


def test_it_is_concluded_once(over: str, staff: Staff) -> None:
    conclude_notice(over, "", staff.drafter)
    with pytest.raises(Conflict) as caught:
        conclude_notice(over, "", staff.leader)
    assert caught.value.message == "公示已经结束。"
    assert len(conclusions()) == 1


def test_an_announcement_has_no_end_to_take(staff: Staff) -> None:
    plain = publish_entry(staff, NoticeEntry(Kind.PLAIN, "示例公告", "<p>示例。</p>"))
    with pytest.raises(Conflict) as caught:
        conclude_notice(plain, "", staff.drafter)
    assert caught.value.message == "这是公告，没有公示期，不用结束。"


def test_a_draft_has_not_begun(staff: Staff) -> None:
    with pytest.raises(Conflict) as caught:
        conclude_notice(draft_notice(entry_for(), staff.drafter), "", staff.drafter)
    assert caught.value.message == "还没有发布，不能结束。"


def test_of_nothing_there_is_no_end(staff: Staff) -> None:
    with pytest.raises(NotFound):
        conclude_notice("0" * 32, "", staff.drafter)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR, Role.UNIT])
def test_others_may_not(over: str, role: Role) -> None:
    other = actor_of(make_staff("bieren", "示例别人", role, "示例县委" if role is Role.UNIT else None))
    with pytest.raises(NotAllowed):
        conclude_notice(over, REASON, other)
    assert stands(over) == (False, "")
    assert conclusions() == [("bieren", "refused", [], "")]


def test_the_sheet_says_how_far_it_is(key: str, staff: Staff, database_clock: DatabaseClock) -> None:
    raise_on_the_web(key)
    running = conclusion_readiness(key)
    assert (running.head.title, running.obstacle, running.open_objections) == (TITLE, LAST_DAY, 1)
    assert not running.needs_leader
    database_clock.set(OVER)
    ready = conclusion_readiness(key)
    assert (ready.obstacle, ready.open_objections, ready.needs_leader) == ("", 1, True)


@pytest.mark.parametrize("turn", range(5))
def test_a_letter_entered_at_the_same_moment_is_either_in_before_or_refused(
    app: Flask, over: str, staff: Staff, turn: int
) -> None:
    """Whoever is first has it: either it is open and the end is refused, or the end stands and it is refused."""
    ended, entered = at_once(
        app, lambda: conclude_notice(over, "", staff.drafter), lambda: enter_letter(over, staff, DING)
    )
    with transaction() as session:
        left_open = open_in_notice(session, public_notice(over).head.id)
        standing = len(open_objections(DING.kind, DING.key))
    if ended is None:
        assert isinstance(entered, Conflict)
        assert (stands(over)[0], left_open, standing) == (True, 0, 0)
    else:
        assert isinstance(ended, Conflict)
        assert entered is None
        assert (stands(over)[0], left_open, standing) == (False, 1, 1)


def test_two_who_end_it_at_the_same_moment_end_it_once(app: Flask, over: str, staff: Staff) -> None:
    faults = at_once(
        app, lambda: conclude_notice(over, "", staff.drafter), lambda: conclude_notice(over, "", staff.leader)
    )
    assert [type(fault) for fault in faults if fault is not None] == [Conflict]
    assert len(conclusions()) == 1


def at_once(app: Flask, *acts: Callable[[], object]) -> list[AppError | None]:
    """Do everything at the same moment and return what each was refused with."""
    start = Barrier(len(acts), timeout=10)

    def do(act: Callable[[], object]) -> AppError | None:
        with app.app_context():
            start.wait()
            try:
                act()
            except AppError as error:
                return error
            return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result(timeout=30) for done in [pool.submit(do, act) for act in acts]]
