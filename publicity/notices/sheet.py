"""Notices as the console shows them: a line of the list, and one whole with draft, versions and who is next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from foundation.working_days import UnknownYear
from publicity.notices.acts import AMEND, DROP, EDIT, ISSUE, MEDIA, REVIEW, SEND_BACK, SUBMIT
from publicity.notices.differences import Difference, compare
from publicity.notices.drafting import NoticeEntry, entry_of
from publicity.notices.kinds import CHANGE_NAMES, STATE_NAMES, Change, State
from publicity.notices.models import Notice, NoticeMedium, NoticeVersion
from publicity.notices.readiness import Concern
from publicity.notices.reading import (
    NoticeHead,
    NoticePage,
    VersionLine,
    notice_head,
    page_of,
    version_line,
)
from publicity.notices.signing import days_if_published, hands_in, unfinished
from publicity.notices.versions import published_version, unpublished_version, wording_of
from publicity.notices.wording import show_period
from staff.actors import Actor
from staff.acts import ACTS, allows
from staff.models import Member

NEXT_ACT: Mapping[State, str] = {State.DRAFT: SUBMIT, State.REVIEWING: REVIEW, State.SIGNING: ISSUE}
"""What an unpublished version waits for."""


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice in the list, with how far the version is that is not published yet, if there is one."""

    head: NoticeHead
    state: State | None

    @property
    def state_words(self) -> str:
        return STATE_NAMES[self.state] if self.state else ""


@dataclass(frozen=True, slots=True)
class NoticeList:
    """One page of the notices found, and how many there are in all."""

    rows: tuple[NoticeLine, ...]
    found: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class StaffVersion:
    """A published version with the names of whose hands it went through; empty where nobody was needed."""

    line: VersionLine
    drafted_by: str
    reviewed_by: str
    issued_by: str


