"""How a push stands, and the steps from one state to the next, each taken under its row's lock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import NotFound
from foundation.transaction import transaction
from publicity.notices.models import Notice, NoticeVersion
from publicity.pushes.channels import PER_FOLLOWER
from publicity.pushes.ledger import drop_waiting, is_drained
from publicity.pushes.models import Delivery, Push
from publicity.pushes.outcomes import Stop

UNDER_WAY = frozenset({"planning", "running"})
"""States in which deliveries are sent: what is planned already need not wait for the rest."""

ENDED = frozenset({"finished", "cancelled", "failed"})
OUTDATED = "公示公告已经有了新的版本，这条推送说的是旧的。请重新拟定一条。"


_REACHED_AT = {"approved": "begun_at", "planning": "planned_at"}
"""What leaving a state is dated by."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A push as its engine reads it."""

    id: int
    key: str
    notice_id: int
    notice_key: str
    version_number: int
    channel: str
    audience: str
    tag_number: int | None
    content: Mapping[str, Any]
    state: str
    starts_at: datetime | None
    planned_after: int
    total: int

    @property
    def per_follower(self) -> bool:
        return self.channel in PER_FOLLOWER


def find_push(key: str) -> Standing:
    """Return a push as it stands now; raises NotFound."""
    with transaction() as session:
        row = session.execute(_standing().where(Push.key == key)).one_or_none()
    if row is None:
        raise NotFound("没有这条推送。")
    return Standing(*row)


def find_due() -> tuple[Standing, ...]:
    """Return the pushes that are to begin, or whose beginning was not finished."""
    with transaction() as session:
        come = Push.starts_at.is_(None) | (Push.starts_at <= database_now(session))
        return _all(session, ((Push.state == "approved") & come) | (Push.state == "planning"))


def find_under_way() -> tuple[Standing, ...]:
    """Return the pushes of which something may be sent now."""
    with transaction() as session:
        return _all(session, Push.state.in_(UNDER_WAY))


def find_with_dead_leases() -> tuple[Standing, ...]:
    """Return the pushes, ended ones too, of which somebody died who held deliveries."""
    with transaction() as session:
        dead = (Delivery.state == "sending") & (Delivery.lease_until <= database_now(session))
        return _all(session, Push.id.in_(select(Delivery.push_id).where(dead)))


def locked(session: Session, key: str) -> Push:
    """Return the row of a push, held until the transaction ends; raises NotFound."""
    query = select(Push).where(Push.key == key).with_for_update().execution_options(populate_existing=True)
    push = session.execute(query).scalar_one_or_none()
    if push is None:
        raise NotFound("没有这条推送。")
    return push


def is_outdated(session: Session, notice_id: int, version_number: int) -> bool:
    """Tell whether the notice was published in another version since."""
    published = (NoticeVersion.notice_id == notice_id) & (NoticeVersion.state == "published")
    return session.scalar(select(func.max(NoticeVersion.number)).where(published)) != version_number


def move(key: str, source: str, target: str) -> bool:
    """Take a push from one state to the next; False where it was not in the first."""
    values: dict[str, Any] = {"state": target}
    if source in _REACHED_AT:
        values[_REACHED_AT[source]] = func.clock_now()
    with transaction() as session:
        moved = update(Push).where(Push.key == key, Push.state == source).values(**values).returning(Push.id)
        return session.scalar(moved) is not None


def stand_still(key: str, stop: Stop) -> None:
    """Have a push that runs fail, or rest; it says why, and goes on by itself where it is known when it can."""

    def change(session: Session, push: Push) -> None:
        if stop.fails:
            _fail(session, push, stop.reason)
            return
        push.state, push.error, push.resumes_at = "paused", stop.reason, _until(session, stop)

    _change_running(key, change)


def fail(key: str, reason: str) -> None:
    """End a push that was not sent, or not to the end, and say why."""
    _change_running(key, lambda session, push: _fail(session, push, reason))


def fail_to_begin(key: str, reason: str) -> None:
    """End a push that was approved and cannot begin; one that has begun meanwhile goes on."""
    with transaction() as session:
        push = locked(session, key)
        if push.state == "approved":
            _fail(session, push, reason)


def finish(key: str) -> None:
    """End a push of which all is done."""

    def change(session: Session, push: Push) -> None:
        push.state, push.ended_at, push.error = "finished", database_now(session), ""

    _change_running(key, change)


def finish_if_drained(key: str) -> bool:
    """End a push that runs and has nothing left to send; tells whether it did."""
    with transaction() as session:
        push = locked(session, key)
        if push.state != "running" or not is_drained(session, push.id):
            return False
        finish(key)
        return True


def goes_on(push: Push) -> str:
    """Return the state in which a push that rested goes on: where it was, planning or sending."""
    return "planning" if push.channel in PER_FOLLOWER and push.planned_at is None else "running"


def note_total(key: str, total: int) -> None:
    """Keep for how many the platform says that a push is."""
    with transaction() as session:
        session.execute(update(Push).where(Push.key == key).values(total=total))


def resume_due(session: Session) -> None:
    """Let the pushes run again that paused by themselves, and whose time has come, unless what they say is outdated.

    What lies with the platform goes on all the same: it may be out already.
    """
    due = select(Push).where(Push.state == "paused", Push.resumes_at <= database_now(session)).order_by(Push.id)
    for push in session.scalars(due.with_for_update(skip_locked=True).execution_options(populate_existing=True)):
        if push.channel in PER_FOLLOWER and is_outdated(session, push.notice_id, push.version_number):
            _fail(session, push, OUTDATED)
        else:
            push.state, push.resumes_at, push.error = goes_on(push), None, ""
    session.flush()


def _change_running(key: str, change: Callable[[Session, Push], None]) -> None:
    with transaction() as session:
        push = locked(session, key)
        if push.state in UNDER_WAY or push.state == "approved":
            change(session, push)


def _fail(session: Session, push: Push, reason: str) -> None:
    drop_waiting(session, push.id)
    push.state, push.error, push.ended_at, push.resumes_at = "failed", reason, database_now(session), None


def _until(session: Session, stop: Stop) -> datetime | None:
    if stop.until is not None:
        return stop.until
    return None if stop.seconds is None else database_now(session) + timedelta(seconds=stop.seconds)


def _all(session: Session, condition: ColumnElement[bool]) -> tuple[Standing, ...]:
    rows = session.execute(_standing().where(condition).order_by(Push.id))
    return tuple(Standing(*row) for row in rows)


def _standing() -> Any:
    columns = (
        Push.id,
        Push.key,
        Push.notice_id,
        Notice.key,
        Push.version_number,
        Push.channel,
        Push.audience,
        Push.tag_number,
        Push.content,
        Push.state,
        Push.starts_at,
        Push.planned_after,
        Push.total,
    )
    return select(*columns).join(Notice, Notice.id == Push.notice_id)
