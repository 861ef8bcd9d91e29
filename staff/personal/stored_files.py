"""Files in the store that no row names any more: replaced photos, and uploads that nobody confirmed."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.files import Shelf, file_store
from foundation.transaction import after_commit
from staff.models import Download
from staff.personal.retention import declare_retention

GRACE = timedelta(hours=24)

Names = Callable[[Session], Iterable[str | None]]
"""Returns the digests of all the files that a table names."""

_keepers: dict[Shelf, list[Names]] = {"public": [], "private": []}


def declare_files_kept(shelf: Shelf, names: Names) -> None:
    """Declare which files of a shelf are needed; every table with a column of digests has to, or its files go."""
    if names not in _keepers[shelf]:
        _keepers[shelf].append(names)


def _needless(session: Session, shelf: Shelf, now: datetime) -> list[str]:
    """Return the files that were there before the grace began and that no table names."""
    old = file_store().untouched_since(shelf, now - GRACE)
    named = {digest for names in _keepers[shelf] for digest in names(session)} if old else set()
    return [digest for digest in old if digest not in named]


def _count_on(shelf: Shelf) -> Callable[[Session, datetime], int]:
    return lambda session, now: len(_needless(session, shelf, now))


def _remove_on(shelf: Shelf) -> Callable[[Session, datetime], int]:
    def remove(session: Session, now: datetime) -> int:
        needless = _needless(session, shelf, now)
        store = file_store()
        # After the commit, so that a file is never gone without the line that says so.
        after_commit(lambda: [store.remove_untouched(shelf, digest, now - GRACE) for digest in needless])
        return len(needless)

    return remove


def _downloads(session: Session) -> Iterable[str | None]:
    return session.scalars(select(Download.digest).where(Download.digest.is_not(None)))


declare_files_kept("private", _downloads)
declare_retention(
    "files.private", "上传后没有确认的文件", GRACE, _count_on("private"), _remove_on("private"), since="上传后"
)
declare_retention("files.public", "换下的公开照片", GRACE, _count_on("public"), _remove_on("public"), since="换下后")
