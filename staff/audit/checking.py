"""When the chain is checked, and what came of it: by the clock, at somebody's wish, and for all to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict
from foundation.queues import enqueue
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit.chain import START, ChainBrokenError, Fault, Head
from staff.audit.checkpoints import write_checkpoint
from staff.audit.models import AuditCheck
from staff.audit.recording import record
from staff.audit.verifying import count_links, verify_chain
from staff.audit.wording import fault_words
from staff.authority import demand

log = structlog.get_logger(__name__)
VERIFY = "audit.verify"
WHOLE_EVERY = timedelta(days=1)
STALLED_AFTER = timedelta(minutes=30)
_TRAIL = "操作记录"
_LOOKED_AT = 50  # checks; those that found nothing are not kept for long


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a check found: the chain's head where all is well, or the fault and where it begins."""

    head: Head | None
    fault: Fault | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class ChainState:
    """The latest word on the chain, and how far a check of the whole is while one runs."""

    checked_at: datetime | None
    links: int
    trouble: str | None
    percent: int | None

    @property
    def running(self) -> bool:
        return self.percent is not None


def request_check(actor: Actor) -> None:
    """Have a job check the whole chain; raises Conflict while one is at it."""
    with transaction() as session:
        if _past(session).running is not None:
            raise Conflict("正在核对，请等它做完。")
        record(VERIFY, _TRAIL, actor)
        enqueue(check_in_background, _begin(session, whole=True))


def check_in_background(check_id: int) -> None:
    """Check the whole chain for the check `check_id`, unless that is done."""
    with transaction() as session:
        check = session.get(AuditCheck, check_id)
        if check is None or check.finished_at is not None:
            return
    _carry_out(check_id, START)


def check_whole(actor: Actor) -> CheckOutcome:
    """Check the whole chain at once and keep what was found; raises NotAllowed for a member who may not."""
    if actor.member_id is not None:
        demand(actor, VERIFY, object=_TRAIL)
    with transaction() as session:
        record(VERIFY, _TRAIL, actor)
        check_id = _begin(session, whole=True)
    return _carry_out(check_id, START)


def keep_checkpoint() -> CheckOutcome:
    """Check what was added since the last time, once a day the whole chain, and put down where it stands.

    A chain that does not hold is logged and never signed.
    """
    with transaction() as session:
        past = _past(session)
        since = START if past.whole_is_due else past.head
        check_id = _begin(session, whole=since == START)
    outcome = _carry_out(check_id, since)
    if outcome.head is None or outcome.head == START:
        return outcome
    try:
        write_checkpoint(outcome.head)
    except OSError:
        log.exception("audit_checkpoint_not_kept")
        outcome = CheckOutcome(None, Fault.NOT_KEPT)
        _finish(check_id, outcome)
    return outcome


def chain_trouble() -> str | None:
    """Return what is wrong with the chain, as a clause, or None; it stands until a check of the whole finds nothing."""
    with transaction() as session:
        return _past(session).trouble


def chain_state() -> ChainState:
    """Return what the page says of the chain."""
    with transaction() as session:
        past = _past(session)
        last, running = past.finished, past.running
        percent = None if running is None else running.done * 100 // max(running.total, 1)
        if last is None:
            return ChainState(None, 0, None, percent)
        return ChainState(last.finished_at, last.seq or 0, past.trouble, percent)


def _carry_out(check_id: int, since: Head) -> CheckOutcome:
    outcome = _follow(check_id, since)
    if outcome.fault:
        log.error("audit_chain_broken", fault=outcome.fault, seq=outcome.seq)
    _finish(check_id, outcome)
    return outcome


def _follow(check_id: int, since: Head) -> CheckOutcome:
    total = count_links()
    _tell(check_id, since.seq, total)
    try:
        return CheckOutcome(verify_chain(since, lambda done: _tell(check_id, done, total)))
    except ChainBrokenError as broken:
        return CheckOutcome(None, broken.fault, broken.seq)
    except OSError:
        log.exception("audit_checkpoints_not_read")
        return CheckOutcome(None, Fault.NOT_KEPT)


def _begin(session: Session, *, whole: bool) -> int:
    check = AuditCheck(whole=whole)
    session.add(check)
    session.flush()
    return check.id


def _tell(check_id: int, done: int, total: int) -> None:
    with transaction() as session:
        session.execute(update(AuditCheck).where(AuditCheck.id == check_id).values(done=done, total=total))


def _finish(check_id: int, outcome: CheckOutcome) -> None:
    """Keep what was found; a check that found nothing takes the place of earlier ones like it."""
    head = outcome.head
    with transaction() as session:
        check = session.get_one(AuditCheck, check_id)
        check.finished_at, check.done = func.clock_now(), check.total
        check.seq, check.hash = (head.seq, head.hash) if head else (None, None)
        check.fault, check.fault_seq = outcome.fault, outcome.seq
        session.flush()
        if head:
            older = delete(AuditCheck).where(AuditCheck.id < check_id, AuditCheck.fault.is_(None))
            session.execute(older if check.whole else older.where(AuditCheck.whole.is_(False)))


@dataclass(frozen=True, slots=True)
class _Past:
    """The latest checks, the newest first, as of `now`."""

    checks: Sequence[AuditCheck]
    now: datetime

    @property
    def running(self) -> AuditCheck | None:
        """The check of the whole that is under way, and not left behind by a job that died."""
        since = self.now - STALLED_AFTER
        return next((one for one in self.checks if one.whole and not one.finished_at and one.started_at > since), None)

    @property
    def finished(self) -> AuditCheck | None:
        return next((one for one in self.checks if one.finished_at), None)

    @property
    def good_whole(self) -> AuditCheck | None:
        return next((one for one in self.checks if one.whole and one.seq is not None), None)

    @property
    def head(self) -> Head:
        """Where the last check ended that found nothing."""
        last = next((one for one in self.checks if one.seq is not None), None)
        return Head(last.seq, last.hash) if last and last.seq and last.hash else START

    @property
    def trouble(self) -> str | None:
        """The first fault that no check of the whole has seen gone since."""
        since = self.good_whole
        faults = [one for one in self.checks if one.fault and (since is None or one.id > since.id)]
        return fault_words(faults[-1].fault or "", faults[-1].fault_seq) if faults else None

    @property
    def whole_is_due(self) -> bool:
        last = self.good_whole
        return last is None or last.started_at < self.now - WHOLE_EVERY or self.trouble is not None


def _past(session: Session) -> _Past:
    checks = session.scalars(select(AuditCheck).order_by(AuditCheck.id.desc()).limit(_LOOKED_AT)).all()
    return _Past(checks, database_now(session))
