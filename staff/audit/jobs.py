"""The job that makes a file of the trail; it may run again, and says how far it is."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from foundation.clock import database_now, local
from foundation.errors import AppError, Conflict
from foundation.transaction import snapshot, transaction
from staff import downloads
from staff.audit.choosing import Choice, in_words, read_choice
from staff.audit.models import AuditLink
from staff.audit.reading import AT_ONCE, count_chosen, people_in_the_trail, read_chosen
from staff.audit.sheets import MOST_ROWS, TITLE, WRITERS, Sheet, row_of
from staff.models import Download, Member
from staff.personal.masking import mask_network
from staff.personal.watermark import watermark

log = structlog.get_logger(__name__)
KIND, UNMASKED = "audit.", "audit_unmasked."
"""Before the format: the kind of a download is `audit.xlsx`. What is unmasked cannot be had again by itself."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is wanted, and the name it is to bear."""

    key: str
    choice: Choice
    file_format: str
    show_network: Callable[[str], str]
    person: str
    account: str


def make_download(key: str) -> None:
    """Make the file of the download `key`, unless it is there already or nobody asked for it.

    What a person can be told ends as the download's error; anything else does too, and is raised for the queue.
    """
    wish = _find_wish(key)
    if wish is None or not downloads.begin(key, 1):
        return
    try:
        _make(wish)
    except AppError as error:
        log.warning("audit_download_refused", download=key, error=error.code)
        downloads.fail(key, error.message)
    except Exception:
        downloads.fail(key, "文件没有生成，请稍候重新申请；若再次失败，请联系系统维护人员。")
        raise


def _find_wish(key: str) -> _Wish | None:
    query = (
        select(Download.kind, Download.subject, Member.display_name, Member.name)
        .join(Member, Member.id == Download.requested_by)
        .where(
            Download.key == key,
            or_(Download.kind.startswith(KIND), Download.kind.startswith(UNMASKED, autoescape=True)),
        )
    )
    with transaction() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        return None
    unmasked = row.kind.startswith(UNMASKED)
    file_format = row.kind.rpartition(".")[2]
    show = _whole if unmasked else mask_network
    return _Wish(key, read_choice(row.subject), file_format, show, row.display_name, row.name)


def _make(wish: _Wish) -> None:
    people = people_in_the_trail()
    with snapshot() as session, tempfile.TemporaryDirectory() as folder:
        total = count_chosen(session, wish.choice)
        if total > MOST_ROWS:
            raise Conflict(f"共{total}条，一个文件放不下，请用日期分几次导出。")
        downloads.begin(wish.key, max(total, 1))
        now = database_now(session)
        mark = watermark(wish.person, wish.account, now, wish.key)
        chosen = f"范围：{in_words(wish.choice, people)}　共{total}条"
        path = Path(folder) / wish.file_format
        WRITERS[wish.file_format](Sheet(chosen, _head(session), mark, _rows(session, wish)), path)
        downloads.finish(wish.key, f"{TITLE}-{local(now):%Y%m%d-%H%M%S}.{wish.file_format}", path)


def _rows(session: Session, wish: _Wish) -> Iterator[tuple[str, ...]]:
    for done, (seq, line) in enumerate(read_chosen(session, wish.choice), start=1):
        yield row_of(seq, line, wish.show_network)
        if done % AT_ONCE == 0:
            downloads.progress(wish.key, done)


def _head(session: Session) -> str:
    """Say where the chain stood, so that the file can be held against a checkpoint."""
    last = session.scalars(select(AuditLink).order_by(AuditLink.seq.desc()).limit(1)).one_or_none()
    return f"链条到第{last.seq}条：{last.hash.hex()}" if last else "还没有记录"


def _whole(network: str) -> str:
    return network
