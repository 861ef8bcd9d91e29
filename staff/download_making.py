"""The job behind a download, the same in every room: find the wish, begin, make the file, or say why there is none."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import or_, select

from foundation.errors import AppError
from foundation.transaction import transaction
from staff import downloads
from staff.models import Download, Member
from staff.personal.watermark import Taker

log = structlog.get_logger(__name__)
FAILED = "文件没有生成，请稍候重新申请；若再次失败，请联系系统维护人员。"


@dataclass(frozen=True, slots=True)
class Wish:
    """A file that somebody waits for: its kind whole (`tally.xlsx`), what it is about, and who takes it."""

    key: str
    kind: str
    subject: str
    taker: Taker

    @property
    def file_format(self) -> str:
        """What stands behind the last dot of the kind."""
        return self.kind.rpartition(".")[2]


def fulfil(key: str, kinds: tuple[str, ...], steps: int, make: Callable[[Wish], None]) -> None:
    """Have `make` finish the download `key`, unless its file is there already or nobody asked for one of these kinds.

    What a person can be told ends as the download's error; anything else does too, and is raised for the queue. A job
    may run again.
    """
    wish = _find_wish(key, kinds)
    if wish is None or not downloads.begin(key, steps):
        return
    try:
        make(wish)
    except AppError as error:
        log.warning("download_refused", download=key, kind=wish.kind, error=error.code)
        downloads.fail(key, error.message)
    except Exception:
        downloads.fail(key, FAILED)
        raise


def _find_wish(key: str, kinds: tuple[str, ...]) -> Wish | None:
    of_these_kinds = or_(*(Download.kind.startswith(kind, autoescape=True) for kind in kinds))
    query = (
        select(Download.kind, Download.subject, Member.display_name, Member.name)
        .join(Member, Member.id == Download.requested_by)
        .where(Download.key == key, of_these_kinds)
    )
    with transaction() as session:
        row = session.execute(query).one_or_none()
    return None if row is None else Wish(key, row.kind, row.subject, Taker(row.display_name, row.name, key))
