"""Changes of what is published: new subjects start the clock anew, a misprint or a withdrawal does not."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask

from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.forms import InvalidFields
from publicity.notices.amending import begin_change, restate_change
from publicity.notices.drafting import NoticeEntry, drop_draft, edit_draft
from publicity.notices.kinds import Change, Kind, Phase
from publicity.notices.reading import public_notice, version_difference
from publicity.notices.sheet import Draft, notice_sheet
from publicity.notices.signing import submit
from publicity.notices.subjects import new_subject
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import (
    MONDAY,
    OFFICE,
    Staff,
    change_notice,
    entry_of_draft,
    head_of,
    make_notice,
    make_office,
    publish,
    revision_of,
    subjects_now,
)
from tests.staff.factories_staff import recorded

WEDNESDAY = MONDAY + timedelta(days=2)
ZHAO = new_subject("赵新", "示例新单位职员", heading="优秀共产党员", unit="示例县")


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(MONDAY)
    return make_office()


@pytest.fixture
def notice(staff: Staff, database_clock: DatabaseClock) -> str:
    """A final list that was published on Monday, seen on Wednesday."""
    key = make_notice(Phase.RUNNING).key
    database_clock.set(WEDNESDAY)
    return key


def draft_of(key: str, staff: Staff) -> Draft:
    draft = notice_sheet(key, staff.drafter).draft
    assert draft is not None
    return draft


def days(key: str) -> tuple[int, date | None, date | None]:
    head = head_of(key)
    return head.version, head.first_day, head.last_day


def test_a_change_begins_with_what_is_published(staff: Staff, notice: str) -> None:
    assert begin_change(notice, Change.MISPRINT, "更正一处错字", staff.reviewer) == 2

    draft, published = draft_of(notice, staff), public_notice(notice)
    assert (draft.number, draft.change, draft.change_note) == (2, Change.MISPRINT, "更正一处错字")
    assert (draft.entry.title, draft.entry.subjects) == (published.head.title, published.subjects)
    assert draft.difference is not None
    assert draft.difference.is_empty
    assert [one.text for one in draft.missing] == ["这一稿和现在公布的完全一样，没有什么可发布的。"]
    assert recorded()[-1][:2] == ("shenhe", "notices.amend")


def test_an_added_subject_starts_the_clock_anew(staff: Staff, notice: str) -> None:
    assert days(notice) == (1, date(2017, 6, 6), date(2017, 6, 12))

    change_notice(notice, Change.SUBJECTS, subjects=(*subjects_now(notice), ZHAO))

    assert days(notice) == (2, date(2017, 6, 8), date(2017, 6, 14))


def test_a_replaced_subject_starts_the_clock_anew(staff: Staff, notice: str) -> None:
    change_notice(notice, Change.SUBJECTS, subjects=(*subjects_now(notice)[:-1], ZHAO))

    assert days(notice) == (2, date(2017, 6, 8), date(2017, 6, 14))


def test_whoever_is_written_over_another_starts_the_clock_anew_under_a_key_of_their_own(
    staff: Staff, notice: str
) -> None:
    *others, last = subjects_now(notice)
    written_over = replace(last, name=ZHAO.name, text=ZHAO.text)

    with pytest.raises(InvalidFields) as caught:
        change_notice(notice, Change.MISPRINT, subjects=(*others, written_over))
    restate_change(notice, revision_of(notice), Change.SUBJECTS, "更换一名对象", staff.drafter)
    publish(notice)

    assert "应当选“增加或更换对象”" in caught.value.faults["change"]
    assert days(notice) == (2, date(2017, 6, 8), date(2017, 6, 14))
    assert last.key not in {subject.key for subject in subjects_now(notice)}


@pytest.mark.parametrize("change", [Change.WITHDRAWAL, Change.MISPRINT])
def test_a_withdrawal_or_a_misprint_keeps_the_clock(staff: Staff, notice: str, change: Change) -> None:
    first, *rest = subjects_now(notice)
    corrected = (first, replace(rest[0], name=rest[0].name.replace("示", "视")), *rest[1:])

    change_notice(notice, change, subjects=(first,) if change is Change.WITHDRAWAL else corrected)

    assert days(notice) == (2, date(2017, 6, 6), date(2017, 6, 12))
    assert "公示期：2017年6月6日至6月12日（5个工作日）。" in public_notice(notice).plain_body


def test_everybody_may_be_withdrawn(staff: Staff, notice: str) -> None:
    change_notice(notice, Change.WITHDRAWAL, subjects=())

    assert "（名单中的对象均已撤下。）" in public_notice(notice).plain_body


def test_a_misprint_after_the_period_does_not_open_it_again(
    staff: Staff, notice: str, database_clock: DatabaseClock
) -> None:
    database_clock.set(MONDAY + timedelta(days=30))

    change_notice(notice, Change.MISPRINT, title="关于示例名单的公示")

    assert head_of(notice).phase is Phase.OVER


def test_new_subjects_after_the_period_open_it_again(staff: Staff, notice: str, database_clock: DatabaseClock) -> None:
    database_clock.set(MONDAY + timedelta(days=30))

    change_notice(notice, Change.SUBJECTS, subjects=(*subjects_now(notice), ZHAO))

    assert (head_of(notice).phase, head_of(notice).days_left) == (Phase.RUNNING, 5)


def test_nobody_is_added_to_a_concluded_notice(staff: Staff, database_clock: DatabaseClock) -> None:
    concluded = make_notice(Phase.CONCLUDED, clock=database_clock).key

    with pytest.raises(Conflict, match="请为他们另发一份公示"):
        begin_change(concluded, Change.SUBJECTS, "增加一名", staff.drafter)
    change_notice(concluded, Change.MISPRINT, title="关于示例名单的公示")

    assert head_of(concluded).phase is Phase.CONCLUDED
    assert public_notice(concluded).head.title == "关于示例名单的公示"


@pytest.mark.parametrize("ticked", [Change.WITHDRAWAL, Change.MISPRINT])
def test_what_adds_somebody_is_not_published_as_anything_less(staff: Staff, notice: str, ticked: Change) -> None:
    with pytest.raises(InvalidFields) as caught:
        change_notice(notice, ticked, subjects=(*subjects_now(notice), ZHAO))

    assert caught.value.faults["change"].startswith("这一稿新列入了赵新，公示期要从发布后重新计算")
    assert days(notice)[0] == 1


def test_a_list_that_is_pasted_again_is_the_same_list(staff: Staff, notice: str) -> None:
    again = tuple(new_subject(one.name, one.text, heading=one.heading, unit=one.unit) for one in subjects_now(notice))
    before = subjects_now(notice)

    change_notice(notice, Change.MISPRINT, subjects=again, title="关于示例名单的公示")

    assert subjects_now(notice) == before


def test_every_version_stays_as_it_was_read(staff: Staff, notice: str) -> None:
    before = public_notice(notice)
    longer = (*subjects_now(notice), ZHAO)
    change_notice(notice, Change.SUBJECTS, subjects=longer, office=replace(OFFICE, phone="12345"))

    first, second = public_notice(notice, 1), public_notice(notice, 2)
    assert (first.body, first.subjects, first.office, first.version) == (
        before.body,
        before.subjects,
        before.office,
        before.version,
    )
    assert (second.subjects[-1], second.office.phone) == (ZHAO, "12345")
    assert [(line.number, line.change) for line in second.versions] == [(2, Change.SUBJECTS), (1, Change.FIRST)]
    assert (first.is_newest, second.is_newest) == (False, True)
    assert public_notice(notice) == second


def test_the_difference_shows_who_came_and_how_the_days_moved(staff: Staff, notice: str) -> None:
    change_notice(notice, Change.SUBJECTS, subjects=(*subjects_now(notice), ZHAO))

    found = version_difference(notice, 2)
    assert (found.older.number, found.newer.number) == (1, 2)
    assert found.difference.added == (ZHAO,)
    assert [(one.kind, one.text) for one in found.difference.paragraphs if one.kind != "same"] == [
        ("removed", "公示期：2017年6月6日至6月12日（5个工作日）。"),
        ("added", "公示期：2017年6月8日至6月14日（5个工作日）。"),
        ("removed", "2017年6月5日"),
        ("added", "2017年6月7日"),
    ]
    with pytest.raises(NotFound):
        version_difference(notice, 1)
    with pytest.raises(NotFound):
        version_difference(notice, 3)


def test_while_a_change_is_drafted_the_public_reads_what_was_published(staff: Staff, notice: str) -> None:
    before = public_notice(notice)
    begin_change(notice, Change.SUBJECTS, "增加一名", staff.drafter)
    entry = replace(entry_of_draft(notice), title="还没有发布", subjects=(ZHAO,), office=OFFICE)
    edit_draft(notice, 0, entry, staff.drafter)

    assert public_notice(notice) == before
    with pytest.raises(NotFound):
        public_notice(notice, 2)


def test_one_change_at_a_time(staff: Staff, notice: str) -> None:
    begin_change(notice, Change.MISPRINT, "更正", staff.drafter)

    with pytest.raises(Conflict, match="已经有一份变更稿"):
        begin_change(notice, Change.MISPRINT, "再更正", staff.reviewer)
    drop_draft(notice, 0, staff.drafter)
    assert begin_change(notice, Change.MISPRINT, "再更正", staff.reviewer) == 2
    assert head_of(notice).version == 1


def test_there_is_no_change_of_what_is_not_published(staff: Staff) -> None:
    draft = make_notice(Phase.DRAFT).key

    with pytest.raises(Conflict, match="还没有发布"):
        begin_change(draft, Change.MISPRINT, "更正", staff.drafter)
    with pytest.raises(Conflict, match="首次发布没有变更"):
        restate_change(draft, 0, Change.MISPRINT, "更正", staff.drafter)


def test_a_change_is_of_a_kind_and_says_why(staff: Staff, notice: str) -> None:
    with pytest.raises(InvalidInput) as without_a_note:
        begin_change(notice, Change.MISPRINT, " ", staff.drafter)
    with pytest.raises(InvalidInput) as the_first_again:
        begin_change(notice, Change.FIRST, "示例", staff.drafter)
    with pytest.raises(NotAllowed):
        begin_change(notice, Change.MISPRINT, "更正", staff.leader)

    assert (without_a_note.value.field, the_first_again.value.field) == ("change_note", "change")


def test_the_period_of_a_published_notice_is_not_edited(staff: Staff, notice: str) -> None:
    begin_change(notice, Change.MISPRINT, "更正", staff.drafter)

    edit_draft(notice, 0, replace(entry_of_draft(notice), title="示例", working_days=20), staff.drafter)

    assert head_of(notice).working_days == 5


def test_an_announcement_is_corrected_too(staff: Staff) -> None:
    key = make_notice(Phase.STANDING).key

    change_notice(key, Change.MISPRINT, body="<p>更正后的正文。</p>")

    assert (head_of(key).version, public_notice(key).plain_body) == (2, "更正后的正文。")
    assert head_of(key).kind is Kind.PLAIN


def test_who_drafted_a_change_does_not_examine_it(staff: Staff, notice: str) -> None:
    begin_change(notice, Change.MISPRINT, "更正", staff.drafter)
    edit_draft(notice, 0, replace(entry_of_draft(notice), title="示例"), staff.drafter)
    submit(notice, 1, staff.drafter)

    assert draft_of(notice, staff).next_people == ("示例审核人", "示例签发人", "示例副部长")
    assert isinstance(entry_of_draft(notice), NoticeEntry)
