"""Notices as they are read: by the public what is published, by other rooms where each of them stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from foundation.clock import database_now, local_day
from foundation.errors import InvalidInput, NotFound
from foundation.transaction import transaction
from foundation.working_days import Overrides
from publicity.notices.attachments import Document, read_document
from publicity.notices.cleaning import paragraphs_of
from publicity.notices.differences import Difference, Wording, compare
from publicity.notices.kinds import CHANGE_NAMES, KIND_NAMES, PHASE_NAMES, Change, Kind, Phase, State
from publicity.notices.models import Notice, NoticeAttachment, NoticeSubject, NoticeVersion
from publicity.notices.office import Office
from publicity.notices.period import Period, days_left, phase_of
from publicity.notices.subjects import Subject
from publicity.notices.versions import office_of, period_of_version, published_version, subjects_of, wording_of
from publicity.notices.wording import Days, fill, fill_days
from staff.options.calendar import calendar_overrides

PER_PAGE = 20
_NO_NOTICE = "没有这份公示或公告。"


@dataclass(frozen=True, slots=True)
class NoticeHead:
    """Where a notice stands: by its newest published version, or by its draft where none is published.

    `working_days` is the length of its period, 0 where it has none; `days_left` the working days of it that are left,
    today included.
    """

    id: int
    key: str
    kind: Kind
    title: str
    version: int
    published_at: datetime | None
    first_day: date | None
    last_day: date | None
    working_days: int
    phase: Phase
    days_left: int
    concluded_at: datetime | None

    @property
    def path(self) -> str:
        return f"/notices/{self.key}"

    @property
    def kind_words(self) -> str:
        return KIND_NAMES[self.kind]

    @property
    def phase_words(self) -> str:
        return PHASE_NAMES[self.phase]


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """One page of notices, and how many there are in all."""

    rows: tuple[NoticeHead, ...]
    found: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A published version among its like, without whose hands it went through."""

    number: int
    change: Change
    note: str
    title: str
    published_at: datetime | None
    first_day: date | None
    last_day: date | None
    path: str

    @property
    def change_words(self) -> str:
        return CHANGE_NAMES[self.change]


@dataclass(frozen=True, slots=True)
class AttachmentLine:
    """A file that comes with a version; `size` in bytes."""

    key: str
    filename: str
    media_type: str
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class NoticePage:
    """One version of a notice, whole.

    `body` has list and days in place and nothing but the tags of publicity.notices.cleaning; `plain_body` is its
    words, a line each. `versions` are all that are published, the newest first.
    """

    head: NoticeHead
    version: VersionLine
    body: Markup
    plain_body: str
    subjects: tuple[Subject, ...]
    attachments: tuple[AttachmentLine, ...]
    office: Office
    versions: tuple[VersionLine, ...]

    @property
    def is_newest(self) -> bool:
        return not self.versions or self.version.number == self.versions[0].number


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """What a published version changed in the one before it."""

    older: VersionLine
    newer: VersionLine
    difference: Difference


def running_notices() -> tuple[NoticeHead, ...]:
    """Return the notices whose period runs, the one that ends first at the head."""
    return tuple(head for head in open_notices() if head.phase is Phase.RUNNING)


def open_notices() -> tuple[NoticeHead, ...]:
    """Return the notices with a period that nobody has concluded yet, the one that ends first at the head."""
    with transaction() as session:
        stands = (Notice.working_days > 0, Notice.concluded_at.is_(None))
        query = _heads(_NEWEST_PUBLISHED).where(*stands).order_by(NoticeVersion.last_day, Notice.id)
        return tuple(_as_heads(session, query))


def public_notices(page: int = 1) -> NoticesPage:
    """Return the published notices, the newest version first."""
    with transaction() as session:
        order = (NoticeVersion.published_at.desc(), Notice.id.desc())
        return read_page(session, _heads(_NEWEST_PUBLISHED), page, *order)


