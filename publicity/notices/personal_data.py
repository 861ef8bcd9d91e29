"""What notices keep: whom they name, which stays as it was published, and the files that come with them."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from publicity.notices.models import NoticeAttachment, NoticeMedium
from staff.personal.retention import Notice, declare_kept
from staff.personal.stored_files import declare_files_kept


def _files(session: Session) -> Iterable[str | None]:
    yield from session.scalars(select(NoticeAttachment.digest))
    yield from session.scalars(select(NoticeMedium.digest).where(NoticeMedium.digest.is_not(None)))


declare_files_kept("private", _files)
declare_kept(
    "notices.subjects",
    "公示和公告",
    None,
    notice=Notice("公示名单里的姓名、单位及职务", "按规定公示，接受党员、群众监督；每次变更都留有原来的版本", "所有人"),
)
