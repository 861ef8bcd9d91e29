"""Changing what is published: a new draft that starts from it, and says what kind of change it is."""

from sqlalchemy.orm import Session

from foundation.errors import Conflict, InvalidInput
from foundation.ids import random_id
from foundation.transaction import transaction
from publicity.notices.acts import AMEND
from publicity.notices.kinds import Change, State
from publicity.notices.models import Notice, NoticeAttachment, NoticeVersion
from publicity.notices.signing import check_reason, refuse_restart
from publicity.notices.versions import (
    audited,
    draft_to_edit,
    member_of,
    notice_to_change,
    office_of,
    published_version,
    set_office,
    subject_rows,
    subjects_of,
    touch,
    unpublished_version,
)
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand

CHANGES = (Change.SUBJECTS, Change.WITHDRAWAL, Change.MISPRINT)
"""What a version after the first can be."""


def begin_change(key: str, change: Change, note: str, actor: Actor) -> int:
    """Draft a new version from the one that is published; returns its number.

    `note` says to the public what is changed and why. Raises Conflict where nothing is published, a draft is under
    way already, or new subjects come after the end; InvalidInput, NotFound, NotAllowed.
    """
    demand(actor, AMEND)
    member_id = member_of(actor)
    note = check_reason(note, "change_note")
    with transaction() as session:
        notice = notice_to_change(session, key)
        base = published_version(session, notice.id)
        if base is None:
            raise Conflict("还没有发布，直接改这一稿就行。")
        if unpublished_version(session, notice.id) is not None:
            raise Conflict("已经有一份变更稿还没有发布，请先办完或作废那一份。")
        _refuse_change(notice, change)
        version = _copied(notice, base, member_id)
        version.change, version.change_note = change, note
        session.add(version)
        session.flush()
        _copy_parts(session, base, version)
        record(AMEND, audited(notice, version), actor, fields=("change",))
        return version.number


def restate_change(key: str, revision: int, change: Change, note: str, actor: Actor) -> int:
    """Say anew what kind of change a draft is, and why; returns the new revision.

    Raises Conflict, InvalidInput, NotFound, NotAllowed.
    """
    demand(actor, AMEND)
    member_id = member_of(actor)
    note = check_reason(note, "change_note")
    with transaction() as session:
        notice, version = draft_to_edit(session, key, revision)
        if version.change == Change.FIRST:
            raise Conflict("首次发布没有变更可说明。")
        _refuse_change(notice, change)
        version.change, version.change_note = change, note
        record(AMEND, audited(notice, version), actor, fields=("change",))
        return touch(version, member_id)


def _refuse_change(notice: Notice, change: Change) -> None:
    if change not in CHANGES:
        raise InvalidInput("请选一种变更。", field="change")
    refuse_restart(notice, change)


def _copied(notice: Notice, base: NoticeVersion, member_id: int) -> NoticeVersion:
    version = NoticeVersion(
        notice_id=notice.id,
        number=base.number + 1,
        state=State.DRAFT,
        title=base.title,
        body=base.body,
        body_by_hand=base.body_by_hand,
        drafted_by=member_id,
        editors=[member_id],
    )
    set_office(version, office_of(base))
    return version


def _copy_parts(session: Session, base: NoticeVersion, version: NoticeVersion) -> None:
    version.subjects = subject_rows(subjects_of(base))
    version.attachments = [
        NoticeAttachment(
            key=random_id(),
            position=row.position,
            filename=row.filename,
            media_type=row.media_type,
            size=row.size,
            digest=row.digest,
        )
        for row in base.attachments
    ]
    session.flush()
