"""The ledger of deliveries: claimed in lots under a lease, marked as answers come, found again when a sender dies.

A delivery says that it leaves before it does, in the same commit that marks what came back of others (`take_turn`).
So of what a killed sender held each row tells whether it was sent, and whoever takes it up knows what may be done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import CursorResult
from sqlalchemy.orm import Session

from publicity.pushes.channels import Channel
from publicity.pushes.outcomes import Outcome

LEASE = timedelta(seconds=60)
"""Longer than a call with a renewed token may take, and much shorter than the platform knows an id."""

RENEWED_BELOW = timedelta(seconds=30)
SURE_FOR: Mapping[Channel, timedelta] = MappingProxyType(
    {Channel.TEMPLATE: timedelta(minutes=9), Channel.ONCE: timedelta(days=36_500), Channel.CUSTOMER: timedelta(0)}
)
"""How long after a doubtful try the same message may be sent again: a client_msg_id is known for ten minutes, here with
a margin; a one-time consent is spent for good; a customer message has no id, so it is never sent again."""

_CLAIM = """
WITH doubted AS (
    SELECT id FROM push_delivery
    WHERE push_id = %(push)s AND state = 'waiting' AND doubted_at IS NOT NULL AND due_at <= clock_now()
    ORDER BY due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
), fresh AS (
    SELECT id FROM push_delivery
    WHERE push_id = %(push)s AND state = 'waiting' AND doubted_at IS NULL AND due_at <= clock_now()
    ORDER BY due_at, id LIMIT greatest(%(most)s - (SELECT count(*) FROM doubted), 0) FOR UPDATE SKIP LOCKED
)
UPDATE push_delivery AS d
SET state = 'sending', tries = d.tries + 1, lease_until = clock_now() + %(lease)s
FROM (SELECT id FROM doubted UNION ALL SELECT id FROM fresh) AS due
WHERE d.id = due.id AND EXISTS (SELECT 1 FROM push WHERE push.id = %(push)s AND push.state IN ('planning', 'running'))
RETURNING d.id, d.tries, d.doubted_at IS NOT NULL, d.follower_id, d.consent_id
"""
_TURN = """
WITH marked AS (
    UPDATE push_delivery AS d
    SET state = CASE WHEN new.state = 'sent' AND d.told IS NOT NULL AND d.number = new.number THEN d.told
                     WHEN new.state = 'unknown' THEN coalesce(d.told, 'unknown') ELSE new.state END,
        lease_until = NULL,
        due_at = CASE WHEN new.state = 'waiting' THEN clock_now() + make_interval(secs => new.wait) ELSE d.due_at END,
        doubted_at = CASE WHEN new.in_doubt THEN d.doubted_at END,
        sent_at = CASE WHEN new.state = 'sent' THEN clock_now() ELSE d.sent_at END,
        errcode = new.errcode,
        number = CASE WHEN new.in_doubt THEN d.number ELSE new.number END,
        told = CASE WHEN new.in_doubt THEN d.told END
    FROM json_to_recordset(%(answers)s::json)
      AS new (id bigint, tries int, state text, number text, errcode int, wait float8, in_doubt bool)
    WHERE d.id = new.id AND d.tries = new.tries AND d.state = 'sending'
)
UPDATE push_delivery AS d
SET state = CASE WHEN d.doubted_at <= clock_now() - %(sure)s THEN coalesce(d.told, 'unknown') ELSE 'sending' END,
    lease_until = CASE WHEN d.doubted_at <= clock_now() - %(sure)s THEN NULL ELSE clock_now() + %(lease)s END,
    doubted_at = coalesce(d.doubted_at, clock_now()),
    repeats = d.repeats + coalesce((d.doubted_at > clock_now() - %(sure)s)::int, 0)
FROM json_to_recordset(%(leaving)s::json) AS mine (id bigint, tries int)
WHERE d.id = mine.id AND d.tries = mine.tries AND d.state = 'sending'
  AND EXISTS (SELECT 1 FROM push WHERE push.id = d.push_id AND push.state IN ('planning', 'running'))
RETURNING d.id, d.state = 'sending'
"""
_RENEW = """
UPDATE push_delivery AS d SET lease_until = clock_now() + %(lease)s
FROM unnest(%(ids)s::bigint[], %(tries)s::int[]) AS mine (id, tries)
WHERE d.id = mine.id AND d.tries = mine.tries AND d.state = 'sending' AND d.lease_until < clock_now() + %(below)s
"""
_RELEASE = """
UPDATE push_delivery AS d SET state = 'waiting', lease_until = NULL
FROM unnest(%(ids)s::bigint[], %(tries)s::int[]) AS mine (id, tries)
WHERE d.id = mine.id AND d.tries = mine.tries AND d.state = 'sending'
"""
_EXPIRE = """
UPDATE push_delivery AS d
SET state = CASE WHEN d.doubted_at <= clock_now() - %(sure)s THEN coalesce(d.told, 'unknown') ELSE 'waiting' END,
    lease_until = NULL, due_at = clock_now()
