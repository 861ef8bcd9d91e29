"""What a person in WeChat raised and how far it is, for their own eyes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from foundation.transaction import transaction
from publicity.notices.models import Notice, NoticeVersion
from publicity.objections.models import Objection
from publicity.objections.people import person_digest
from publicity.objections.rules import TOLD, State
from publicity.objections.version_meant import VERSION_MEANT


@dataclass(frozen=True, slots=True)
class OwnObjection:
    """One of somebody's own, under the title that the notice had."""

    code: str
    notice_key: str
    notice_title: str
    subject_name: str
    state: State
    received_at: datetime

    @property
    def told(self) -> str:
        return TOLD[self.state]


def own_objections(openid: str, notice_key: str | None = None) -> tuple[OwnObjection, ...]:
    """Return what somebody raised under their name, to one notice or to any, the latest first."""
    query = (
        select(Objection, Notice.key, NoticeVersion.title)
        .join(Notice, Notice.id == Objection.notice_id)
        .join(NoticeVersion, VERSION_MEANT)
        .where(Objection.person == person_digest(openid))
        .order_by(Objection.id.desc())
    )
    if notice_key is not None:
        query = query.where(Notice.key == notice_key)
    with transaction() as session:
        return tuple(
            OwnObjection(found.code, key, title, found.subject_name, State(found.state), found.received_at)
            for found, key, title in session.execute(query)
        )
