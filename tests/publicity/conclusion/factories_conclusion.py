"""A final list published on a Friday of June 2017, its changes, and objections to whom it names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from publicity.notices.amending import begin_change
from publicity.notices.drafting import NoticeEntry, draft_notice, edit_draft
from publicity.notices.kinds import Change
from publicity.notices.subjects import Subject
from publicity.objections.entries import Entry
from publicity.objections.handling import accept, examine, resolve
from publicity.objections.raising import enter_objection, raise_objection
from publicity.objections.rules import RaisedAs, State, Way
from tests.publicity.factories_notices import Staff, entry_for, head_of, publish, revision_of
from tests.publicity.factories_objections import anonymous, entry_to

PUBLISHED = datetime(2017, 6, 2, 2, tzinfo=UTC)  # Friday 10:00 in Jiaozuo; the period is 5 to 9 June
RUNNING = PUBLISHED + timedelta(days=4)
OVER = PUBLISHED + timedelta(days=8)  # Saturday 10 June
WANG = Subject("person", "wang", "王示例", "示例县示例村 党支部书记", "十佳共产党员", "示例县委")
DING = Subject("person", "ding", "丁示例", "示例区示例学校 教师", "十佳共产党员", "示例区委")
LI = Subject("person", "li", "李示例", "示例县示例医院 医师", "十佳共产党员", "示例县委")
VILLAGE = Subject("organisation", "cun", "示例村党支部", "", "十佳基层党组织", "示例县委")
SUBJECTS = (VILLAGE, WANG, DING)
TITLE = "关于十佳基层党组织、十佳共产党员预备人选的公示"
NOT_SO = "经核查，反映的问题不属实。"


def publish_list(staff: Staff, subjects: tuple[Subject, ...] = SUBJECTS) -> str:
    """Publish a final list; returns its key."""
    return publish(draft_notice(entry_for(subjects=subjects), staff.drafter))


def publish_entry(staff: Staff, entry: NoticeEntry) -> str:
    return publish(draft_notice(entry, staff.drafter))


def publish_change(staff: Staff, key: str, change: Change, note: str, subjects: tuple[Subject, ...] = SUBJECTS) -> None:
    """Publish a further version."""
    begin_change(key, change, note, staff.drafter)
    edit_draft(key, revision_of(key), entry_for(subjects=subjects), staff.drafter)
    publish(key)


def raise_on_the_web(key: str, subject: Subject = WANG, raised_as: RaisedAs = RaisedAs.PERSON) -> str:
    """Raise an objection to a subject; returns its code."""
    return raise_objection(key, _entry(key, subject, raised_as), openid=None).code


def enter_letter(key: str, staff: Staff, subject: Subject = WANG) -> str:
    """Enter a letter that came while the notice ran; returns its code."""
    entry = _entry(key, subject, RaisedAs.PERSON)
    return enter_objection(key, entry, Way.LETTER, RUNNING.date(), staff.drafter).code


def settle(code: str, staff: Staff, *, result: State = State.UNFOUNDED, summary: str = NOT_SO) -> None:
    """Examine an objection and settle it."""
    accept(code, "", staff.drafter, seen=1)
    examine(code, "示例核查情况。", staff.drafter, seen=2)
    resolve(code, result, "示例认定。", summary, staff.drafter, seen=3)


def _entry(key: str, subject: Subject, raised_as: RaisedAs) -> Entry:
    head = head_of(key)
    entry = anonymous(head) if raised_as is RaisedAs.ANONYMOUS else entry_to(head)
    return replace(entry, subject_kind=subject.kind, subject_key=subject.key)