@dataclass(frozen=True, slots=True)
class MediumLine:
    """Where the notice stood besides; `filename` of the scan, empty where there is only a link."""

    key: str
    name: str
    appeared_on: date
    address: str
    filename: str
    noted_by: str
    noted_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A version on its way: what was entered, how it will read, what it lacks, and who comes next.

    `foreseen` is the period it would get today, `warning` why that cannot be told. `next_people` may take the next
    step; `may` holds the acts that whoever looks at it may do to it now.
    """

    number: int
    state: State
    change: Change
    change_note: str
    revision: int
    entry: NoticeEntry
    body_by_hand: bool
    page: NoticePage
    drafted_by: str
    drafted_at: datetime
    submitted_at: datetime | None
    reviewed_by: str
    reviewed_at: datetime | None
    returned_because: str
    missing: tuple[Concern, ...]
    foreseen: str
    warning: str
    difference: Difference | None
    next_people: tuple[str, ...]
    may: frozenset[str]

    @property
    def state_words(self) -> str:
        return STATE_NAMES[self.state]

    @property
    def change_words(self) -> str:
        return CHANGE_NAMES[self.change]


@dataclass(frozen=True, slots=True)
class NoticeSheet:
    """A notice whole, for staff; `may` holds the acts that can be done to what is published."""

    head: NoticeHead
    published: NoticePage | None
    versions: tuple[StaffVersion, ...]
    draft: Draft | None
    media: tuple[MediumLine, ...]
    created_by: str
    created_at: datetime
    concluded_by: str
    conclusion: str
    may: frozenset[str]


def notice_sheet(key: str, actor: Actor) -> NoticeSheet:
    """Return all that staff see of a notice, as `actor` may deal with it; raises NotFound."""
    with transaction() as session:
        head = notice_head(session, key)
        notice = session.get_one(Notice, head.id)
        names = _names(session)
        published = published_version(session, notice.id)
        version = unpublished_version(session, notice.id)
        return NoticeSheet(
            head=head,
            published=page_of(session, head, published) if published else None,
            versions=_versions(session, head, names),
            draft=_draft(session, head, version, actor, names=names) if version else None,
            media=_media(session, notice, names),
            created_by=names[notice.created_by],
            created_at=notice.created_at,
            concluded_by=names[notice.concluded_by] if notice.concluded_by else "",
            conclusion=notice.conclusion,
            may=_may_with_published(published, version, actor),
        )


def may_do(version: NoticeVersion, actor: Actor) -> frozenset[str]:
    """Return the acts that `actor` may do to an unpublished version now."""
    state, acts = State(version.state), set[str]()
    if state is State.DRAFT:
        acts = {EDIT, DROP, SUBMIT}
    elif actor.member_id not in hands_in(version, state):
        acts = {NEXT_ACT[state]}
    may = {act for act in acts if allows(actor, act)}
    if state is not State.DRAFT and (may or actor.member_id in version.editors) and allows(actor, SEND_BACK):
        may.add(SEND_BACK)
    return frozenset(may)


def _draft(
    session: Session, head: NoticeHead, version: NoticeVersion, actor: Actor, *, names: Mapping[int, str]
) -> Draft:
    notice = version.notice
    base = published_version(session, notice.id)
    before, wording = wording_of(base) if base else None, wording_of(version)
    foreseen, warning = _foreseen(session, notice, version)
    return Draft(
        number=version.number,
        state=State(version.state),
        change=Change(version.change),
        change_note=version.change_note,
        revision=version.revision,
        entry=entry_of(notice, version),
        body_by_hand=version.body_by_hand,
        page=page_of(session, head, version),
        drafted_by=names[version.drafted_by],
        drafted_at=version.drafted_at,
        submitted_at=version.submitted_at,
        reviewed_by=names[version.reviewed_by] if version.reviewed_by else "",
        reviewed_at=version.reviewed_at,
        returned_because=version.returned_because,
        missing=unfinished(session, notice, version),
        foreseen=foreseen,
        warning=warning,
        difference=compare(before, wording) if before else None,
        next_people=_next_people(session, version),
        may=may_do(version, actor),
    )


def _foreseen(session: Session, notice: Notice, version: NoticeVersion) -> tuple[str, str]:
    """Return the period that publishing now would give, or else why that cannot be told."""
    try:
        period = days_if_published(session, notice, version)
    except UnknownYear as error:
        return "", error.message
    return ("" if period is None else show_period(period, notice.working_days)), ""


def _next_people(session: Session, version: NoticeVersion) -> tuple[str, ...]:
    """Name those who may take the next step with a version that waits for somebody."""
    state = State(version.state)
    if state is State.DRAFT:
        return ()
    able = select(Member.display_name).where(
        Member.role.in_(ACTS[NEXT_ACT[state]].roles),
        Member.id.not_in(hands_in(version, state)),
        Member.disabled_at.is_(None),
    )
    return tuple(session.scalars(able.order_by(Member.id)))


def _versions(session: Session, head: NoticeHead, names: Mapping[int, str]) -> tuple[StaffVersion, ...]:
    query = select(NoticeVersion).where(NoticeVersion.notice_id == head.id, NoticeVersion.state == State.PUBLISHED)
    return tuple(
        StaffVersion(
            version_line(head.key, version),
            names[version.drafted_by],
            names[version.reviewed_by] if version.reviewed_by else "",
            names[version.issued_by] if version.issued_by else "",
        )
        for version in session.scalars(query.order_by(NoticeVersion.number.desc()))
    )


def _media(session: Session, notice: Notice, names: Mapping[int, str]) -> tuple[MediumLine, ...]:
    query = select(NoticeMedium).where(NoticeMedium.notice_id == notice.id)
    return tuple(
        MediumLine(row.key, row.name, row.appeared_on, row.address, row.filename, names[row.noted_by], row.noted_at)
        for row in session.scalars(query.order_by(NoticeMedium.appeared_on, NoticeMedium.id))
    )


def _may_with_published(published: NoticeVersion | None, version: NoticeVersion | None, actor: Actor) -> frozenset[str]:
    if published is None:
        return frozenset()
    acts = {MEDIA} if version is not None else {MEDIA, AMEND}
    return frozenset(act for act in acts if allows(actor, act))


def _names(session: Session) -> dict[int, str]:
    """Return what every member is called; the staff are a few dozen people."""
    return {row[0]: row[1] for row in session.execute(select(Member.id, Member.display_name))}
