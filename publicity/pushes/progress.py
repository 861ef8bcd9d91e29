"""How far a push is: counts by outcome, speed, and what went wrong how often."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from publicity.pushes.models import Delivery, Push, PushCount
from publicity.pushes.outcomes import words_of_errcode
from publicity.pushes.pulse import Pulse
from publicity.pushes.senders.platform import job_key
from publicity.pushes.standing import UNDER_WAY, Standing, find_push
from wechat.sending.models import SendingJob

Counts = Mapping[tuple[str, int | None], int]
"""Deliveries by state and errcode."""

_NOT_REACHED = ("blocked", "refused", "unfollowed", "failed", "unknown")


@dataclass(frozen=True, slots=True)
class Progress:
    """How many deliveries stand how; `waiting` are those that were not sent, now or any more.

    `sent` are those of which the platform has not said yet that they arrived. `errors` are code, words and count of
    what did not arrive, the most frequent first; `seconds_left` is None where nobody can say. `repeats` left again
    while nobody knew whether they had arrived, under an id by which the platform drops the second.
    """

    state: str
    total: int
    sent: int
    delivered: int
    blocked: int
    refused: int
    unfollowed: int
    failed: int
    unknown: int
    waiting: int
    repeats: int
    per_second: float
    seconds_left: float | None
    error: str
    errors: tuple[tuple[int | None, str, int], ...]


def push_progress(key: str) -> Progress:
    """Return how far a push is; raises NotFound."""
    push = find_push(key)
    with transaction() as session:
        counts = counts_of(session, push)
        error = session.scalar(select(Push.error).where(Push.id == push.id)) or ""
        repeats = repeats_of(session, push.id)
    states = by_state(counts)
    total = max(push.total, sum(states.values()))
    waiting = total - sum(count for state, count in states.items() if state not in ("waiting", "sending", "cancelled"))
    speed = Pulse(push.id).per_second() if push.state in UNDER_WAY and push.per_follower else 0.0
    return Progress(
        state=push.state,
        total=total,
        sent=states["sent"],
        delivered=states["delivered"],
        blocked=states["blocked"],
        refused=states["refused"],
        unfollowed=states["unfollowed"],
        failed=states["failed"],
        unknown=states["unknown"],
        waiting=waiting,
        repeats=repeats,
        per_second=speed,
        seconds_left=waiting / speed if speed else None,
        error=error,
        errors=_errors(counts),
    )


def counts_of(session: Session, push: Standing) -> Counts:
    """Count the deliveries of a push; where they are erased already, return what was counted before."""
    if not push.per_follower:
        return _counts_of_job(session, push)
    query = select(Delivery.state, Delivery.errcode, func.count()).where(Delivery.push_id == push.id)
    counted = session.execute(query.group_by(Delivery.state, Delivery.errcode)).all()
    if counted:
        return {(row[0], row[1]): row[2] for row in counted}
    kept = session.scalars(select(PushCount).where(PushCount.push_id == push.id))
    return {(row.state, row.errcode or None): row.count for row in kept}


def repeats_of(session: Session, push: int) -> int:
    """Count how often messages left again of which nobody knew whether they had arrived."""
    erased = select(Push.repeats).where(Push.id == push).scalar_subquery()
    left = select(func.coalesce(func.sum(Delivery.repeats), 0)).where(Delivery.push_id == push, Delivery.repeats > 0)
    return int(session.scalars(select(erased + left.scalar_subquery())).one())


def by_state(counts: Counts) -> Counter[str]:
    """Return counts by state alone."""
    states: Counter[str] = Counter()
    for (state, _), count in counts.items():
        states[state] += count
    return states


def _counts_of_job(session: Session, push: Standing) -> Counts:
    """Count by what the platform says of its job: whom it left out had refused, or had enough in this month."""
    job = session.execute(select(SendingJob).filter_by(key=job_key(push.key))).scalar_one_or_none()
    if job is None or job.total is None:
        return {}
    reached, failed = job.sent or 0, job.errors or 0
    counts = {("delivered", None): reached, ("failed", None): failed, ("refused", None): job.total - reached - failed}
    return {which: count for which, count in counts.items() if count > 0}


def _errors(counts: Counts) -> tuple[tuple[int | None, str, int], ...]:
    codes: Counter[int | None] = Counter()
    for (state, errcode), count in counts.items():
        if state in _NOT_REACHED:
            codes[errcode] += count
    return tuple((errcode, words_of_errcode(errcode), count) for errcode, count in codes.most_common())
