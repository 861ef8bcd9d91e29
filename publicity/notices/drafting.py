"""Drafting a notice: entered, edited under its revision, given attachments, dropped."""

from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.forms import InvalidFields
from foundation.ids import random_id
from foundation.transaction import transaction
from foundation.uploads import Upload, keep_upload
from publicity.notices.acts import DRAFT, DROP, EDIT
from publicity.notices.attachments import MOST_ATTACHMENTS, inspect
from publicity.notices.cleaning import clean_body, is_same_text
from publicity.notices.kinds import LONGEST_PERIOD, WITH_PERIOD, Change, Kind, State
from publicity.notices.models import Notice, NoticeAttachment, NoticeVersion
from publicity.notices.office import Office, check_office, trimmed
from publicity.notices.options import ISSUER, PERIOD, default_office
from publicity.notices.subjects import Subject, check_subjects, settle_keys
from publicity.notices.versions import (
    audited,
    draft_to_edit,
    member_of,
    office_of,
    published_version,
    set_office,
    subject_rows,
    subjects_of,
    touch,
)
from publicity.notices.wording import MOST_TITLE, write_body, write_title
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand

_FIELDS = ("title", "body", "subjects", "working_days", "office")


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """A notice as entered.

    An empty title or body asks for the generated one, which then follows list and office until somebody edits it.
    `working_days` of 0 asks for the period that is set; `lines` are paragraphs that a room above offered.
    """

    kind: Kind
    title: str = ""
    body: str = ""
    subjects: tuple[Subject, ...] = ()
    working_days: int = 0
    office: Office = field(default_factory=Office)
    lines: tuple[str, ...] = ()


def new_entry(kind: Kind) -> NoticeEntry:
    """Return what the form of a new notice holds before anybody typed."""
    if kind not in WITH_PERIOD:
        return NoticeEntry(kind)
    return NoticeEntry(kind, working_days=PERIOD.value(), office=default_office())


def draft_notice(entry: NoticeEntry, actor: Actor) -> str:
    """Draft a notice; returns its key. Raises InvalidFields, NotAllowed."""
    demand(actor, DRAFT)
    member_id = member_of(actor)
    entry = _checked(entry, first=True)
    with transaction() as session:
        notice = Notice(key=random_id(), kind=entry.kind, working_days=entry.working_days, created_by=member_id)
        version = NoticeVersion(
            notice=notice, number=1, state=State.DRAFT, change=Change.FIRST, drafted_by=member_id, editors=[member_id]
        )
        version.title = version.body = ""
        version.body_by_hand, version.revision = False, 0
        session.add_all([notice, version])
        _write(session, version, entry)
        record(DRAFT, audited(notice, version), actor)
        return notice.key


def edit_draft(key: str, revision: int, entry: NoticeEntry, actor: Actor) -> int:
    """Change a draft that was read at `revision`; returns the revision that came of it, the same where nothing changed.

    Raises Conflict where somebody was faster or the draft was submitted, InvalidFields, NotFound, NotAllowed.
    """
    demand(actor, EDIT)
    member_id = member_of(actor)
    with transaction() as session:
        notice, version = draft_to_edit(session, key, revision)
        if entry.kind != notice.kind:
            raise InvalidInput("种类起草以后不能改，要换种类请另起一份。", field="kind")
        first = version.change == Change.FIRST
        entry = _checked(entry, first=first)
        before = _state(notice, version)
        if first:
            notice.working_days = entry.working_days
        known = _known(session, notice, version, entry)
        _write(session, version, replace(entry, subjects=settle_keys(entry.subjects, known)))
        pairs = zip(_FIELDS, before, _state(notice, version), strict=True)
        changed = tuple(name for name, old, new in pairs if old != new)
        if not changed:
            return version.revision
        record(EDIT, audited(notice, version), actor, fields=changed)
        return touch(version, member_id)


def drop_draft(key: str, revision: int, actor: Actor) -> None:
    """Give up a draft with its list and its attachments; what is published stays. Raises NotFound, Conflict."""
    demand(actor, DROP)
    with transaction() as session:
        notice, version = draft_to_edit(session, key, revision)
        version.subjects, version.attachments = [], []
        session.flush()
        version.state = State.DROPPED
        record(DROP, audited(notice, version), actor, fields=("state",))


def attach(key: str, revision: int, upload: Upload, actor: Actor) -> int:
    """Add a file to a draft; returns the new revision.

    Pictures are encoded anew, so that nothing of where they were taken goes out with them. Raises InvalidInput for
    the field `attachment`, NotFound, Conflict.
    """
    demand(actor, EDIT)
    member_id = member_of(actor)
    with transaction() as session:
        _refuse_full(draft_to_edit(session, key, revision)[1])
    document = inspect(upload, field="attachment")
    digest = keep_upload(document.content)
    with transaction() as session:
        notice, version = draft_to_edit(session, key, revision)
        _refuse_full(version)
        if document.filename in {row.filename for row in version.attachments}:
            taken = f"已经有一个叫“{document.filename}”的附件，请改名再传，或先删去旧的。"
            raise InvalidInput(taken, field="attachment")
        position = max((row.position for row in version.attachments), default=-1) + 1
        version.attachments.append(
            NoticeAttachment(
                key=random_id(),
                position=position,
                filename=document.filename,
                media_type=document.media_type,
                size=len(document.content),
                digest=digest,
            )
        )
        record(EDIT, audited(notice, version), actor, fields=("attachments",))
        return touch(version, member_id)


