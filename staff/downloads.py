"""Files that somebody asked for and a job makes: how far they are, and only the one who asked may take them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import NotAllowed, NotFound
from foundation.files import file_store
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from staff.models import Download

SHOWN = 50
STALLED_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class DownloadStatus:
    """A download as its page shows it; `done` of `total` steps, `stalled` where no job seems to be at it."""

    key: str
    kind: str
    subject: str
    title: str
    state: str
    done: int
    total: int
    error: str | None
    filename: str | None
    requested_at: datetime
    ready_at: datetime | None
    stalled: bool

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 0

    @property
    def moving(self) -> bool:
        return self.state in ("waiting", "running") and not self.stalled


@dataclass(frozen=True, slots=True)
class DownloadFile:
    """A finished file with the name it is saved under."""

    filename: str
    content: bytes


def request_download(kind: str, subject: str, title: str, actor: Actor) -> DownloadStatus:
    """Note that `actor` wants a file; the caller enqueues the job that makes it, with the key.

    `subject` says in outside words what it is about (a slug), `title` is what the page shows.
    """
    if actor.member_id is None:
        raise NotAllowed("只有登录的人员可以申请下载。")
    with transaction() as session:
        download = Download(key=random_id(), kind=kind, subject=subject, title=title, requested_by=actor.member_id)
        session.add(download)
        session.flush()
        record("downloads.request", f"{kind} {subject}", actor)
        return _status(download, database_now(session))


def begin(key: str, total: int) -> bool:
    """Note that a job starts on `total` steps; False where the file is there already or nobody asked for it."""
    with transaction() as session:
        changed = session.execute(
            update(Download)
            .where(Download.key == key, Download.state != "ready")
            .values(state="running", done=0, total=total, error=None)
            .returning(Download.id)
        )
        return changed.one_or_none() is not None


def progress(key: str, done: int) -> None:
    """Note how many steps are done; call it outside of a transaction, so that the page sees it move."""
    with transaction() as session:
        session.execute(
            update(Download)
            .where(Download.key == key, Download.state == "running")
            .values(done=func.least(done, Download.total))
        )


def finish(key: str, filename: str, content: Path | bytes) -> None:
    """Keep the file, encrypted, for the one who asked."""
    digest = file_store().add_private(content if isinstance(content, bytes) else content.read_bytes())
    with transaction() as session:
        session.execute(
            update(Download)
            .where(Download.key == key)
            .values(state="ready", filename=filename, digest=digest, ready_at=func.clock_now(), done=Download.total)
        )


def fail(key: str, message: str) -> None:
    """Note why there will be no file, in a sentence for the one who asked."""
    with transaction() as session:
        session.execute(
            update(Download).where(Download.key == key, Download.state != "ready").values(state="failed", error=message)
        )


def downloads_of(actor: Actor) -> tuple[DownloadStatus, ...]:
    """Return what `actor` asked for, the latest first."""
    query = select(Download).where(Download.requested_by == actor.member_id).order_by(Download.id.desc()).limit(SHOWN)
    with transaction() as session:
        now = database_now(session)
        return tuple(_status(download, now) for download in session.scalars(query))


def download_status(key: str, actor: Actor) -> DownloadStatus:
    """Return one download of `actor`; raises NotFound for anybody else's."""
    with transaction() as session:
        download = _find(session, key)
        if download is None or download.requested_by != actor.member_id:
            raise NotFound("没有这个下载。")
        return _status(download, database_now(session))


def take_file(key: str, actor: Actor) -> DownloadFile:
    """Return a finished file to the one who asked for it; each taking, and each refusal, is recorded.

    Raises NotFound where it is not finished or somebody else's.
    """
    with transaction() as session:
        download = _find(session, key)
        own = download is not None and download.requested_by == actor.member_id
        if download and own and download.filename and download.digest:
            record("downloads.fetch", f"{download.kind} {download.subject}", actor)
            return DownloadFile(download.filename, file_store().read_private(download.digest))
        if download and not own:
            record("downloads.fetch", f"{download.kind} {download.subject}", actor, result="refused")
    raise NotFound("没有这个文件。")


def _find(session: Session, key: str) -> Download | None:
    """Return the download of a key; what an address carries instead of one never reaches the database."""
    return session.scalars(select(Download).where(Download.key == key)).one_or_none() if key.isalnum() else None


def _status(download: Download, now: datetime) -> DownloadStatus:
    waiting = download.state in ("waiting", "running")
    return DownloadStatus(
        key=download.key,
        kind=download.kind,
        subject=download.subject,
        title=download.title,
        state=download.state,
        done=download.done,
        total=download.total,
        error=download.error,
        filename=download.filename,
        requested_at=download.requested_at,
        ready_at=download.ready_at,
        stalled=waiting and now - download.requested_at >= STALLED_AFTER,
    )
