"""The ledger of what was sent in the account's name: planned, sent, finished or failed, each under a key of ours.

A row is written before the call and marked after it, so whoever is killed in between finds it by the same key.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import ColumnElement, Select, Update, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from foundation.clock import database_now
from foundation.database import db
from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.transaction import transaction
from wechat.sending.models import KEY_BYTES, EarlyEnding, SendingJob

log = structlog.get_logger(__name__)
Kind = Literal["mass", "preview", "template", "draft", "publication"]
Family = Literal["mass", "publication"]
"""Which event told of an ending; a publication may be told of by the event of mass sending."""

State = Literal["planned", "sent", "finished", "failed"]
ENDS_AT_ONCE: frozenset[Kind] = frozenset({"preview", "template", "draft"})
EARLY_KEPT = timedelta(days=3)
_KEY_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent: `key` is the caller's id of it, 1 to 64 letters, digits, `-`, `_` or `.`."""

    key: str
    kind: Kind
    audience: str = ""
    media_id: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The platform's names for a job it took on."""

    number: str | None = None
    data_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended: the platform's own word, its counts, and where articles stand."""

    state: Literal["finished", "failed"]
    raw: str
    total: int | None = None
    filtered: int | None = None
    sent: int | None = None
    errors: int | None = None
    article_id: str | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A row of the ledger; see SendingJob."""

    key: str
    kind: Kind
    state: State
    audience: str
    media_id: str
    fingerprint: str
    number: str | None
    data_id: str | None
    raw: str | None
    total: int | None
    filtered: int | None
    sent: int | None
    errors: int | None
    article_id: str | None
    addresses: tuple[str, ...]
    planned_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None

    @property
    def was_refused(self) -> bool:
        """Whether the platform refused the call itself, so that nothing was sent."""
        return self.state == "failed" and self.number is None


_COLUMNS = [getattr(SendingJob, name) for name in Job.__dataclass_fields__]


def find_job(key: str) -> Job:
    """Return the job of a key; raises NotFound."""
    with transaction() as session:
        return _find(session, key)


def plan(order: Order) -> tuple[Job, bool]:
    """Write down what is about to be sent, at once; returns its row, and whether it is this call's to send.

    A key that was refused before may be tried anew. Raises InvalidInput for a key that is none, Conflict for one that
    stands for something else, and RuntimeError inside a transaction, where the row could vanish after the sending.
    """
    if not 1 <= len(order.key) <= KEY_BYTES or not _KEY_LETTERS.issuperset(order.key):
        raise InvalidInput("发送编号只能是1到64个字母、数字和“-_.”。", field="key")
    with transaction() as session:
        mine = session.execute(_new_or_refused(order)).scalar_one_or_none() is not None
        job = _find(session, order.key)
    if db.session().in_transaction():
        raise RuntimeError("what is sent must be planned in a transaction of its own")
    if (job.kind, job.audience, job.media_id) != (order.kind, order.audience, order.media_id):
        raise Conflict("这个发送编号已经用于别的内容。", field="key")
    return job, mine


def note_sent(key: str, numbers: Numbers) -> Job:
    """Mark a job as taken on by the platform; if its event came before, it ends now."""
    with transaction() as session:
        _lock(session, numbers.number, numbers.data_id)
        now, job = database_now(session), _find(session, key)
        if job.state != "planned":
            return job
        state: State = "finished" if job.kind in ENDS_AT_ONCE else "sent"
        values = {"state": state, "sent_at": now, **asdict(numbers)}
        session.execute(_row(key).values(**values, ended_at=now if state == "finished" else None))
        early = _early(session, replace(job, number=numbers.number, data_id=numbers.data_id))
        if early is not None:
            _end(session, key, early)
        return _find(session, key)


def note_refused(key: str, raw: str) -> None:
    """Mark a job that the platform refused: nothing was sent."""
    with transaction() as session:
        still = _row(key).where(SendingJob.state == "planned")
        session.execute(still.values(state="failed", raw=raw, ended_at=database_now(session)))


def note_ended(key: str, ending: Ending) -> Job:
    """Mark how a job ended, unless that is known."""
    with transaction() as session:
        _end(session, key, ending)
        return _find(session, key)


def note_article(key: str, article_id: str, addresses: tuple[str, ...]) -> Job:
    """Keep by which id, and where, the articles of a job that ended stand."""
    with transaction() as session:
        session.execute(_row(key).values(article_id=article_id, addresses=list(addresses)))
        return _find(session, key)


def note_event(family: Family, number: str, ending: Ending) -> None:
    """Mark how the job of a platform's number ended; where no row knows the number yet, keep it for one that will."""
    with transaction() as session:
        _lock(session, number)
        key = session.scalars(_of_number(family, number)).first()
        if key is not None:
            _end(session, key, ending)
            return
        log.info("wechat_job_unknown", family=family)
        _keep_early(session, family, number, ending)