FROM (SELECT id FROM push_delivery
      WHERE push_id = %(push)s AND state = 'sending' AND lease_until <= clock_now()
      FOR UPDATE SKIP LOCKED) AS old
WHERE d.id = old.id
"""
_DROP = """
UPDATE push_delivery SET state = CASE WHEN doubted_at IS NULL THEN 'cancelled' ELSE coalesce(told, 'unknown') END
WHERE push_id = %(push)s AND state = 'waiting'
"""
_RETRY = """
UPDATE push_delivery
SET state = 'waiting', due_at = clock_now(), doubted_at = NULL, errcode = NULL, number = NULL, told = NULL
WHERE push_id = %(push)s AND (state = 'failed' AND errcode = ANY(%(errcodes)s) OR %(unknown)s AND state = 'unknown')
  AND (follower_id IS NOT NULL OR consent_id IS NOT NULL)
"""
_LEFT = """
SELECT EXISTS (SELECT 1 FROM push_delivery WHERE push_id = %(push)s AND state = 'waiting'),
       EXISTS (SELECT 1 FROM push_delivery WHERE push_id = %(push)s AND state = 'sending')
"""
_DUE = """
SELECT EXISTS (SELECT 1 FROM push_delivery WHERE push_id = %(push)s AND state = 'waiting' AND due_at <= clock_now())
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is this sender's for a while; `doubted` where an earlier try may have arrived."""

    id: int
    tries: int
    doubted: bool
    follower_id: int | None
    consent_id: int | None


@dataclass(frozen=True, slots=True)
class Answered:
    """A delivery, and how the try ended."""

    delivery: Claimed
    outcome: Outcome


def claim(session: Session, push: int, most: int) -> list[Claimed]:
    """Take up to `most` deliveries that are due, those in doubt first, for as long as LEASE; none where it rests."""
    rows = _do(session, _CLAIM, push=push, most=most, lease=LEASE)
    return [Claimed(*row) for row in rows]


def take_turn(
    session: Session, channel: Channel, answers: Sequence[Answered], leaving: Sequence[Claimed]
) -> frozenset[int]:
    """Write down how tries ended, and that other deliveries are about to leave; returns the ids of those that may.

    Of what the platform told before it was answered, its word counts. Not those may leave whose lease ran out, or whose
    push rests; what was doubtful for too long ends as unknown.
    """
    rows = _do(
        session,
        _TURN,
        answers=orjson.dumps([_told(answer) for answer in answers]).decode(),
        leaving=orjson.dumps([{"id": one.id, "tries": one.tries} for one in leaving]).decode(),
        sure=SURE_FOR[channel],
        lease=LEASE,
    )
    return frozenset(row[0] for row in rows if row[1])


def renew(session: Session, deliveries: Sequence[Claimed]) -> None:
    """Keep what was claimed and has not left yet, where its lease comes near its end."""
    if deliveries:
        _do(session, _RENEW, **_mine(deliveries), lease=LEASE, below=RENEWED_BELOW)


def release(session: Session, deliveries: Sequence[Claimed]) -> None:
    """Give back what was claimed and did not leave."""
    if deliveries:
        _do(session, _RELEASE, **_mine(deliveries))


def expire(session: Session, push: int, channel: Channel) -> int:
    """Give back what dead senders held: what never left waits again, and so does what may safely be repeated."""
    return _do(session, _EXPIRE, push=push, sure=SURE_FOR[channel]).rowcount


def drop_waiting(session: Session, push: int) -> None:
    """Have nothing more sent; what may have arrived stays unknown."""
    _do(session, _DROP, push=push)


def wait_again(session: Session, push: int, errcodes: Sequence[int], *, unknown: bool) -> int:
    """Have those that failed with these codes sent again, and with `unknown` those of which nobody knows."""
    return _do(session, _RETRY, push=push, errcodes=list(errcodes), unknown=unknown).rowcount


def is_drained(session: Session, push: int) -> bool:
    """Tell whether nothing waits and nothing is being sent."""
    waits, leaves = _do(session, _LEFT, push=push).one()
    return not (waits or leaves)


def has_due(session: Session, push: int) -> bool:
    """Tell whether something could be sent now."""
    return bool(_do(session, _DUE, push=push).scalar_one())


def _told(answer: Answered) -> dict[str, Any]:
    delivery, outcome = answer.delivery, answer.outcome
    return {
        "id": delivery.id,
        "tries": delivery.tries,
        "state": outcome.state,
        "number": outcome.number,
        "errcode": outcome.errcode,
        "wait": outcome.wait,
        "in_doubt": outcome.in_doubt,
    }


def _mine(deliveries: Sequence[Claimed]) -> dict[str, list[int]]:
    return {"ids": [one.id for one in deliveries], "tries": [one.tries for one in deliveries]}


def _do(session: Session, statement: str, **values: Any) -> CursorResult[*tuple[Any, ...]]:
    """Execute without SQLAlchemy's own preparation, which costs more than these statements do."""
    return session.connection().exec_driver_sql(statement, values)
