"""Runs through the rules: what would go now, and erasing it, each rule in a transaction of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict, NotFound
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.actors import NOT_MEMBERS, SYSTEM, Actor
from staff.audit import record
from staff.authority import demand
from staff.models import Member
from staff.personal.certificates import Document, write_certificate
from staff.personal.holds import held_subjects, holds_in_force, is_held
from staff.personal.models import RetentionCertificate, RetentionErasure, RetentionHold, RetentionRun
from staff.personal.retention import RULES, Count, Rows, Rule
from staff.roles import Role

log = structlog.get_logger(__name__)
RUN = "retention.run"
DAILY = timedelta(hours=23)  # an hour less than a day, so that the hourly look does not slip by one
STALLED_AFTER = timedelta(hours=1)
SHOWN = 30
_ONE_AT_A_TIME = 190  # the key of the advisory lock that a rule holds while it erases


@dataclass(frozen=True, slots=True)
class DueLine:
    """What one rule would erase now: how many, and from before when. `held` stops it all, `spared` some subjects."""

    rule: Rule
    count: int
    before: datetime | None
    held: bool
    spared: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What one rule erased in a run."""

    rule: str
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class _Erasing:
    """A rule by which a run erases."""

    rule: Rule
    erase: Count
    term: timedelta


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run as its page shows it; `stalled` where no job seems to be at it."""

    id: int
    key: str
    asked_by: str
    state: str
    done: int
    total: int
    failed: tuple[str, ...]
    requested_at: datetime
    ended_at: datetime | None
    erased: tuple[Erased, ...]
    certificate: Document | None
    stalled: bool

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 0

    @property
    def moving(self) -> bool:
        return self.state != "ended" and not self.stalled

    @property
    def count(self) -> int:
        return sum(line.count for line in self.erased)


def preview() -> tuple[DueLine, ...]:
    """Return for every rule what a run would erase at this moment; nothing is changed."""
    with transaction() as session:
        now, holds, counts = database_now(session), holds_in_force(session), _count_due(session)
        return tuple(_due_line(RULES[rule], count, now, holds) for rule, count in counts.items())


def start_run(actor: Actor) -> str:
    """Note that somebody wants what is due erased; returns the key that `carry_out` takes.

    Raises NotAllowed, and Conflict while another run is under way.
    """
    if actor.member_id is not None:
        demand(actor, RUN)
    with transaction() as session:
        _refuse_a_second(session)
        run = RetentionRun(key=random_id(), asked_by=actor.name, total=len(_erasing()))
        session.add(run)
        if actor != SYSTEM:
            record(RUN, run.key[:8], actor)
        return run.key


def carry_out(key: str) -> None:
    """Go through the rules for the run `key` and sign what was erased; a run that ended already is left alone.

    May be called again after it was interrupted: what is gone stays gone and is not counted twice.
    """
    begun = _begin(key)
    if begun is None:
        return
    run_id, actor = begun
    failed = []
    for done, one in enumerate(_erasing(), start=1):
        if not _apply(run_id, one, actor):
            failed.append(one.rule.id)
        _progress(run_id, done)
    _end(run_id, failed)


def run_daily() -> bool:
    """Run in the system's own name, once a day and not beside another run; tells whether it did."""
    with transaction() as session:
        _end_interrupted(session)
        fresh = RetentionRun.requested_at > func.clock_now() - DAILY
        mine = RetentionRun.asked_by == SYSTEM.name
        if session.scalar(select(RetentionRun.id).where(fresh, mine).limit(1)) is not None:
            return False
    try:
        key = start_run(SYSTEM)
    except Conflict:
        return False
    carry_out(key)
    return True


def run_status(key: str) -> RunStatus:
    """Return one run; raises NotFound."""
    with transaction() as session:
        run = session.scalars(select(RetentionRun).where(RetentionRun.key == key)).one_or_none()
        if run is None:
            raise NotFound("没有这次清理。")
        return _statuses(session, [run])[0]


def latest_runs(before: int | None = None) -> tuple[RunStatus, ...]:
    """Return a page of runs that erased something, failed or are under way, the latest first, below an id."""
    erased = select(RetentionErasure.id).where(RetentionErasure.run_id == RetentionRun.id).exists()
    telling = erased | (func.cardinality(RetentionRun.failed) > 0) | (RetentionRun.state != "ended")
    query = select(RetentionRun).where(telling).order_by(RetentionRun.id.desc()).limit(SHOWN)
    if before is not None:
        query = query.where(RetentionRun.id < before)
    with transaction() as session:
        return _statuses(session, list(session.scalars(query)))


def latest_run() -> RunStatus | None:
    """Return the last run of all, whatever came of it."""
    with transaction() as session:
        run = session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(1)).one_or_none()
        return _statuses(session, [run])[0] if run else None


def _erasing() -> list[_Erasing]:
    rules = RULES.values()
    return [_Erasing(rule, rule.erase, rule.term) for rule in rules if rule.erase is not None and rule.term is not None]