def _new_or_refused(order: Order) -> ReturningInsert[tuple[int]]:
    new = insert(SendingJob).values(**asdict(order), state="planned")
    anew = {"state": "planned", "raw": None, "ended_at": None, "planned_at": func.clock_now()}
    anew["fingerprint"] = order.fingerprint
    refused = (SendingJob.state == "failed") & SendingJob.number.is_(None)
    same = (SendingJob.kind == order.kind) & (SendingJob.audience == order.audience)
    statement = new.on_conflict_do_update(
        index_elements=["key"], set_=anew, where=refused & same & (SendingJob.media_id == order.media_id)
    )
    return statement.returning(SendingJob.id)


def _find(session: Session, key: str) -> Job:
    row = session.execute(select(*_COLUMNS).where(SendingJob.key == key)).one_or_none()
    if row is None:
        raise NotFound("没有这次发送。")
    return replace(Job(*row), addresses=tuple(row.addresses))


def _row(key: str) -> Update:
    return update(SendingJob).where(SendingJob.key == key)


def _end(session: Session, key: str, ending: Ending) -> None:
    running = _row(key).where(SendingJob.state.in_(("planned", "sent")))
    values = {**asdict(ending), "addresses": list(ending.addresses), "raw": ending.raw[:80]}
    session.execute(running.values(**values, ended_at=database_now(session)))


def _lock(session: Session, *numbers: str | None) -> None:
    """Let the answer to a call and its event, which look for each other, come one after the other."""
    for number in sorted(filter(None, numbers)):
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(number, 15))))


def _of_number(family: Family, number: str) -> Select[str]:
    named = SendingJob.number == number
    if family == "mass":
        publication = (SendingJob.kind == "publication") & (named | (SendingJob.data_id == number))
        found = ((SendingJob.kind == "mass") & named) | publication
    else:
        found = (SendingJob.kind == family) & named
    return select(SendingJob.key).where(found).order_by(SendingJob.kind == "publication")


def _keep_early(session: Session, family: Family, number: str, ending: Ending) -> None:
    now = database_now(session)
    session.execute(delete(EarlyEnding).where(EarlyEnding.came_at < now - EARLY_KEPT))
    new = insert(EarlyEnding).values(family=family, number=number, ending=asdict(ending), came_at=now)
    session.execute(new.on_conflict_do_nothing())


def _early(session: Session, job: Job) -> Ending | None:
    """Take out the ending that came before the job's numbers were known."""
    found = session.execute(delete(EarlyEnding).where(_told_of(job)).returning(EarlyEnding.ending)).scalars().first()
    return None if found is None else Ending(**{**found, "addresses": tuple(found["addresses"])})


def _told_of(job: Job) -> ColumnElement[bool]:
    told = (EarlyEnding.family == job.kind) & (EarlyEnding.number == job.number)
    if job.kind != "publication":
        return told
    return or_(told, (EarlyEnding.family == "mass") & EarlyEnding.number.in_((job.number, job.data_id)))
