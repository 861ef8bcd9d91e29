"""Notices and their versions as use cases take hold of them: locked, in the right state, at the revision read."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.errors import Conflict, NotAllowed, NotFound
from publicity.notices.differences import Wording
from publicity.notices.kinds import UNPUBLISHED, State
from publicity.notices.models import Notice, NoticeSubject, NoticeVersion
from publicity.notices.office import Office
from publicity.notices.period import Period
from publicity.notices.subjects import Subject
from staff.actors import Actor

OUTDATED = "这一稿刚被别人改过，请重新打开看过再办。您填写的内容还在这一页上。"


def notice_to_change(session: Session, key: str) -> Notice:
    """Return the notice, kept from being changed by others until the transaction ends; raises NotFound.

    Whatever else is locked is locked after it.
    """
    query = select(Notice).where(Notice.key == key).with_for_update()
    notice = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if notice is None or not _live(session, notice.id):
        raise NotFound("没有这份公示或公告。")
    return notice


def unpublished_version(session: Session, notice_id: int) -> NoticeVersion | None:
    """Return the version that is on its way through the office, as it stands now."""
    condition = (NoticeVersion.notice_id == notice_id, NoticeVersion.state.in_(UNPUBLISHED))
    version = session.scalars(
        select(NoticeVersion).where(*condition).execution_options(populate_existing=True)
    ).one_or_none()
    if version is not None:
        session.expire(version, ["subjects", "attachments"])
    return version


def published_version(session: Session, notice_id: int, number: int | None = None) -> NoticeVersion | None:
    """Return the published version `number`, the newest where None."""
    query = select(NoticeVersion).where(NoticeVersion.notice_id == notice_id, NoticeVersion.state == State.PUBLISHED)
    if number is not None:
        query = query.where(NoticeVersion.number == number)
    return session.scalars(query.order_by(NoticeVersion.number.desc()).limit(1)).one_or_none()


def version_under_way(session: Session, key: str, revision: int, *states: State) -> tuple[Notice, NoticeVersion]:
    """Return the notice and its unpublished version, which must be in one of `states` and at the revision read.

    Raises NotFound, or Conflict where somebody went on before.
    """
    notice = notice_to_change(session, key)
    version = unpublished_version(session, notice.id)
    if version is None:
        raise Conflict("这一稿已经发布或作废，请重新打开看看。")
    if version.state not in states:
        raise Conflict(_ELSEWHERE[State(version.state)])
    if version.revision != revision:
        raise Conflict(OUTDATED)
    return notice, version


def draft_to_edit(session: Session, key: str, revision: int) -> tuple[Notice, NoticeVersion]:
    """Return the notice and its draft, for whoever read `revision`; raises NotFound, Conflict."""
    return version_under_way(session, key, revision, State.DRAFT)


def subjects_of(version: NoticeVersion) -> tuple[Subject, ...]:
    """Return the list as plain values, in its order."""
    return tuple(Subject(row.kind, row.key, row.name, row.text, row.heading, row.unit) for row in version.subjects)


def subject_rows(subjects: tuple[Subject, ...]) -> list[NoticeSubject]:
    """Return new rows for a list, in its order."""
    return [
        NoticeSubject(
            position=position,
            kind=one.kind,
            key=one.key,
            heading=one.heading,
            name=one.name,
            text=one.text,
            unit=one.unit,
        )
        for position, one in enumerate(subjects)
    ]


def office_of(version: NoticeVersion) -> Office:
    """Return who takes objections, as the version says."""
    return Office(
        version.office, version.office_hours, version.office_phone, version.office_address, version.office_email
    )


def set_office(version: NoticeVersion, office: Office) -> None:
    """Write down who takes objections."""
    version.office, version.office_hours, version.office_phone = office.name, office.hours, office.phone
    version.office_address, version.office_email = office.address, office.email


def period_of_version(version: NoticeVersion) -> Period | None:
    """Return the days that were fixed when the version was published."""
    if version.first_day is None or version.last_day is None:
        return None
    return Period(version.first_day, version.last_day)


def wording_of(version: NoticeVersion) -> Wording:
    """Return what readers see of the version, its text with tokens."""
    attachments = tuple(row.filename for row in version.attachments)
    return Wording(version.title, version.body, subjects_of(version), attachments, office_of(version))


def audited(notice: Notice, version: NoticeVersion) -> str:
    """Name a version for the audit trail, by title, address and number."""
    return f"{version.title}（{notice.key[:8]}，第{version.number}版）"


def note_hand(version: NoticeVersion, member_id: int) -> None:
    """Note that a member had a hand in the draft, and so neither examines nor issues it."""
    if member_id not in version.editors:
        version.editors = [*version.editors, member_id]


def touch(version: NoticeVersion, member_id: int) -> int:
    """Note that a member changed the draft; returns the revision that came of it."""
    note_hand(version, member_id)
    version.revision += 1
    return version.revision


def member_of(actor: Actor) -> int:
    """Return the id of the member who acts; raises NotAllowed for whoever is none, since each step names a person."""
    if actor.member_id is None:
        raise NotAllowed("这一步要以工作人员的名义办理，请登录后台操作。")
    return actor.member_id


_ELSEWHERE = {
    State.DRAFT: "这一稿已经退回或撤回，还在修改。",
    State.REVIEWING: "这一稿已经提交，正在等待审核。要修改，请先撤回或由审核人退回。",
    State.SIGNING: "这一稿正在等待签发。要修改，请先撤回或由签发人退回。",
}


def _live(session: Session, notice_id: int) -> bool:
    """Tell whether anything of the notice was not dropped."""
    query = select(NoticeVersion.id).where(NoticeVersion.notice_id == notice_id, NoticeVersion.state != State.DROPPED)
    return session.scalars(query.limit(1)).one_or_none() is not None
