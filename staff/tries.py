"""How often a password may be tried: each try is counted before it is looked at, so that none slips by in parallel."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from foundation.clock import database_now
from foundation.transaction import transaction
from staff.models import SignInTries

FREE_TRIES = 5
FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Try:
    """Whether this try may be looked at, and until when there is none after it (None: at once)."""

    allowed: bool
    locked_until: datetime | None


def lock_after(failures: int) -> timedelta | None:
    """Return how long nothing may be tried after so many failures in a row."""
    if failures < FREE_TRIES:
        return None
    doublings = min(failures - FREE_TRIES, 10)
    return min(FIRST_LOCK * (1 << doublings), LONGEST_LOCK)


def count_try(key: str) -> Try:
    """Count a try under `key` as failed until `forget_tries` says otherwise; the database's clock decides."""
    with transaction() as session:
        session.execute(insert(SignInTries).values(key=key).on_conflict_do_nothing())
        tries = session.scalars(select(SignInTries).where(SignInTries.key == key).with_for_update()).one()
        now = database_now(session)
        if tries.locked_until is not None and now < tries.locked_until:
            return Try(allowed=False, locked_until=tries.locked_until)
        old = tries.failed_at is not None and tries.failed_at + FORGOTTEN_AFTER <= now
        tries.failures = 1 if old else tries.failures + 1
        tries.failed_at = now
        lock = lock_after(tries.failures)
        tries.locked_until = now + lock if lock else None
        return Try(allowed=True, locked_until=tries.locked_until)


def forget_tries(key: str) -> None:
    """Start counting anew, after a right password or by hand; joins the running transaction."""
    with transaction() as session:
        session.execute(delete(SignInTries).where(SignInTries.key == key))
