"""Drafts: entered without loss, written anew until somebody writes them by hand, changed only by whoever read them."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from foundation.database import db
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.forms import InvalidFields
from foundation.transaction import transaction
from publicity.notices.drafting import NoticeEntry, draft_notice, drop_draft, edit_draft, new_entry
from publicity.notices.finding import find_notices
from publicity.notices.kinds import Kind, Phase
from publicity.notices.models import NoticeSubject
from publicity.notices.office import Office
from publicity.notices.options import PERIOD
from publicity.notices.sheet import Draft, notice_sheet
from publicity.notices.signing import submit
from publicity.notices.subjects import PERSON, Subject, new_subject
from staff.actors import Actor
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import (
    MONDAY,
    OFFICE,
    Staff,
    entry_for,
    head_of,
    make_office,
    make_subjects,
    subjects_now,
)
from tests.staff.factories_staff import recorded
from tests.staff.options.factories_options import set_to


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(MONDAY)
    return make_office()


def draft_of(key: str, staff: Staff) -> Draft:
    draft = notice_sheet(key, staff.drafter).draft
    assert draft is not None
    return draft


def test_a_draft_is_written_from_its_list(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)

    draft = draft_of(key, staff)
    assert draft.entry.title == "关于十佳基层党组织、十佳共产党员、优秀共产党员预备人选的公示"
    assert (draft.body_by_hand, draft.revision, draft.missing) == (False, 0, ())
    assert head_of(key).phase is Phase.DRAFT
    assert draft.foreseen == "2017年6月6日至6月12日（5个工作日）"
    assert "公示期：发布后填入。" in draft.page.plain_body
    assert recorded() == [("nigao", "notices.draft", f"{draft.entry.title}（{key[:8]}，第1版）", "done")]


def test_a_new_form_holds_what_is_set(staff: Staff) -> None:
    set_to(PERIOD, 7)

    assert new_entry(Kind.FINAL).working_days == 7
    assert new_entry(Kind.FINAL).office.phone == "12380"
    assert new_entry(Kind.PLAIN) == NoticeEntry(Kind.PLAIN)


def test_title_and_text_follow_the_list_until_somebody_writes_them(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)
    only_one = replace(draft_of(key, staff).entry, subjects=make_subjects(1))

    edit_draft(key, 0, only_one, staff.drafter)
    followed = draft_of(key, staff)
    by_hand = replace(followed.entry, title="示例标题", body=followed.entry.body.replace("现予公示", "现予以公示"))
    edit_draft(key, 1, by_hand, staff.drafter)
    edit_draft(key, 2, replace(draft_of(key, staff).entry, subjects=make_subjects(3)), staff.drafter)
    written = draft_of(key, staff)

    assert followed.entry.title == "关于十佳基层党组织预备人选的公示"
    assert "提出了十佳基层党组织预备人选" in followed.entry.body
    assert (written.entry.title, written.body_by_hand) == ("示例标题", True)
    assert written.entry.body == by_hand.body


def test_an_emptied_text_is_written_anew(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL, title="示例", body="<p>示例</p>"), staff.drafter)
    assert draft_of(key, staff).body_by_hand

    edit_draft(key, 0, replace(draft_of(key, staff).entry, title="", body=""), staff.drafter)

    draft = draft_of(key, staff)
    assert (draft.body_by_hand, draft.missing) == (False, ())
    assert draft.entry.title.startswith("关于十佳基层党组织")


def test_the_words_of_a_room_above_stay_when_the_draft_is_saved_again(staff: Staff) -> None:
    key = draft_notice(NoticeEntry(Kind.OPENING, lines=("投票时间：示例。",)), staff.drafter)
    before = draft_of(key, staff).entry

    edit_draft(key, 0, replace(before, title="示例开始公告"), staff.drafter)

    after = draft_of(key, staff).entry
    assert "投票时间：示例。" in after.body
    assert (after.title, after.body) == ("示例开始公告", before.body)


def test_saving_what_was_not_changed_changes_nothing(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)
    from_a_form = replace(draft_of(key, staff).entry, body=draft_of(key, staff).entry.body.replace("><", ">\r\n<"))

    assert edit_draft(key, 0, from_a_form, staff.reviewer) == 0
    assert [act for _, act, _, _ in recorded()] == ["notices.draft"]


def test_the_trail_names_what_was_changed_and_never_to_what(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)
    entry = draft_of(key, staff).entry

    changed = replace(entry, title="示例标题", working_days=7, office=replace(OFFICE, phone="12345"))
    edit_draft(key, 0, changed, staff.drafter)

    assert recorded()[-1] == ("nigao", "notices.edit", f"示例标题（{key[:8]}，第1版）", "done")
    assert draft_of(key, staff).entry.working_days == 7


def test_a_draft_that_somebody_else_changed_meanwhile_is_not_written_over(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)
    read = draft_of(key, staff).entry
    edit_draft(key, 0, replace(read, title="甲"), staff.reviewer)

    with pytest.raises(Conflict, match="刚被别人改过"):
        edit_draft(key, 0, replace(read, title="乙"), staff.drafter)
    assert draft_of(key, staff).entry.title == "甲"


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_kept(staff: Staff) -> None:
    twice = (*make_subjects(), replace(make_subjects()[0], key="another"))
    entry = entry_for(
        Kind.FINAL, title="题" * 121, subjects=twice, working_days=4, office=Office(phone="x"), body="字" * 100_001
    )

    with pytest.raises(InvalidFields) as caught:
        draft_notice(entry, staff.drafter)

    assert caught.value.faults == {
        "subjects-3-name": "“示例村党支部”和第1个重复了。",
        "office_phone": "电话只能用数字、括号和连字符。",
        "title": "标题太长，最多120个字。",
        "working_days": "公示期要在5到60个工作日之间。",
        "body": "正文太长，最多100,000个字符。",
    }
    assert find_notices().found == 0


def test_an_announcement_needs_a_title_and_has_no_period(staff: Staff) -> None:
    with pytest.raises(InvalidFields) as caught:
        draft_notice(NoticeEntry(Kind.PLAIN, body="<p>示例</p>", working_days=9), staff.drafter)

    assert caught.value.faults == {"title": "请填写标题。"}
    key = draft_notice(NoticeEntry(Kind.PLAIN, "示例", "<p>示例</p>", working_days=9), staff.drafter)
    assert head_of(key).working_days == 0


def test_the_kind_stays(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)

    with pytest.raises(InvalidInput) as caught:
        edit_draft(key, 0, entry_for(Kind.UNIT), staff.drafter)
    assert caught.value.field == "kind"


def test_a_row_keeps_its_key_when_it_is_edited_and_when_the_list_is_pasted_again(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)
    village, one, two = subjects_now(key)
    slip = replace(one, name=one.name.replace("示", "视"))
    again = new_subject(two.name, two.text, heading=two.heading, unit=two.unit)

    edit_draft(key, 0, replace(draft_of(key, staff).entry, subjects=(again, slip, village)), staff.drafter)

    assert subjects_now(key) == (two, slip, village)


def test_an_offered_subject_that_is_written_over_is_another_one(staff: Staff) -> None:
    offered = Subject("candidate", "demo:7", "王示", "示例单位职员", heading="十佳共产党员")
    key = draft_notice(entry_for(Kind.FINAL, subjects=(offered,)), staff.drafter)
    written_over = replace(offered, name="赵新", text="另一单位职员")

    edit_draft(key, 0, replace(draft_of(key, staff).entry, subjects=(written_over,)), staff.drafter)

    (now,) = subjects_now(key)
    assert (now.kind, now.name) == (PERSON, "赵新")


def test_an_organisation_that_was_taken_for_a_person_is_put_right(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL, subjects=(new_subject("示例服务队"),)), staff.drafter)
    (taken,) = subjects_now(key)

    corrected = replace(taken, kind="organisation")
    edit_draft(key, 0, replace(draft_of(key, staff).entry, subjects=(corrected,)), staff.drafter)

    assert subjects_now(key) == (corrected,)


def test_what_is_pasted_into_the_text_is_cleaned(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.PLAIN, body="<p onclick=x>示例<script>x</script></p>"), staff.drafter)

    assert draft_of(key, staff).entry.body == "<p>示例</p>"


def test_a_thousand_subjects_are_kept_in_their_order(staff: Staff) -> None:
    subjects = tuple(new_subject(f"王{chr(0x4E00 + i)}{chr(0x4E00 + i // 30)}", f"示例单位{i}") for i in range(1000))

    key = draft_notice(entry_for(Kind.FINAL, subjects=subjects), staff.drafter)

    assert subjects_now(key) == subjects


def test_a_dropped_draft_is_gone_with_its_list(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)

    drop_draft(key, 0, staff.drafter)

    with pytest.raises(NotFound):
        notice_sheet(key, staff.drafter)
    with pytest.raises(NotFound):
        drop_draft(key, 0, staff.drafter)
    with transaction() as session:
        assert session.scalars(select(NoticeSubject.id)).all() == []
    assert find_notices().found == 0
    assert [act for _, act, _, _ in recorded()] == ["notices.draft", "notices.drop"]


def test_what_was_submitted_is_neither_edited_nor_dropped(staff: Staff) -> None:
    key = draft_notice(entry_for(Kind.FINAL), staff.drafter)
    entry = draft_of(key, staff).entry
    submit(key, 0, staff.drafter)

    with pytest.raises(Conflict, match="正在等待审核"):
        edit_draft(key, 0, replace(entry, title="晚了"), staff.drafter)
    with pytest.raises(Conflict, match="正在等待审核"):
        drop_draft(key, 0, staff.drafter)


@pytest.mark.parametrize("role", [Role.LEADER, Role.SUPERVISOR, Role.UNIT, Role.ADMINISTRATOR, None])
def test_only_the_office_drafts(staff: Staff, role: Role | None) -> None:
    somebody = replace(staff.drafter, role=role, unit="示例县" if role is Role.UNIT else None)

    with pytest.raises(NotAllowed):
        draft_notice(entry_for(Kind.FINAL), somebody)
    assert recorded() == [("nigao", "notices.draft", "notices.draft", "refused")]
    db.session.rollback()


def test_nobody_drafts_without_being_a_member(app: Flask) -> None:
    with pytest.raises(NotAllowed, match="以工作人员的名义"):
        draft_notice(entry_for(Kind.FINAL), Actor("clerk", "示例", role=Role.OFFICE))


def test_there_is_nothing_to_edit_under_another_address(staff: Staff) -> None:
    for key in ("", "0" * 32, "'"):
        with pytest.raises(NotFound):
            edit_draft(key, 0, entry_for(), staff.drafter)
