"""Which version of a notice an objection means: the published one of its number, which dropped drafts may bear too."""

from publicity.notices.kinds import State
from publicity.notices.models import NoticeVersion
from publicity.objections.models import Objection

VERSION_MEANT = (
    (NoticeVersion.notice_id == Objection.notice_id)
    & (NoticeVersion.number == Objection.version_number)
    & (NoticeVersion.state == State.PUBLISHED)
)
