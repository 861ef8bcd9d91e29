"""Where a notice stood besides: in a newspaper, on a website, with a link or a scan as evidence."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.clock import database_now, local_day
from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.forms import InvalidFields
from foundation.ids import random_id
from foundation.transaction import transaction
from foundation.uploads import Upload, keep_upload
from publicity.notices.acts import MEDIA, SEE
from publicity.notices.attachments import SCANS, Document, inspect, media_type_of, read_document
from publicity.notices.models import Notice, NoticeMedium, NoticeVersion
from publicity.notices.versions import audited, member_of, notice_to_change, published_version
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand

MOST_MEDIA = 50
_LONGEST_NAME, _LONGEST_ADDRESS = 60, 500


@dataclass(frozen=True, slots=True)
class MediumEntry:
    """A medium as entered: what it is called, the day it appeared, and a link or a scan (PDF, JPG or PNG)."""

    name: str
    appeared_on: date | None
    address: str = ""
    scan: Upload | None = None


def note_medium(key: str, entry: MediumEntry, actor: Actor) -> str:
    """Note where else a published notice stood; returns the medium's key.

    Raises InvalidFields for name, appeared_on, address and scan, Conflict where nothing is published, NotFound,
    NotAllowed.
    """
    demand(actor, MEDIA)
    member_id = member_of(actor)
    with transaction() as session:
        _, version = _published(session, key)
        _check(entry, local_day(database_now(session)))
    scan = inspect(entry.scan, field="scan", kinds=SCANS) if entry.scan and entry.scan.content else None
    digest = keep_upload(scan.content) if scan else None
    with transaction() as session:
        notice, version = _published(session, key)
        _refuse_full(session, notice)
        medium = NoticeMedium(
            key=random_id(),
            notice_id=notice.id,
            name=entry.name.strip(),
            appeared_on=entry.appeared_on,
            address=entry.address.strip(),
            filename=scan.filename if scan else "",
            digest=digest,
            noted_by=member_id,
        )
        session.add(medium)
        record(MEDIA, audited(notice, version), actor, fields=("media",))
        return medium.key


def remove_medium(key: str, medium_key: str, actor: Actor) -> None:
    """Take back what was noted by mistake; not once the notice is concluded, whose report names it.

    Raises NotFound, Conflict, NotAllowed.
    """
    demand(actor, MEDIA)
    with transaction() as session:
        notice, version = _published(session, key)
        if notice.concluded_at is not None:
            raise Conflict("公示已经结束，情况报告里写了刊登情况，不能再删。")
        session.delete(_medium(session, notice.id, medium_key))
        record(MEDIA, audited(notice, version), actor, fields=("media",))


def read_scan(key: str, medium_key: str, actor: Actor) -> Document:
    """Return the scan that shows a medium; raises NotFound, NotAllowed."""
    demand(actor, SEE)
    with transaction() as session:
        notice_id = session.scalar(select(Notice.id).where(Notice.key == key))
        medium = _medium(session, notice_id or 0, medium_key)
        if medium.digest is None:
            raise NotFound("没有这个文件。")
        return read_document(medium.filename, media_type_of(medium.filename), medium.digest)


def _published(session: Session, key: str) -> tuple[Notice, NoticeVersion]:
    notice = notice_to_change(session, key)
    version = published_version(session, notice.id)
    if version is None:
        raise Conflict("还没有发布，发布以后再登记刊登情况。")
    return notice, version


def _medium(session: Session, notice_id: int, medium_key: str) -> NoticeMedium:
    query = select(NoticeMedium).where(NoticeMedium.notice_id == notice_id, NoticeMedium.key == medium_key)
    medium = session.scalars(query).one_or_none()
    if medium is None:
        raise NotFound("没有这条刊登情况。")
    return medium


def _check(entry: MediumEntry, today: date) -> None:
    faults: dict[str, str] = {}
    name, address = entry.name.strip(), entry.address.strip()
    if not name:
        faults["name"] = "请填写媒体或网站的名称。"
    elif len(name) > _LONGEST_NAME:
        faults["name"] = f"名称太长，最多{_LONGEST_NAME}个字。"
    if entry.appeared_on is None:
        faults["appeared_on"] = "请填写刊登日期。"
    elif entry.appeared_on > today:
        faults["appeared_on"] = "刊登日期还没有到，刊登以后再登记。"
    if address and not _is_link(address):
        faults["address"] = "网址要以 http:// 或 https:// 开头。"
    if not address and not (entry.scan and entry.scan.content):
        faults["address"] = "请填写网址，或者传一张扫描件。"
    if faults:
        raise InvalidFields(faults)


def _is_link(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    sound = address.isprintable() and " " not in address and len(address) <= _LONGEST_ADDRESS
    return sound and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _refuse_full(session: Session, notice: Notice) -> None:
    query = select(NoticeMedium.id).where(NoticeMedium.notice_id == notice.id).limit(MOST_MEDIA)
    if len(session.scalars(query).all()) >= MOST_MEDIA:
        raise InvalidInput(f"刊登情况最多登记{MOST_MEDIA}条。", field="name")