def _count_due(session: Session) -> dict[str, int]:
    """Return by rule how many are due now, in the order of the rules; rows are counted in one statement."""
    now = database_now(session)
    counted = {rule.id: rule.due.counted(now) for rule in RULES.values() if isinstance(rule.due, Rows)}
    counts = dict(zip(counted, session.execute(select(*counted.values())).one(), strict=True))
    others = {rule.id: rule.due for rule in RULES.values() if rule.id not in counts and rule.due is not None}
    counts |= {rule: due(session, now) for rule, due in others.items() if not isinstance(due, Rows)}
    return {rule: counts[rule] for rule in RULES if rule in counts}


def _due_line(rule: Rule, count: int, now: datetime, holds: Sequence[RetentionHold]) -> DueLine:
    before = now - rule.term if rule.term is not None else None
    spared = len(held_subjects(rule.id, holds)) if rule.subjects else 0
    return DueLine(rule, count, before, is_held(rule.id, holds), spared)


def _refuse_a_second(session: Session) -> None:
    session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    _end_interrupted(session)
    if session.scalar(select(RetentionRun.id).where(RetentionRun.state != "ended").limit(1)) is not None:
        raise Conflict("已有一次清理正在进行，请等它结束。")


def _begin(key: str) -> tuple[int, Actor] | None:
    with transaction() as session:
        run = session.scalars(select(RetentionRun).where(RetentionRun.key == key).with_for_update()).one_or_none()
        if run is None or run.state == "ended":
            return None
        run.state, run.done = "running", 0
        return run.id, _actor_of(session, run.asked_by)


def _actor_of(session: Session, name: str) -> Actor:
    """Return in whose name a run erases; a job knows no network."""
    if name in NOT_MEMBERS:
        return Actor(name, NOT_MEMBERS[name])
    member = session.scalars(select(Member).where(Member.name == name)).one()
    return Actor(member.name, member.display_name, member.id, role=Role(member.role), unit=member.unit)


def _apply(run_id: int, one: _Erasing, actor: Actor) -> bool:
    """Let one rule erase what is due; False where it could not, which stops no other rule."""
    try:
        with transaction() as session:
            session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
            if not is_held(one.rule.id, holds_in_force(session)):
                _erase(session, run_id, one, actor)
    except Exception:
        log.exception("retention_rule_failed", rule=one.rule.id)
        return False
    return True


def _erase(session: Session, run_id: int, one: _Erasing, actor: Actor) -> None:
    session.execute(text("SET LOCAL lock_timeout = '10s'"))
    rule, count = one.rule, one.erase(session, database_now(session))
    if count:
        seconds = int(one.term.total_seconds())
        session.add(RetentionErasure(run_id=run_id, rule=rule.id, words=rule.words, term_seconds=seconds, count=count))
        record("retention.erase", f"{rule.words}：{count}", actor)


def _progress(run_id: int, done: int) -> None:
    with transaction() as session:
        session.execute(update(RetentionRun).where(RetentionRun.id == run_id).values(done=done))


def _end(run_id: int, failed: list[str]) -> None:
    with transaction() as session:
        run = session.get_one(RetentionRun, run_id, with_for_update=True)
        if run.state != "ended":
            _close(session, run, failed)


def _end_interrupted(session: Session) -> None:
    """End the runs that a killed process left behind, with a certificate of what they had erased."""
    old = RetentionRun.requested_at <= func.clock_now() - STALLED_AFTER
    query = select(RetentionRun).where(RetentionRun.state != "ended", old)
    for run in session.scalars(query.with_for_update(skip_locked=True)):
        _close(session, run, ["interrupted"])


def _close(session: Session, run: RetentionRun, failed: list[str]) -> None:
    now = database_now(session)
    run.state, run.ended_at, run.failed = "ended", now, failed
    document = write_certificate(session, run, now)
    if document is not None:
        session.add(RetentionCertificate(run_id=run.id, document=dict(document)))


def _statuses(session: Session, runs: list[RetentionRun]) -> tuple[RunStatus, ...]:
    if not runs:
        return ()
    ids = [run.id for run in runs]
    now = database_now(session)
    erasures = session.scalars(
        select(RetentionErasure).where(RetentionErasure.run_id.in_(ids)).order_by(RetentionErasure.id)
    ).all()
    certificates = {
        row.run_id: row.document
        for row in session.scalars(select(RetentionCertificate).where(RetentionCertificate.run_id.in_(ids)))
    }
    names = NOT_MEMBERS | dict(
        session.execute(
            select(Member.name, Member.display_name).where(Member.name.in_({run.asked_by for run in runs}))
        ).all()
    )
    return tuple(
        RunStatus(
            id=run.id,
            key=run.key,
            asked_by=names.get(run.asked_by, run.asked_by),
            state=run.state,
            done=run.done,
            total=run.total,
            failed=tuple(RULES[rule].words if rule in RULES else "中途停止" for rule in run.failed),
            requested_at=run.requested_at,
            ended_at=run.ended_at,
            erased=tuple(Erased(one.rule, one.words, one.count) for one in erasures if one.run_id == run.id),
            certificate=certificates.get(run.id),
            stalled=run.state != "ended" and now - run.requested_at >= STALLED_AFTER,
        )
        for run in runs
    )
