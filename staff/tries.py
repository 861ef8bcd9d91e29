"""How often a password or code may be tried: each try is counted before it is looked at, so that none slips by in
parallel.

Every try counts under up to three keys, because a lock on a name alone would let anybody who knows the name keep its
owner out, and a lock on an address alone would let a name be guessed at from a thousand addresses:

- the name in one network locks soon and for long (NEAR): whoever guesses locks themselves out, not the owner, who
  sits elsewhere;
- the name in all networks from which its owner was never signed in locks late and for minutes (FAR): guessing from
  everywhere stays slow, and the owner in the office is not asked about it at all;
- the network, whatever the name (CROWD): one password tried on all names stays slow. A whole office shares it, so it
  is generous, and what was right is taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from foundation.clock import database_now, local
from foundation.errors import NotAllowed
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from staff.models import SignInTries

MEMBER = "member:"


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free, how the lock grows after them, and how fast failures are forgotten one by one."""

    free: int
    first_lock: timedelta
    longest_lock: timedelta
    forgets_one_in: timedelta

    def lock_after(self, failures: int) -> timedelta | None:
        """Return how long nothing may be tried after so many failures: doubling, up to the longest."""
        if failures < self.free:
            return None
        doublings = min(failures - self.free, 20)
        return min(self.first_lock * (1 << doublings), self.longest_lock)

    def remembers(self, failures: int, since: timedelta) -> int:
        """Return how many of the failures still count when the last one was `since` ago."""
        return max(failures - max(since // self.forgets_one_in, 0), 0)


NEAR = Patience(5, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=5))
FAR = Patience(20, timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1))
CROWD = Patience(50, timedelta(minutes=1), timedelta(minutes=15), timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class Counter:
    """One key under which tries are counted, whose it is, and how patient it is; a `network` where it has no name."""

    key: str
    whose: str
    patience: Patience
    network: str | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """Whether this try may be looked at, until when there is none after it (None: at once), and by which key."""

    allowed: bool
    locked_until: datetime | None = None
    locked_by: Counter | None = None


def counters_of(whose: str, network: str, *, familiar: bool, what: str = "") -> tuple[Counter, ...]:
    """Return what a try counts under: for `whose` name (and `what`, where it is no password) from `network`.

    They stand in the order of their keys, so that tries at once do not wait for each other in a circle.
    """
    own = f"{whose}:{what}" if what else whose
    near = Counter(f"{own}@{network}", whose, NEAR)
    far = Counter(own, whose, FAR)
    crowd = Counter(f"network:{network}", f"network:{network}", CROWD, network)
    return tuple(sorted((near, crowd) if familiar else (near, far, crowd), key=lambda counter: counter.key))


def count_try(counters: Sequence[Counter]) -> Try:
    """Count a try as failed until `forget_try` says otherwise, unless one of the keys is locked.

    The database's clock decides. What is refused counts nowhere.
    """
    with transaction() as session:
        rows = [_locked_row(counter) for counter in counters]
        now = database_now(session)
        for row, counter in zip(rows, counters, strict=True):
            if row.locked_until is not None and now < row.locked_until:
                return Try(allowed=False, locked_until=row.locked_until, locked_by=counter)
        failed = [(_fail(row, counter, now), counter) for row, counter in zip(rows, counters, strict=True)]
        locked = [Try(allowed=True, locked_until=until, locked_by=counter) for until, counter in failed if until]
        return max(locked, key=lambda one: one.locked_until or now, default=Try(allowed=True))


def record_lock(tried: Try, actor: Actor) -> None:
    """Record that the try led to a lock, of the actor's name or of a network, where it did."""
    if tried.locked_by is not None:
        record("staff.lock", tried.locked_by.network or actor.name, actor)


def refuse_locked(tried: Try, actor: Actor) -> NoReturn:
    """Record a try that was not looked at, and raise NotAllowed, which says when to come back."""
    record("staff.try_while_locked", actor.name, actor, result="refused")
    raise too_many(tried)


def too_many(tried: Try) -> NotAllowed:
    """Return what somebody is told who is locked out: the minute from which they may try again."""
    assert tried.locked_until is not None  # noqa: S101  # the caller asked whether there is a lock
    # Rounded up: whoever comes back at the minute named finds the door open.
    minute = local(tried.locked_until + timedelta(seconds=59)).replace(second=0, microsecond=0)
    return NotAllowed(f"输错次数太多，请在{minute:%H:%M}以后再试。")


def forget_try(counters: Sequence[Counter]) -> None:
    """Take back the try just counted, which was right, and start anew where the owner failed before.

    Joins the running transaction.
    """
    with transaction() as session:
        for counter in counters:
            mine = SignInTries.key == counter.key
            if counter.patience is NEAR:
                session.execute(delete(SignInTries).where(mine))
            else:
                # A try is only looked at where nothing is locked, so a lock that is there now is this try's own.
                fewer = func.greatest(SignInTries.failures - 1, 0)
                session.execute(update(SignInTries).where(mine).values(failures=fewer, locked_until=None))


def forget_tries(whose: str) -> None:
    """Let somebody try again at once from everywhere, after a reset or by hand; joins the running transaction."""
    mine = SignInTries.whose == whose
    with transaction() as session:
        session.execute(select(SignInTries.key).where(mine).order_by(SignInTries.key.collate("C")).with_for_update())
        session.execute(delete(SignInTries).where(mine))


def key_of_member(name: str) -> str:
    """Return `whose` a member's tries are; their password's key is the same."""
    return MEMBER + name


def longest_lock(name: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that joins a member of that name to the longest lock they are under now, anywhere."""
    other = aliased(SignInTries)
    longest = (
        select(other.key)
        .where(other.whose == MEMBER + name, other.locked_until > func.clock_now())
        .order_by(other.locked_until.desc(), other.key)
        .limit(1)
    )
    return SignInTries.key == longest.scalar_subquery()


def _locked_row(counter: Counter) -> SignInTries:
    with transaction() as session:
        new = insert(SignInTries).values(key=counter.key, whose=counter.whose)
        session.execute(new.on_conflict_do_nothing())
        query = select(SignInTries).where(SignInTries.key == counter.key).with_for_update()
        return session.scalars(query.execution_options(populate_existing=True)).one()


def _fail(row: SignInTries, counter: Counter, now: datetime) -> datetime | None:
    """Add a failure to the key and return until when it is locked by it."""
    since = timedelta(0) if row.failed_at is None else now - row.failed_at
    row.failures = counter.patience.remembers(row.failures, since) + 1
    row.failed_at = now
    lock = counter.patience.lock_after(row.failures)
    row.locked_until = now + lock if lock else None
    return row.locked_until
