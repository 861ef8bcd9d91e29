"""Notices in any phase, made by the very steps that staff take, at the time that the test's database shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from foundation.clock import database_now
from foundation.database import db
from foundation.transaction import transaction
from publicity.notices.amending import begin_change
from publicity.notices.drafting import NoticeEntry, draft_notice, edit_draft
from publicity.notices.kinds import WITH_PERIOD, Change, Kind, Phase, State
from publicity.notices.models import Notice, NoticeVersion
from publicity.notices.office import Office
from publicity.notices.reading import NoticeHead, notice_head
from publicity.notices.sheet import notice_sheet
from publicity.notices.signing import issue, review, submit
from publicity.notices.subjects import Subject, new_subject
from staff.actors import Actor
from staff.models import Member
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import actor_of, make_staff

MONDAY = datetime(2017, 6, 5, 1, tzinfo=UTC)
"""9:00 in Jiaozuo, before a week without days off."""

OFFICE = Office("示例组织一科", "工作日8:30至17:30", "0391-0000000", "示例市示例路1号，000000", "office@example.cn")
HEADINGS = ("十佳基层党组织", "十佳共产党员", "优秀共产党员")


@dataclass(frozen=True, slots=True)
class Staff:
    """Four people, enough for every step: two clerks and two leaders, and somebody who only looks on."""

    drafter: Actor
    reviewer: Actor
    leader: Actor
    other_leader: Actor
    supervisor: Actor


def make_office() -> Staff:
    """Return the staff of a notice, each made once in a test."""
    return Staff(
        _member("nigao", "示例拟稿人", Role.OFFICE),
        _member("shenhe", "示例审核人", Role.OFFICE),
        _member("qianfa", "示例签发人", Role.LEADER),
        _member("fubuzhang", "示例副部长", Role.LEADER),
        _member("jiandu", "示例监督人", Role.SUPERVISOR),
    )


def make_subjects(number: int = 3) -> tuple[Subject, ...]:
    """Return an organisation and invented persons under the three awards, each with a key of its own."""
    organisation = new_subject("示例村党支部", heading=HEADINGS[0], unit="示例县")
    return (organisation, *(_person(i, HEADINGS[1 if i < (number - 1) / 2 else 2]) for i in range(number - 1)))


def entry_for(kind: Kind = Kind.FINAL, **changes: object) -> NoticeEntry:
    """Return what a clerk enters for a notice that lacks nothing, with `changes`."""
    if kind in WITH_PERIOD:
        entry = NoticeEntry(kind, subjects=make_subjects(), working_days=5, office=OFFICE)
    else:
        entry = NoticeEntry(kind, title="关于示例事项的公告", body="<p>示例公告正文。</p>")
    return replace(entry, **changes)  # type: ignore[arg-type]  # the names of its fields


def make_notice(
    phase: Phase = Phase.RUNNING,
    *,
    kind: Kind | None = None,
    clock: DatabaseClock | None = None,
    **changes: object,
) -> NoticeHead:
    """Make a notice that stands in `phase` now, by the time the database shows, and return its head.

    A plain one for STANDING, else a final list. What is over or concluded is published long enough before: give the
    test's `clock`, which is moved back for it and on again. `changes` go to the entry.
    """
    kind = kind or (Kind.PLAIN if phase is Phase.STANDING else Kind.FINAL)
    staff, entry = make_office(), entry_for(kind, **changes)
    if phase is Phase.DRAFT:
        return head_of(draft_notice(entry, staff.drafter))
    now = clock.now() if clock else None
    if phase in {Phase.OVER, Phase.CONCLUDED}:
        assert clock is not None, "what is over was published earlier: hand over the clock"
        assert now is not None
        clock.set(now - timedelta(days=60))
    key = publish(draft_notice(entry, staff.drafter))
    if clock and now and phase in {Phase.OVER, Phase.CONCLUDED}:
        clock.set(now)
    if phase is Phase.CONCLUDED:
        conclude(key)
    head = head_of(key)
    assert head.phase is phase, head
    return head


def publish(key: str) -> str:
    """Take the draft of a notice through all its steps, whichever are set; returns the key."""
    staff = make_office()
    step = submit(key, revision_of(key), staff.drafter)
    if step is State.REVIEWING:
        review(key, revision_of(key), staff.reviewer)
    if step is not State.PUBLISHED:
        issue(key, revision_of(key), staff.leader)
    return key


def change_notice(key: str, change: Change, note: str = "示例变更说明", **changes: object) -> None:
    """Publish a new version of a notice with `changes` of what was entered."""
    staff = make_office()
    begin_change(key, change, note, staff.drafter)
    edit_draft(key, revision_of(key), replace(entry_of_draft(key), **changes), staff.drafter)  # type: ignore[arg-type]
    publish(key)


def entry_of_draft(key: str) -> NoticeEntry:
    """Return what the form of the version under way holds."""
    draft = notice_sheet(key, make_office().drafter).draft
    assert draft is not None
    return draft.entry


def conclude(key: str) -> None:
    """End a notice without asking whether it may be ended."""
    with transaction() as session:
        notice = session.scalars(select(Notice).where(Notice.key == key)).one()
        notice.concluded_at, notice.concluded_by = database_now(session), make_office().leader.member_id


def head_of(key: str) -> NoticeHead:
    """Return where a notice stands now."""
    with transaction() as session:
        return notice_head(session, key)


def revision_of(key: str) -> int:
    """Return the revision of the version that is under way."""
    db.session.expire_all()
    query = select(NoticeVersion.revision).join(Notice).where(Notice.key == key, NoticeVersion.state != "published")
    with transaction() as session:
        return session.scalars(query.where(NoticeVersion.state != "dropped")).one()


def subjects_now(key: str) -> Sequence[Subject]:
    """Return the list of the newest version of a notice, published or not."""
    query = select(NoticeVersion).join(Notice).where(Notice.key == key, NoticeVersion.state != "dropped")
    with transaction() as session:
        version = session.scalars(query.order_by(NoticeVersion.number.desc())).first()
        assert version is not None
        rows = version.subjects
        return tuple(Subject(row.kind, row.key, row.name, row.text, row.heading, row.unit) for row in rows)


_DIGITS = "〇一二三四五六七八九"


def _person(number: int, heading: str) -> Subject:
    name = "王示" + "".join(_DIGITS[int(digit)] for digit in str(number))
    return new_subject(name, f"示例单位{number + 1}职员", heading=heading, unit="示例县")


def _member(name: str, display_name: str, role: Role) -> Actor:
    with transaction() as session:
        found = session.scalars(select(Member).where(Member.name == name)).one_or_none()
        if found is not None:
            return Actor(name, found.display_name, found.id, "127.0.0.0/24", "request-1", Role(found.role), found.unit)
    return actor_of(make_staff(name, display_name, role))