def public_notice(key: str, number: int | None = None) -> NoticePage:
    """Return a published version of a notice, the newest where None; raises NotFound for what the public cannot see."""
    with transaction() as session:
        head = notice_head(session, key)
        version = published_version(session, head.id, number)
        if version is None:
            raise NotFound(_NO_NOTICE if number is None else "没有这个版本。")
        return page_of(session, head, version)


def public_attachment(key: str, attachment_key: str) -> Document:
    """Return a file that comes with a published version; raises NotFound."""
    with transaction() as session:
        return _attachment(session, key, attachment_key, NoticeVersion.state == State.PUBLISHED)


def staff_attachment(key: str, attachment_key: str) -> Document:
    """Return a file that comes with any version, for those who see drafts; raises NotFound."""
    with transaction() as session:
        return _attachment(session, key, attachment_key)


def version_difference(key: str, number: int) -> VersionDifference:
    """Return what the published version `number` changed in the one before it; raises NotFound for the first."""
    with transaction() as session:
        head = notice_head(session, key)
        newer = published_version(session, head.id, number)
        older = published_version(session, head.id, number - 1)
        if newer is None or older is None:
            raise NotFound("没有这个版本，或者它前面没有版本可比。")
        lines = {line.number: line for line in version_lines(session, head)}
        wordings = [_as_read(head, version) for version in (older, newer)]
        return VersionDifference(lines[number - 1], lines[number], compare(*wordings))


def notice_head(session: Session, key: str, *, lock: bool = False) -> NoticeHead:
    """Return where a notice stands, in the caller's transaction; raises NotFound.

    With `lock` nobody else changes, concludes or objects to it until that ends.
    """
    if lock:
        session.execute(select(Notice.id).where(Notice.key == key).with_for_update())
    query = _heads(_SHOWN).where(Notice.key == key)
    head = next(_as_heads(session, query), None)
    if head is None:
        raise NotFound(_NO_NOTICE)
    return head