def detach(key: str, revision: int, attachment_key: str, actor: Actor) -> int:
    """Take a file away from a draft; returns the new revision. Raises NotFound, Conflict."""
    demand(actor, EDIT)
    member_id = member_of(actor)
    with transaction() as session:
        notice, version = draft_to_edit(session, key, revision)
        kept = [row for row in version.attachments if row.key != attachment_key]
        if len(kept) == len(version.attachments):
            raise NotFound("没有这个附件。")
        version.attachments = kept
        record(EDIT, audited(notice, version), actor, fields=("attachments",))
        return touch(version, member_id)


def entry_of(notice: Notice, version: NoticeVersion) -> NoticeEntry:
    """Return what the form of a version holds."""
    return NoticeEntry(
        Kind(notice.kind),
        version.title,
        version.body,
        subjects_of(version),
        notice.working_days,
        office_of(version),
    )


def _checked(entry: NoticeEntry, *, first: bool) -> NoticeEntry:
    """Return the entry tidied; raises InvalidFields with all that is wrong at once.

    The period is entered with the first version, and stays what it is in those that change it.
    """
    has_period = entry.kind in WITH_PERIOD
    entry = replace(
        entry,
        title=" ".join(entry.title.split()),
        office=trimmed(entry.office),
        working_days=(entry.working_days or PERIOD.value()) if has_period else 0,
    )
    faults = check_subjects(entry.subjects, twice_under_awards=entry.kind is Kind.UNIT) | check_office(entry.office)
    if len(entry.title) > MOST_TITLE:
        faults["title"] = f"标题太长，最多{MOST_TITLE}个字。"
    elif entry.kind is Kind.PLAIN and not entry.title:
        faults["title"] = "请填写标题。"
    if first and has_period and not PERIOD.value() <= entry.working_days <= LONGEST_PERIOD:
        faults["working_days"] = f"公示期要在{PERIOD.value()}到{LONGEST_PERIOD}个工作日之间。"
    try:
        entry = replace(entry, body=clean_body(entry.body))
    except InvalidInput as error:
        faults["body"] = error.message
    if faults:
        raise InvalidFields(faults)
    return entry


def _known(session: Session, notice: Notice, version: NoticeVersion, entry: NoticeEntry) -> tuple[Subject, ...]:
    """Return the subjects whose keys are kept: those of the version that is changed, or else of the draft itself."""
    base = published_version(session, notice.id)
    if base is not None:
        return subjects_of(base)
    wanted = {one.key: one.kind for one in entry.subjects}
    return tuple(one for one in subjects_of(version) if wanted.get(one.key, one.kind) == one.kind)


def _write(session: Session, version: NoticeVersion, entry: NoticeEntry) -> None:
    """Write the entry into a draft; title and text follow list and office until somebody edits them."""
    before = subjects_of(version)
    follows = version.title in {"", write_title(entry.kind, before)} and entry.title in {"", version.title}
    version.title = write_title(entry.kind, entry.subjects) if follows or not entry.title else entry.title
    _write_body(version, entry)
    set_office(version, entry.office)
    session.flush()
    if entry.subjects != before:
        version.subjects = []
        session.flush()  # a key is free for its new row only once the old one is gone
        version.subjects = subject_rows(entry.subjects)
        session.flush()


def _write_body(version: NoticeVersion, entry: NoticeEntry) -> None:
    generated = clean_body(write_body(entry.kind, entry.subjects, entry.office, ISSUER.value(), entry.lines))
    is_kept = bool(entry.body) and is_same_text(entry.body, version.body)
    if is_kept and (version.body_by_hand or entry.kind not in WITH_PERIOD):
        return
    if is_kept or not entry.body or is_same_text(entry.body, generated):
        # Paragraphs from a room above are not kept apart, so that a text with some is not written anew without them.
        version.body, version.body_by_hand = generated, bool(entry.lines)
    else:
        version.body, version.body_by_hand = entry.body, True


def _state(notice: Notice, version: NoticeVersion) -> tuple[object, ...]:
    return version.title, version.body, subjects_of(version), notice.working_days, office_of(version)


def _refuse_full(version: NoticeVersion) -> None:
    if len(version.attachments) >= MOST_ATTACHMENTS:
        raise Conflict(f"附件最多{MOST_ATTACHMENTS}个。", field="attachment")
