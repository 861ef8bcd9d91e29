"""Files that somebody asked for and a job makes: how far they are, and only the one who asked may take them.

A file can be taken for 24 hours, each link to it for a quarter of an hour and in one session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import AppError, Conflict, NotAllowed, NotFound
from foundation.files import file_store
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.actors import Actor
from staff.acts import Belonging
from staff.audit import record
from staff.authority import may, note_refusal
from staff.models import Download
from staff.personal.tickets import Ticket, judge_ticket, make_ticket

SHOWN = 50
STALLED_AFTER = timedelta(minutes=30)
KEPT_FOR = timedelta(hours=24)
SEE, REQUEST, FETCH = "downloads.see", "downloads.request", "downloads.fetch"
_OVER = ("ready", "expired")


@dataclass(frozen=True, slots=True)
class DownloadStatus:
    """A download as its page shows it at the moment `as_of`; `done` of `total` steps.

    `stalled` where no job seems to be at it, `renewable` where the same can be asked for anew.
    """

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
    expires_at: datetime | None
    as_of: datetime
    stalled: bool
    renewable: bool

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


class LinkEnded(AppError):
    """The link was good once, or the file was there once, and is no more."""

    status = 410
    code = "link_ended"


AskAgain = Callable[[str, str, Actor], DownloadStatus]
"""Takes kind, subject and who asks; requests the same file anew."""

_again: dict[str, AskAgain] = {}


def offer_again(kind: str, ask: AskAgain) -> None:
    """Let downloads whose kind begins with `kind` be asked for anew once their file is gone."""
    _again[kind] = ask


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
        record(REQUEST, _object_of(download), actor)
        return _status(download, database_now(session))


def begin(key: str, total: int) -> bool:
    """Note that a job starts on `total` steps; False where the file is there already or nobody asked for it."""
    with transaction() as session:
        changed = session.execute(
            update(Download)
            .where(Download.key == key, Download.state.not_in(_OVER))
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
            .values(
                state="ready",
                filename=filename,
                digest=digest,
                ready_at=func.clock_now(),
                expires_at=func.clock_now() + KEPT_FOR,
                done=Download.total,
            )
        )


def fail(key: str, message: str) -> None:
    """Note why there will be no file, in a sentence for the one who asked."""
    with transaction() as session:
        session.execute(
            update(Download)
            .where(Download.key == key, Download.state.not_in(_OVER))
            .values(state="failed", error=message)
        )


def downloads_of(actor: Actor) -> tuple[DownloadStatus, ...]:
    """Return what `actor` asked for, the latest first."""
    query = select(Download).where(Download.requested_by == actor.member_id).order_by(Download.id.desc()).limit(SHOWN)
    with transaction() as session:
        now = database_now(session)
        return tuple(_status(download, now) for download in session.scalars(query))


def download_status(key: str, actor: Actor) -> DownloadStatus:
    """Return one download of `actor`; raises NotFound for anybody else's, which is recorded."""
    with transaction() as session:
        return _status(_own(session, key, actor, SEE), database_now(session))


def link_ticket(download: DownloadStatus, browser: str) -> str:
    """Return what a link to the file carries: good for 15 minutes from `as_of`, in the session that has `browser`."""
    return make_ticket(current_app.config["SECRET_KEY"], download.key, browser, download.as_of)


def take_by_link(key: str, ticket: str, browser: str, actor: Actor) -> DownloadFile:
    """Return a finished file to whoever follows a link of their own; raises what `take_file` raises.

    A link made for another session is NotFound, one older than 15 minutes LinkEnded.
    """
    with transaction() as session:
        _own(session, key, actor, FETCH)
        now = database_now(session)
    worth = judge_ticket(current_app.config["SECRET_KEY"], key, browser, ticket, now)
    if worth is Ticket.GOOD:
        return take_file(key, actor)
    if worth is Ticket.OLD:
        raise LinkEnded("下载链接只在15分钟内有效。请回到“下载”页，重新点“下载”。")
    raise NotFound("这个下载链接不是为这次登录做的。请到“下载”页点“下载”。")


def take_file(key: str, actor: Actor) -> DownloadFile:
    """Return a finished file to the one who asked for it; each taking, and each refusal, is recorded.

    Raises NotFound where it is not finished or somebody else's, LinkEnded once its 24 hours are over.
    """
    with transaction() as session:
        download = _own(session, key, actor, FETCH)
        now = database_now(session)
        if _state(download, now) == "expired":
            raise LinkEnded("文件做好24小时后已经删除。请到“下载”页重新申请。")
        if not download.filename or not download.digest:
            raise NotFound("没有这个文件。")
        record(FETCH, _object_of(download), actor)
        return DownloadFile(download.filename, file_store().read_private(download.digest))


def ask_again(key: str, actor: Actor) -> DownloadStatus:
    """Request anew what an ended download of `actor` was about; raises NotFound, Conflict where it cannot be."""
    with transaction() as session:
        download = _own(session, key, actor, FETCH)
        ask = _how_to_ask(download.kind)
        status = _status(download, database_now(session))
        if ask is None or status.moving or status.state == "ready":
            raise Conflict("这个文件不用重新申请，或要到原来的页面申请。")
        return ask(download.kind, download.subject, actor)


def _find(session: Session, key: str) -> Download | None:
    """Return the download of a key; what an address carries instead of one never reaches the database."""
    return session.scalars(select(Download).where(Download.key == key)).one_or_none() if key.isalnum() else None


def _own(session: Session, key: str, actor: Actor, act: str) -> Download:
    """Return a download of `actor`; that somebody reached for a colleague's is kept in the trail."""
    download = _find(session, key)
    if download is not None and not may(actor, FETCH, Belonging(member_id=download.requested_by)):
        note_refusal(act, _object_of(download), actor)
        download = None
    if download is None:
        raise NotFound("没有这个下载。")
    return download


def _object_of(download: Download) -> str:
    """Name the file for the trail: as its page calls it, and exactly what it is about."""
    return f"{download.title}（{download.subject}）"


def _how_to_ask(kind: str) -> AskAgain | None:
    return next((ask for prefix, ask in _again.items() if kind.startswith(prefix)), None)


def _state(download: Download, now: datetime) -> str:
    """Return the state as of `now`: a file past its time is gone for everybody before it is gone from the disk."""
    over = download.expires_at is not None and download.expires_at <= now
    return "expired" if download.state == "ready" and over else download.state


def _status(download: Download, now: datetime) -> DownloadStatus:
    waiting = download.state in ("waiting", "running")
    return DownloadStatus(
        key=download.key,
        kind=download.kind,
        subject=download.subject,
        title=download.title,
        state=_state(download, now),
        done=download.done,
        total=download.total,
        error=download.error,
        filename=download.filename,
        requested_at=download.requested_at,
        ready_at=download.ready_at,
        expires_at=download.expires_at,
        as_of=now,
        renewable=_how_to_ask(download.kind) is not None,
        stalled=waiting and now - download.requested_at >= STALLED_AFTER,
    )
