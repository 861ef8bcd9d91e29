"""From draft to publication: as many hands as are set, never the same twice, and only what was read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from foundation.database import db
from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed
from foundation.forms import InvalidFields
from foundation.transaction import transaction
from foundation.working_days import UnknownYear
from publicity.notices.drafting import NoticeEntry, draft_notice, edit_draft
from publicity.notices.kinds import Kind, Phase, State, Steps
from publicity.notices.models import NoticeVersion
from publicity.notices.options import OWN_DAY, PERIOD, STEPS
from publicity.notices.reading import public_notice
from publicity.notices.sheet import Draft, notice_sheet
from publicity.notices.signing import issue, review, send_back, submit
from staff.actors import Actor
from staff.options.calendar import WHOLE_YEARS, WholeYear
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, Staff, entry_for, head_of, make_office, revision_of
from tests.staff.factories_staff import recorded
from tests.staff.options.factories_options import set_to


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(MONDAY)
    return make_office()


@pytest.fixture
def draft(staff: Staff) -> str:
    return draft_notice(entry_for(Kind.FINAL), staff.drafter)


def draft_of(key: str, staff: Staff) -> Draft:
    found = notice_sheet(key, staff.drafter).draft
    assert found is not None
    return found


STEPS_TAKEN: dict[str, Callable[[str, int, Actor], object]] = {"submit": submit, "review": review, "issue": issue}


def acts() -> list[tuple[str, str, str]]:
    return [(actor, act, result) for actor, act, _, result in recorded()]


def test_a_notice_is_drafted_examined_and_issued_by_three_people(staff: Staff, draft: str) -> None:
    assert submit(draft, 0, staff.drafter) is State.REVIEWING
    review(draft, 0, staff.reviewer)
    issue(draft, 0, staff.leader)

    head = head_of(draft)
    assert (head.phase, head.first_day, head.last_day) == (Phase.RUNNING, date(2017, 6, 6), date(2017, 6, 12))
    assert head.published_at is not None
    (line,) = notice_sheet(draft, staff.drafter).versions
    assert (line.drafted_by, line.reviewed_by, line.issued_by) == ("示例拟稿人", "示例审核人", "示例签发人")
    assert acts() == [
        ("nigao", "notices.draft", "done"),
        ("nigao", "notices.submit", "done"),
        ("shenhe", "notices.review", "done"),
        ("qianfa", "notices.issue", "done"),
    ]


def test_two_steps_leave_the_examination_out(staff: Staff, draft: str) -> None:
    set_to(STEPS, Steps.TWO)

    assert submit(draft, 0, staff.drafter) is State.SIGNING
    issue(draft, 0, staff.leader)

    assert head_of(draft).phase is Phase.RUNNING


def test_with_one_step_the_drafter_publishes(staff: Staff, draft: str) -> None:
    set_to(STEPS, Steps.ONE)

    assert submit(draft, 0, staff.drafter) is State.PUBLISHED

    assert head_of(draft).phase is Phase.RUNNING
    assert acts()[1:] == [("nigao", "notices.submit", "done"), ("nigao", "notices.issue", "done")]


def test_a_leader_may_examine_and_another_issues(staff: Staff, draft: str) -> None:
    submit(draft, 0, staff.drafter)
    review(draft, 0, staff.leader)

    with pytest.raises(NotAllowed, match="这一稿您审核过，签发要由另一个人来办。"):
        issue(draft, 0, staff.leader)
    issue(draft, 0, staff.other_leader)

    assert head_of(draft).phase is Phase.RUNNING


def test_nobody_examines_what_they_had_a_hand_in(staff: Staff, draft: str) -> None:
    edit_draft(draft, 0, replace(draft_of(draft, staff).entry, title="示例"), staff.reviewer)
    submit(draft, 1, staff.drafter)

    for somebody in (staff.drafter, staff.reviewer):
        with pytest.raises(NotAllowed, match="这一稿您拟过或改过，审核要由另一个人来办。"):
            review(draft, 1, somebody)
    assert acts()[-2:] == [("nigao", "notices.review", "refused"), ("shenhe", "notices.review", "refused")]
    assert draft_of(draft, staff).next_people == ("示例签发人", "示例副部长")


def test_a_clerk_who_became_a_leader_does_not_issue_an_own_draft(staff: Staff, draft: str) -> None:
    set_to(STEPS, Steps.TWO)
    submit(draft, 0, staff.drafter)

    with pytest.raises(NotAllowed, match="拟过或改过"):
        issue(draft, 0, replace(staff.drafter, role=staff.leader.role))
    assert draft_of(draft, staff).state is State.SIGNING


@pytest.mark.parametrize("who", ["drafter", "reviewer", "supervisor"])
def test_only_leaders_issue(staff: Staff, draft: str, who: str) -> None:
    set_to(STEPS, Steps.TWO)
    submit(draft, 0, staff.drafter)

    with pytest.raises(NotAllowed):
        issue(draft, 0, getattr(staff, who))


def test_supervisors_and_leaders_submit_nothing(staff: Staff, draft: str) -> None:
    for somebody in (staff.supervisor, staff.leader):
        with pytest.raises(NotAllowed):
            submit(draft, 0, somebody)


def test_only_what_was_read_is_examined_and_issued(staff: Staff, draft: str) -> None:
    submit(draft, 0, staff.drafter)
    send_back(draft, 0, "请改标题", staff.reviewer)
    edit_draft(draft, 0, replace(draft_of(draft, staff).entry, title="改过的标题"), staff.drafter)
    submit(draft, 1, staff.drafter)

    with pytest.raises(Conflict, match="刚被别人改过"):
        review(draft, 0, staff.reviewer)
    review(draft, 1, staff.reviewer)
    with pytest.raises(Conflict, match="刚被别人改过"):
        issue(draft, 0, staff.leader)
    issue(draft, 1, staff.leader)

    assert public_notice(draft).head.title == "改过的标题"


def test_steps_are_taken_in_their_order_and_once(staff: Staff, draft: str) -> None:
    people = {"submit": staff.drafter, "review": staff.reviewer, "issue": staff.leader}

    def refused(match: str, *names: str) -> None:
        for name in names:
            with pytest.raises(Conflict, match=match):
                STEPS_TAKEN[name](draft, 0, people[name])

    refused("还在修改", "review", "issue")
    submit(draft, 0, staff.drafter)
    refused("正在等待审核", "submit", "issue")
    review(draft, 0, staff.reviewer)
    refused("正在等待签发", "submit", "review")
    issue(draft, 0, staff.leader)
    refused("已经发布或作废", *people)


def test_sending_back_needs_a_reason_which_the_drafter_reads(staff: Staff, draft: str) -> None:
    submit(draft, 0, staff.drafter)
    with pytest.raises(InvalidInput) as caught:
        send_back(draft, 0, "  ", staff.reviewer)
    assert (caught.value.field, caught.value.message) == ("reason", "请写明理由。")
    review(draft, 0, staff.reviewer)

    send_back(draft, 0, "名单还要核对", staff.leader)

    returned = draft_of(draft, staff)
    assert (returned.state, returned.returned_because, returned.reviewed_by) == (State.DRAFT, "名单还要核对", "")
    submit(draft, 0, staff.drafter)
    assert draft_of(draft, staff).returned_because == ""


def test_a_clerk_does_not_send_back_what_waits_for_a_leader(staff: Staff, draft: str) -> None:
    submit(draft, 0, staff.drafter)
    review(draft, 0, staff.leader)

    with pytest.raises(NotAllowed):
        send_back(draft, 0, "示例理由", staff.reviewer)
    assert draft_of(draft, staff).state is State.SIGNING


def test_the_drafter_takes_back_what_nobody_has_issued(staff: Staff, draft: str) -> None:
    submit(draft, 0, staff.drafter)
    review(draft, 0, staff.reviewer)

    send_back(draft, 0, "发现一处错字", staff.drafter)

    assert draft_of(draft, staff).state is State.DRAFT


def test_an_unfinished_draft_is_not_submitted_and_all_it_lacks_is_told(staff: Staff) -> None:
    key = draft_notice(NoticeEntry(Kind.FINAL, body="<p>示例〔公示期〕〔公示期〕</p>"), staff.drafter)

    with pytest.raises(InvalidFields) as caught:
        submit(key, 0, staff.drafter)

    assert caught.value.faults == {
        "subjects": "请填写公示的对象。",
        "body": "正文里没有〔名单〕，要正好有一处，发布时名单就显示在那里。"
        "正文里有2处〔公示期〕，要正好有一处，发布时公示期就显示在那里。",
        "office_name": "请填写受理单位。",
        "office_hours": "请填写受理时间。",
        "office_phone": "请填写电话。",
        "office_address": "请填写地址。",
    }
    assert [concern.text for concern in draft_of(key, staff).missing] != []


@pytest.mark.parametrize(
    "case",
    [
        (False, MONDAY, (date(2017, 6, 6), date(2017, 6, 12))),
        (True, MONDAY, (date(2017, 6, 5), date(2017, 6, 9))),
        (True, MONDAY - timedelta(days=2), (date(2017, 6, 5), date(2017, 6, 9))),
        (False, datetime(2017, 6, 5, 15, 59, 50, tzinfo=UTC), (date(2017, 6, 6), date(2017, 6, 12))),
        (False, datetime(2017, 6, 5, 16, 0, 0, tzinfo=UTC), (date(2017, 6, 7), date(2017, 6, 13))),
        (False, datetime(2017, 3, 31, 1, tzinfo=UTC), (date(2017, 4, 1), date(2017, 4, 10))),
    ],
)
def test_the_period_follows_from_the_day_of_publication_in_shanghai(
    staff: Staff, draft: str, database_clock: DatabaseClock, case: tuple[bool, datetime, tuple[date, date]]
) -> None:
    own_day, published_at, days = case
    set_to(OWN_DAY, own_day)
    submit(draft, 0, staff.drafter)
    review(draft, 0, staff.reviewer)
    database_clock.set(published_at)

    issue(draft, 0, staff.leader)

    head = head_of(draft)
    assert (head.first_day, head.last_day) == days


def test_a_year_without_data_is_told_in_the_draft_and_refuses_publication(
    staff: Staff, draft: str, database_clock: DatabaseClock
) -> None:
    submit(draft, 0, staff.drafter)
    review(draft, 0, staff.reviewer)
    database_clock.set(datetime(2026, 12, 28, 1, tzinfo=UTC))

    waiting = draft_of(draft, staff)
    with pytest.raises(UnknownYear) as caught:
        issue(draft, 0, staff.leader)

    assert (waiting.foreseen, waiting.warning) == ("", caught.value.message)
    assert "在“设置”的“工作日历”里录入2027年" in caught.value.message
    assert draft_of(draft, staff).state is State.SIGNING
    set_to(WHOLE_YEARS, (WholeYear(2027, "示例通知"),))
    issue(draft, 0, staff.leader)
    assert head_of(draft).last_day == date(2027, 1, 4)


def test_a_period_that_is_too_short_by_now_is_not_issued(staff: Staff, draft: str) -> None:
    set_to(STEPS, Steps.TWO)
    set_to(PERIOD, 7)

    with pytest.raises(InvalidFields) as caught:
        submit(draft, 0, staff.drafter)
    assert caught.value.faults == {"working_days": "公示期不能少于7个工作日。"}


def test_an_announcement_is_published_without_a_period(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.PLAIN), staff.drafter)
    submit(key, 0, staff.drafter)
    review(key, 0, staff.reviewer)
    issue(key, 0, staff.leader)

    head = head_of(key)
    assert (head.phase, head.first_day, head.last_day, head.days_left) == (Phase.STANDING, None, None, 0)


def test_two_who_issue_at_once_publish_once(app: Flask, staff: Staff, draft: str) -> None:
    submit(draft, 0, staff.drafter)
    review(draft, 0, staff.reviewer)
    start, outcomes = Barrier(2), list[object]()

    def try_to_issue(leader: Actor) -> None:
        with app.app_context():
            start.wait(timeout=10)
            try:
                issue(draft, 0, leader)
                outcomes.append("published")
            except AppError as error:
                outcomes.append(type(error))

    threads = [Thread(target=try_to_issue, args=(leader,)) for leader in (staff.leader, staff.other_leader)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(map(str, outcomes)) == sorted(["published", str(Conflict)])
    db.session.expire_all()
    with transaction() as session:
        states = session.scalars(select(NoticeVersion.state)).all()
    assert states == ["published"]
    assert [act for _, act, result in acts() if act == "notices.issue" and result == "done"] == ["notices.issue"]


def test_the_sheet_says_who_is_next_and_what_one_may_do(staff: Staff, draft: str) -> None:
    def may(actor: Actor) -> set[str]:
        found = notice_sheet(draft, actor).draft
        assert found is not None
        return {act.removeprefix("notices.") for act in found.may}

    assert may(staff.drafter) == may(staff.reviewer) == {"edit", "drop", "submit"}
    assert may(staff.leader) == may(staff.supervisor) == set()
    submit(draft, revision_of(draft), staff.drafter)
    assert may(staff.drafter) == {"send_back"}
    assert may(staff.reviewer) == may(staff.leader) == {"review", "send_back"}
    assert draft_of(draft, staff).next_people == ("示例审核人", "示例签发人", "示例副部长")
    review(draft, revision_of(draft), staff.reviewer)
    assert may(staff.drafter) == {"send_back"}
    assert may(staff.reviewer) == may(staff.supervisor) == set()
    assert may(staff.leader) == {"issue", "send_back"}
    assert draft_of(draft, staff).next_people == ("示例签发人", "示例副部长")
