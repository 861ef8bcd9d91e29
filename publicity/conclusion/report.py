"""What the 公示情况报告 tells, read as one frozen value: the notice, where it stood, who heard of it, what came."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Settings
from foundation.clock import database_now
from foundation.errors import Conflict
from foundation.transaction import transaction
from publicity.notices.cleaning import paragraphs_of
from publicity.notices.kinds import Change, Phase, State
from publicity.notices.models import Notice, NoticeMedium, NoticeVersion
from publicity.notices.period import Period
from publicity.notices.reading import NoticeHead, notice_head
from publicity.notices.subjects import Subject
from publicity.notices.versions import period_of_version, subjects_of
from publicity.notices.wording import LIST
from publicity.objections.figures import ObjectionFigures, objection_lines
from publicity.pushes.figures import PushFigures, pushes_of_notice
from staff.models import Member


@dataclass(frozen=True, slots=True)
class ReportedVersion:
    """A published version: when, what it changed to the one before, and its period."""

    number: int
    published_at: datetime
    change: Change
    note: str
    period: Period


@dataclass(frozen=True, slots=True)
class ReportedMedium:
    """Where it stood besides; `address` is the link, `filename` the scan that was put down, either may be empty."""

    name: str
    appeared_on: date
    address: str
    filename: str


@dataclass(frozen=True, slots=True)
class End:
    """When and by whom the notice was concluded; `reason` where objections were open then."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoticeReport:
    """Everything the report says, as of one moment; `end` is None while the notice is not concluded."""

    title: str
    address: str
    as_of: datetime
    phase: Phase
    office: str
    working_days: int
    origin: tuple[str, ...]
    subjects: tuple[Subject, ...]
    versions: tuple[ReportedVersion, ...]
    media: tuple[ReportedMedium, ...]
    pushes: tuple[PushFigures, ...]
    objections: tuple[ObjectionFigures, ...]
    end: End | None


def reportable(session: Session, key: str) -> NoticeHead:
    """Return the head of a notice that there is a report of; raises NotFound, Conflict where it had no period yet."""
    head = notice_head(session, key)
    if head.phase is Phase.DRAFT:
        raise Conflict("还没有发布，没有公示情况可以报告。")
    if head.phase is Phase.STANDING:
        raise Conflict("这是公告，没有公示期，没有公示情况报告。")
    return head


def build_report(key: str) -> NoticeReport:
    """Read the report; raises NotFound, Conflict."""
    with transaction() as session:
        head = reportable(session, key)
        notice = session.get_one(Notice, head.id)
        versions = [version for version in notice.versions if version.state == State.PUBLISHED]
        last = versions[-1]
        return NoticeReport(
            title=head.title,
            address=f"{_site()}{head.path}",
            as_of=database_now(session),
            phase=head.phase,
            office=last.office,
            working_days=notice.working_days,
            origin=paragraphs_of(last.body.partition(LIST)[0]),
            subjects=subjects_of(last),
            versions=tuple(_version(version) for version in versions),
            media=_media(session, notice),
            pushes=pushes_of_notice(notice.id),
            objections=objection_lines(notice.id),
            end=_end(session, notice),
        )


def _version(version: NoticeVersion) -> ReportedVersion:
    period = period_of_version(version)
    if version.published_at is None or period is None:
        raise ValueError("a published version of a notice with a period has its days")
    return ReportedVersion(version.number, version.published_at, Change(version.change), version.change_note, period)


def _media(session: Session, notice: Notice) -> tuple[ReportedMedium, ...]:
    query = select(NoticeMedium).where(NoticeMedium.notice_id == notice.id)
    media = session.scalars(query.order_by(NoticeMedium.appeared_on, NoticeMedium.id))
    return tuple(ReportedMedium(one.name, one.appeared_on, one.address, one.filename) for one in media)


def _end(session: Session, notice: Notice) -> End | None:
    if notice.concluded_at is None:
        return None
    name = session.scalars(select(Member.display_name).where(Member.id == notice.concluded_by)).one()
    return End(notice.concluded_at, name, notice.conclusion)


def _site() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.public_url
