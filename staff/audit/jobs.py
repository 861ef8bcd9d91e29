"""The job that makes a file of the trail; it may run again, and says how far it is."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.clock import database_now, local
from foundation.errors import Conflict
from foundation.transaction import snapshot
from staff import downloads
from staff.audit.choosing import Choice, in_words, read_choice
from staff.audit.models import AuditLink
from staff.audit.reading import AT_ONCE, count_chosen, people_in_the_trail, read_chosen
from staff.audit.sheets import MOST_ROWS, TITLE, WRITERS, Sheet, row_of
from staff.download_making import Wish, fulfil
from staff.personal.masking import mask_network

KIND, UNMASKED = "audit.", "audit_unmasked."
"""Before the format: the kind of a download is `audit.xlsx`. What is unmasked cannot be had again by itself."""


def make_download(key: str) -> None:
    """Make the file of the download `key`, unless it is there already or nobody asked for it."""
    fulfil(key, (KIND, UNMASKED), 1, _make)


def _make(wish: Wish) -> None:
    people, choice = people_in_the_trail(), read_choice(wish.subject)
    with snapshot() as session, tempfile.TemporaryDirectory() as folder:
        total = count_chosen(session, choice)
        if total > MOST_ROWS:
            raise Conflict(f"共{total}条，一个文件放不下，请用日期分几次导出。")
        downloads.begin(wish.key, max(total, 1))
        now = database_now(session)
        chosen = f"范围：{in_words(choice, people)}　共{total}条"
        path = Path(folder) / wish.file_format
        rows = _rows(session, wish.key, choice, _whole if wish.kind.startswith(UNMASKED) else mask_network)
        WRITERS[wish.file_format](Sheet(chosen, _head(session), wish.taker.mark(now), rows), path)
        downloads.finish(wish.key, f"{TITLE}-{local(now):%Y%m%d-%H%M%S}.{wish.file_format}", path)


def _rows(session: Session, key: str, choice: Choice, show: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
    for done, (seq, line) in enumerate(read_chosen(session, choice), start=1):
        yield row_of(seq, line, show)
        if done % AT_ONCE == 0:
            downloads.progress(key, done)


def _head(session: Session) -> str:
    """Say where the chain stood, so that the file can be held against a checkpoint."""
    last = session.scalars(select(AuditLink).order_by(AuditLink.seq.desc()).limit(1)).one_or_none()
    return f"链条到第{last.seq}条：{last.hash.hex()}" if last else "还没有记录"


def _whole(network: str) -> str:
    return network
