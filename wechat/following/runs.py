"""How far a round through the followers is: a row that outlives the job, so that another one goes on from there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Select, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from foundation.clock import SHANGHAI, database_now
from foundation.errors import Conflict
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.actors import NOT_MEMBERS, Actor
from staff.models import Member
from wechat.models import FollowerSync

STALLED_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Run:
    """One round: where it is, and what came of it; `stalled` where it should move and nobody seems to be at it."""

    id: int
    key: str
    state: str
    after: str
    pages: int
    total: int
    seen: int
    gone: int
    error: str | None
    person: str
    started_at: datetime
    moved_at: datetime
    stalled: bool

    @property
    def moving(self) -> bool:
        return self.state == "running" and not self.stalled

    @property
    def percent(self) -> int:
        return min(100, 100 * self.seen // self.total) if self.total else 0


def latest_run() -> Run | None:
    """Return the round that was begun last, None before the first."""
    with transaction() as session:
        row = session.execute(_runs().limit(1)).one_or_none()
        return _run(row[0], row[1], database_now(session)) if row else None


def find_run(key: str) -> Run | None:
    """Return a round for its job, or None where there is none of that key."""
    with transaction() as session:
        row = session.execute(_runs().where(FollowerSync.key == key)).one_or_none()
        return _run(row[0], row[1], database_now(session)) if row else None


def begin_run(session: Session, actor: Actor) -> str:
    """Begin a round in the running transaction and return its key; raises Conflict where one is under way."""
    run = FollowerSync(key=random_id(), started_by=actor.name)
    try:
        with session.begin_nested():
            session.add(run)
    except IntegrityError:
        raise Conflict("正在同步，不用再开始。") from None
    return run.key


def go_on(session: Session, key: str) -> bool:
    """Let a round that stopped or stalled move again; tells whether it had to be told."""
    now = database_now(session)
    resting = (FollowerSync.state == "stopped") | (FollowerSync.moved_at <= now - STALLED_AFTER)
    moved = update(FollowerSync).where(FollowerSync.key == key, FollowerSync.state != "done", resting)
    return _changed(session, moved.values(state="running", error=None, moved_at=now)) == 1


def note_alive(run: Run) -> None:
    """Keep that somebody is at it, though no page is done yet."""
    with transaction() as session:
        here = update(FollowerSync).where(FollowerSync.id == run.id, FollowerSync.state == "running")
        session.execute(here.values(moved_at=func.clock_now()))


def note_page(session: Session, run: Run, *, after: str, total: int, seen: int) -> bool:
    """Keep that a page more is done; False where somebody else was at the same one."""
    values = {"cursor": after.encode() if after else None, "total": total, "seen": seen, "pages": run.pages + 1}
    here = update(FollowerSync).where(
        FollowerSync.id == run.id, FollowerSync.pages == run.pages, FollowerSync.state == "running"
    )
    return _changed(session, here.values(**values, moved_at=func.clock_now())) == 1


def note_end(session: Session, run: Run, *, gone: int, remark: str | None) -> None:
    """Keep that the round is through; `remark` is what its page has to say about it."""
    ended = update(FollowerSync).where(FollowerSync.id == run.id, FollowerSync.state == "running")
    session.execute(ended.values(state="done", cursor=None, gone=gone, error=remark, moved_at=func.clock_now()))


def note_stop(key: str, sentence: str) -> None:
    """Keep why a round stopped; it may be told to go on."""
    with transaction() as session:
        stopped = update(FollowerSync).where(FollowerSync.key == key, FollowerSync.state == "running")
        session.execute(stopped.values(state="stopped", error=sentence, moved_at=func.clock_now()))


def pages_today() -> int:
    """Count the pages that were asked for today by the platform's day, rather too many than too few."""
    with transaction() as session:
        midnight = database_now(session).astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
        counted = select(func.sum(FollowerSync.pages)).where(FollowerSync.moved_at >= midnight)
        return int(session.scalar(counted) or 0)


def _changed(session: Session, statement: object) -> int:
    done = session.execute(statement)  # type: ignore[call-overload]  # an UPDATE
    assert isinstance(done, CursorResult)  # noqa: S101  # what an UPDATE gives
    return done.rowcount


def _runs() -> Select[FollowerSync, str]:
    query = select(FollowerSync, Member.display_name).outerjoin(Member, Member.name == FollowerSync.started_by)
    return query.order_by(FollowerSync.id.desc()).execution_options(populate_existing=True)


def _run(row: FollowerSync, person: str | None, now: datetime) -> Run:
    return Run(
        id=row.id,
        key=row.key,
        state=row.state,
        after=row.cursor.decode() if row.cursor else "",
        pages=row.pages,
        total=row.total,
        seen=row.seen,
        gone=row.gone,
        error=row.error,
        person=person or NOT_MEMBERS.get(row.started_by, row.started_by),
        started_at=row.started_at,
        moved_at=row.moved_at,
        stalled=row.state == "running" and now - row.moved_at >= STALLED_AFTER,
    )
