"""Pushes as the console shows them: one whole, the list, those that concern the desk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from foundation.clock import database_now
from foundation.errors import NotFound
from foundation.transaction import transaction
from publicity.notices.models import Notice, NoticeVersion
from publicity.pushes.channels import CHANNEL_NAMES, Channel, audience_words
from publicity.pushes.composing import SEND
from publicity.pushes.contents import is_article
from publicity.pushes.models import Push
from publicity.pushes.templates_set import in_order
from publicity.pushes.words import BADGES, STATE_NAMES
from staff.approvals.requesting import find_request, subjects_asked_for
from staff.models import Member

PAGE_SIZE = 50
UNDER_WAY = ("planning", "running")
_VERSION = and_(
    NoticeVersion.notice_id == Notice.id,
    NoticeVersion.number == Push.version_number,
    NoticeVersion.state == "published",
)
_creator, _approver = aliased(Member), aliased(Member)


@dataclass(frozen=True, slots=True)
class PushLine:
    """A push in a list; `state` is `asked` for a draft that waits for a second person."""

    key: str
    notice_key: str
    title: str
    version: int
    channel: Channel
    audience: str
    tag_number: int | None
    tag_name: str
    state: str
    starts_at: datetime | None
    begun_at: datetime | None
    resumes_at: datetime | None
    ended_at: datetime | None
    total: int
    error: str
    created_by: str
    created_at: datetime

    @property
    def channel_words(self) -> str:
        return CHANNEL_NAMES[self.channel]

    @property
    def audience_words(self) -> str:
        return audience_words(self.channel, self.audience, self.tag_name)

    @property
    def state_words(self) -> str:
        return STATE_NAMES[self.state]

    @property
    def badge(self) -> str:
        return BADGES[self.state]

    @property
    def is_to_come(self) -> bool:
        """Whether nobody has got it yet."""
        return self.state in ("draft", "asked", "approved")

    @property
    def moves(self) -> bool:
        """Whether it changes by itself while somebody looks."""
        return self.state in UNDER_WAY


@dataclass(frozen=True, slots=True)
class PushSheet:
    """All there is of a push but its deliveries."""

    line: PushLine
    content: Mapping[str, Any]
    revision: int
    approved_by: str
    approved_at: datetime | None
    request: str
    latest_version: int
    now: datetime

    @property
    def is_article(self) -> bool:
        return is_article(self.line.channel, self.content)

    @property
    def may_be_changed(self) -> bool:
        return self.line.state == "draft"

    @property
    def is_watched(self) -> bool:
        """Whether it moves, or is about to."""
        return self.line.moves or (self.line.state == "approved" and self.begins_at is None)

    @property
    def begins_at(self) -> datetime | None:
        """When something approved begins by itself, where that is still to come."""
        starts_at = self.line.starts_at
        return starts_at if self.line.state == "approved" and starts_at and starts_at > self.now else None


@dataclass(frozen=True, slots=True)
class PushPage:
    """Some pushes, the latest first; `older` leads to the next page."""

    lines: tuple[PushLine, ...]
    older: str


def push_sheet(key: str) -> PushSheet:
    """Return one push; raises NotFound."""
    with transaction() as session:
        row = session.execute(_pushes().where(Push.key == key)).one_or_none()
        if row is None:
            raise NotFound("没有这条推送。")
        request = find_request(SEND, key)
        asked = frozenset({key}) if request else frozenset()
        latest = session.scalars(_latest_version(row.Push.notice_id)).one()
        return PushSheet(
            _line(row, asked),
            _content(row.Push.content),
            row.Push.revision,
            row.approver or "",
            row.Push.approved_at,
            request.key if request else "",
            latest,
            database_now(session),
        )


def list_pushes(*, before: str = "") -> PushPage:
    """Return pushes, fifty at a time, the latest first; `before` is the key of the last one seen."""
    query = _pushes().order_by(Push.id.desc()).limit(PAGE_SIZE + 1)
    if before:
        query = query.where(Push.id < select(Push.id).where(Push.key == before).scalar_subquery())
    with transaction() as session:
        lines = _lines(session, query)
    return PushPage(lines[:PAGE_SIZE], lines[PAGE_SIZE - 1].key if len(lines) > PAGE_SIZE else "")


def pushes_to_mind(lately: timedelta) -> tuple[PushLine, ...]:
    """Return the pushes that run or stand still, and those that failed in the last while."""
    stands = Push.state.in_((*UNDER_WAY, "paused"))
    with transaction() as session:
        failed = and_(Push.state == "failed", Push.ended_at > database_now(session) - lately)
        return _lines(session, _pushes().where(or_(stands, failed)).order_by(Push.id.desc()).limit(PAGE_SIZE))


def _pushes() -> Select[Push, str, str, str, str]:
    return (
        select(
            Push,
            Notice.key.label("notice_key"),
            NoticeVersion.title,
            _creator.display_name.label("creator"),
            _approver.display_name.label("approver"),
        )
        .join(Notice, Notice.id == Push.notice_id)
        .join(NoticeVersion, _VERSION)
        .join(_creator, _creator.id == Push.created_by)
        .outerjoin(_approver, _approver.id == Push.approved_by)
    )


def _latest_version(notice_id: int) -> Select[int]:
    published = (NoticeVersion.notice_id == notice_id) & (NoticeVersion.state == "published")
    return select(NoticeVersion.number).where(published).order_by(NoticeVersion.number.desc()).limit(1)


def _lines(session: Session, query: Select[Push, str, str, str, str]) -> tuple[PushLine, ...]:
    rows = session.execute(query).all()
    asked = frozenset(subject for _, subject in subjects_asked_for(SEND))
    return tuple(_line(row, asked) for row in rows)


def _content(content: Mapping[str, Any]) -> Mapping[str, Any]:
    if "fields" not in content:
        return content
    return {**content, "fields": in_order(content["fields"], content["template_id"])}


def _line(row: Row[Push, str, str, str, str], asked: Iterable[str]) -> PushLine:
    push = row.Push
    return PushLine(
        key=push.key,
        notice_key=row.notice_key,
        title=row.title,
        version=push.version_number,
        channel=Channel(push.channel),
        audience=push.audience,
        tag_number=push.tag_number,
        tag_name=push.tag_name,
        state="asked" if push.state == "draft" and push.key in asked else push.state,
        starts_at=push.starts_at,
        begun_at=push.begun_at,
        resumes_at=push.resumes_at,
        ended_at=push.ended_at,
        total=push.total,
        error=push.error,
        created_by=row.creator,
        created_at=push.created_at,
    )