def published_subject(session: Session, head: NoticeHead, kind: str, key: str) -> Subject:
    """Return a subject of the newest published version; raises InvalidInput for the field `subject`."""
    version = published_version(session, head.id)
    query = select(NoticeSubject).where(
        NoticeSubject.version_id == (version.id if version else 0), NoticeSubject.kind == kind, NoticeSubject.key == key
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        raise InvalidInput("请从名单里选一个对象。", field="subject")
    return Subject(row.kind, row.key, row.name, row.text, row.heading, row.unit)


def page_of(session: Session, head: NoticeHead, version: NoticeVersion) -> NoticePage:
    """Return a version whole, a draft as it would be read."""
    subjects = subjects_of(version)
    body = fill(version.body, subjects, days_of(head.working_days, version))
    attachments = tuple(_attachment_line(head.key, row) for row in version.attachments)
    return NoticePage(
        head=head,
        version=version_line(head.key, version),
        body=body,
        plain_body="\n".join(paragraphs_of(str(body))),
        subjects=subjects,
        attachments=attachments,
        office=office_of(version),
        versions=version_lines(session, head),
    )


def version_lines(session: Session, head: NoticeHead) -> tuple[VersionLine, ...]:
    """Return all published versions of a notice, the newest first."""
    query = select(NoticeVersion).where(NoticeVersion.notice_id == head.id, NoticeVersion.state == State.PUBLISHED)
    versions = session.scalars(query.order_by(NoticeVersion.number.desc()))
    return tuple(version_line(head.key, version) for version in versions)


def version_line(key: str, version: NoticeVersion) -> VersionLine:
    """Return one version as a line."""
    return VersionLine(
        number=version.number,
        change=Change(version.change),
        note=version.change_note,
        title=version.title,
        published_at=version.published_at,
        first_day=version.first_day,
        last_day=version.last_day,
        path=f"/notices/{key}/versions/{version.number}",
    )


def days_of(working_days: int, version: NoticeVersion) -> Days:
    """Return when a version was published and which days its period covers."""
    published_on = local_day(version.published_at) if version.published_at else None
    return Days(published_on, period_of_version(version), working_days)


def read_page(session: Session, query: Select[*tuple[Any, ...]], page: int, *order: ColumnElement[Any]) -> NoticesPage:
    """Return one page of heads, the first where there is no such page."""
    found = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-found // PER_PAGE))
    page = page if 1 <= page <= pages else 1
    rows = tuple(_as_heads(session, query.order_by(*order).limit(PER_PAGE).offset((page - 1) * PER_PAGE)))
    return NoticesPage(rows, found, page, pages)


def staff_heads() -> Select[*tuple[Any, ...]]:
    """Return the query of all notices as staff see them, published or drafted."""
    return _heads(_SHOWN)


_other = aliased(NoticeVersion)
_IS_PUBLISHED = NoticeVersion.state == State.PUBLISHED
_NEWEST_PUBLISHED = and_(
    _IS_PUBLISHED,
    ~select(_other.id)
    .where(
        _other.notice_id == NoticeVersion.notice_id,
        _other.state == State.PUBLISHED,
        _other.number > NoticeVersion.number,
    )
    .exists(),
)
_NOTHING_PUBLISHED = (
    ~select(_other.id)
    .where(_other.notice_id == NoticeVersion.notice_id, _other.state == State.PUBLISHED)
    .correlate(NoticeVersion)
    .exists()
)
_SHOWN = or_(
    _NEWEST_PUBLISHED,
    and_(NoticeVersion.state.not_in((State.PUBLISHED, State.DROPPED)), _NOTHING_PUBLISHED),
)


def _heads(shown: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Notice.id,
            Notice.key,
            Notice.kind,
            NoticeVersion.title,
            NoticeVersion.number,
            NoticeVersion.published_at,
            NoticeVersion.first_day,
            NoticeVersion.last_day,
            Notice.working_days,
            Notice.concluded_at,
        )
        .join(NoticeVersion, NoticeVersion.notice_id == Notice.id)
        .where(shown)
    )


def _as_heads(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[NoticeHead]:
    today, overrides = local_day(database_now(session)), calendar_overrides()
    for row in session.execute(query).all():
        yield _head(row, today, overrides)


def _head(row: Row[Any], today: date, overrides: Overrides) -> NoticeHead:
    period = Period(row.first_day, row.last_day) if row.first_day else None
    phase = phase_of(
        published=row.published_at is not None, period=period, concluded=row.concluded_at is not None, today=today
    )
    return NoticeHead(
        id=row.id,
        key=row.key,
        kind=Kind(row.kind),
        title=row.title,
        version=row.number,
        published_at=row.published_at,
        first_day=row.first_day,
        last_day=row.last_day,
        working_days=row.working_days,
        phase=phase,
        days_left=days_left(period, today, overrides) if period else 0,
        concluded_at=row.concluded_at,
    )


def _as_read(head: NoticeHead, version: NoticeVersion) -> Wording:
    """Return a version's wording with its days in place, so that another period shows among the differences."""
    wording = wording_of(version)
    body = fill_days(wording.body, days_of(head.working_days, version))
    return Wording(wording.title, body, wording.subjects, wording.attachments, wording.office)


def _attachment_line(key: str, row: NoticeAttachment) -> AttachmentLine:
    return AttachmentLine(row.key, row.filename, row.media_type, row.size, f"/notices/{key}/attachments/{row.key}")


def _attachment(session: Session, key: str, attachment_key: str, *conditions: ColumnElement[bool]) -> Document:
    query = (
        select(NoticeAttachment)
        .join(NoticeVersion, NoticeVersion.id == NoticeAttachment.version_id)
        .join(Notice, Notice.id == NoticeVersion.notice_id)
        .where(Notice.key == key, NoticeAttachment.key == attachment_key, *conditions)
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound("没有这个附件。")
    return read_document(row.filename, row.media_type, row.digest)
