"""How far an import is: begun with an upload, read, confirmed, written, or failed and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict, NotAllowed, NotFound
from foundation.ids import random_id
from foundation.transaction import after_commit, transaction
from foundation.uploads import Upload, drop_uploads, keep_upload, read_upload
from staff.actors import Actor
from staff.models import Member
from staff.roles import Role
from votes.import_findings import (
    Findings,
    Outcome,
    PhotoFindings,
    SheetFindings,
    read_outcome,
    read_photo_findings,
    read_sheet_findings,
    write_findings,
)
from votes.models import CandidateImport, Poll

Kind = Literal["sheet", "photos"]
SHEET: Kind = "sheet"
PHOTOS: Kind = "photos"
STALLED_AFTER = timedelta(minutes=2)
_MOVING = ("reading", "writing")


@dataclass(frozen=True, slots=True)
class ImportTask:
    """An import as its page shows it and its job takes it; `findings` are there once it is read, `outcome` once done.

    `stalled` where it should move and no job seems to be at it.
    """

    key: str
    slug: str
    kind: str
    state: str
    percent: int
    error: str | None
    filename: str
    upload: str | None
    sheet: str | None
    answers: tuple[int, ...]
    actor: Actor
    stalled: bool
    sheet_findings: SheetFindings | None
    photo_findings: PhotoFindings | None
    outcome: Outcome | None

    @property
    def moving(self) -> bool:
        return self.state in _MOVING and not self.stalled


def begin_task(session: Session, poll: Poll, kind: Kind, file: Upload, actor: Actor, *, sheet: str) -> str:
    """Keep an upload and note that it is to be read; returns the key that finds it."""
    if actor.member_id is None:
        raise NotAllowed("只有登录的人员可以导入。")
    task = CandidateImport(
        key=random_id(),
        poll_id=poll.id,
        kind=kind,
        filename=file.name[-200:],
        upload=keep_upload(file.content),
        sheet=sheet or None,
        requested_by=actor.member_id,
        request_id=actor.request_id,
        network=actor.network,
    )
    session.add(task)
    session.flush()
    return task.key


def read_task(slug: str, key: str) -> ImportTask:
    """Return one import of a poll; raises NotFound, InvalidInput where its file is gone."""
    query = _tasks().where(Poll.slug == slug, CandidateImport.key == key)
    with transaction() as session:
        row = session.execute(query).one_or_none() if key.isalnum() else None
        if row is None:
            raise NotFound("没有这次导入。")
        return _task(row[0], row[1], row[2], database_now(session))


def find_task(key: str) -> ImportTask | None:
    """Return an import for its job, or None where it is gone."""
    with transaction() as session:
        row = session.execute(_tasks().where(CandidateImport.key == key)).one_or_none()
        return _task(row[0], row[1], row[2], database_now(session)) if row else None


def confirm_task(session: Session, key: str, answers: tuple[int, ...], actor: Actor) -> None:
    """Note that what was read is to be written, in the name of `actor`; raises Conflict where it was already."""
    changed = session.execute(
        update(CandidateImport)
        .where(CandidateImport.key == key, CandidateImport.state == "read")
        .values(
            state="writing",
            percent=0,
            answers=list(answers),
            requested_by=actor.member_id,
            request_id=actor.request_id,
            network=actor.network,
            moved_at=func.clock_now(),
        )
        .returning(CandidateImport.id)
    )
    if changed.one_or_none() is None:
        raise Conflict("这次导入已经确认过了。")


def tell_percent(key: str, percent: int) -> None:
    """Note how far the job is; call it outside of a transaction, so that the page sees it move."""
    with transaction() as session:
        session.execute(
            update(CandidateImport)
            .where(CandidateImport.key == key)
            .values(percent=min(100, percent), moved_at=func.clock_now())
        )


def finish_step(key: str, findings: Findings, *, keeps_upload: bool) -> None:
    """Keep what was found or what came of it; the upload goes where nothing more is to be read from it."""
    state = "done" if isinstance(findings, Outcome) else "read"
    with transaction() as session:
        task = session.scalars(select(CandidateImport).where(CandidateImport.key == key).with_for_update()).one()
        needless = [task.findings] if keeps_upload else [task.findings, task.upload]
        task.state, task.percent, task.findings = state, 100, keep_upload(write_findings(findings))
        task.upload = task.upload if keeps_upload else None
        after_commit(lambda: drop_uploads(needless))


def fail_task(key: str, message: str) -> None:
    """Note why nothing comes of it, in a sentence for whoever asked; what was uploaded goes."""
    with transaction() as session:
        task = session.scalars(select(CandidateImport).where(CandidateImport.key == key).with_for_update()).one()
        needless = [task.upload, task.findings]
        task.state, task.error, task.upload, task.findings = "failed", message, None, None
        after_commit(lambda: drop_uploads(needless))


def _tasks() -> Select[CandidateImport, str, Member]:
    return (
        select(CandidateImport, Poll.slug, Member)
        .join(Poll, Poll.id == CandidateImport.poll_id)
        .join(Member, Member.id == CandidateImport.requested_by)
        .execution_options(populate_existing=True)
    )


def _task(row: CandidateImport, slug: str, member: Member, now: datetime) -> ImportTask:
    found = read_upload(row.findings) if row.findings else None
    read = found if row.state in ("read", "writing") else None
    return ImportTask(
        key=row.key,
        slug=slug,
        kind=row.kind,
        state=row.state,
        percent=row.percent,
        error=row.error,
        filename=row.filename,
        upload=row.upload,
        sheet=row.sheet,
        answers=tuple(row.answers),
        actor=Actor(
            member.name, member.display_name, member.id, row.network, row.request_id, Role(member.role), member.unit
        ),
        stalled=row.state in _MOVING and now - row.moved_at >= STALLED_AFTER,
        sheet_findings=read_sheet_findings(read) if read and row.kind == SHEET else None,
        photo_findings=read_photo_findings(read) if read and row.kind == PHOTOS else None,
        outcome=read_outcome(found) if found and row.state == "done" else None,
    )
