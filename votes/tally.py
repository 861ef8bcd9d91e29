"""Counting: exactly from the ledger, and as a running tally in Redis that carries its own watermark.

What is published for good comes from the ledger; Redis only shows how a poll stands while it runs.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.keyvalue import Redis, load_script
from votes.models import Ballot
from votes.rules import count

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class LedgerCount:
    """Votes by candidate number over the first `last_number` numbered ballots."""

    ballots: int
    votes: dict[int, int]
    last_number: int


@dataclass(frozen=True, slots=True)
class ShownTally:
    """The tally Redis holds: it speaks of the first `number` ballots of the ledger with this epoch."""

    epoch: str
    number: int
    votes: dict[int, int]


def count_in_ledger(
    session: Session,
    poll_id: int,
    *,
    after: int = 0,
    up_to: int | None = None,
    on_progress: Callable[[int], object] | None = None,
) -> LedgerCount:
    """Count the numbered ballots in (`after`, `up_to`], in chunks, so that memory stays flat.

    `on_progress` is told how many ballots have been counted so far.
    """
    votes: Counter[int] = Counter()
    ballots, last = 0, after
    for chunk in _chunks(session, poll_id, after, up_to):
        packed = [row[1] for row in chunk]
        size = max(map(len, packed))
        votes.update(count([choices.ljust(size, b"\0") for choices in packed], size))
        ballots, last = ballots + len(chunk), chunk[-1][0]
        if on_progress:
            on_progress(ballots)
    return LedgerCount(ballots, dict(votes), last)


def last_number_before(session: Session, poll_id: int, moment: datetime) -> int:
    """Return the highest number of a ballot accepted before `moment`, 0 for none."""
    query = (
        select(Ballot.number)
        .where(Ballot.poll_id == poll_id, Ballot.number.is_not(None), Ballot.accepted_at < moment)
        .order_by(Ballot.number.desc())
        .limit(1)
    )
    return session.scalar(query) or 0


class RunningTally:
    """The tally in Redis, one hash per poll: counts, number and epoch move together or not at all."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._advance = load_script(client, "votes", "advance_tally.lua")
        self._replace = load_script(client, "votes", "replace_tally.lua")

    def read(self, poll_id: int) -> ShownTally | None:
        """Return the tally, or None where Redis has none (it was flushed, or nothing was counted yet)."""
        raw: Mapping[bytes, bytes] = self._client.hgetall(_key(poll_id))  # type: ignore[assignment]  # not awaited
        if not raw:
            return None
        votes = {int(field): int(value) for field, value in raw.items() if field.isdigit()}
        return ShownTally(raw[b"epoch"].decode(), int(raw[b"number"]), votes)

    def advance(self, poll_id: int, epoch: str, part: LedgerCount, *, expected: int) -> bool:
        """Add `part` if the tally stands at `expected`; False where it does not, and a rebuild is due."""
        return bool(self._advance([_key(poll_id)], [epoch, expected, part.last_number, *_flat(part.votes)]))

    def replace(self, poll_id: int, epoch: str, whole: LedgerCount) -> None:
        """Put a count of the whole ledger in place of whatever is there."""
        self._replace([_key(poll_id)], [epoch, whole.last_number, *_flat(whole.votes)])

    def forget(self, poll_id: int) -> None:
        self._client.delete(_key(poll_id))


def _chunks(session: Session, poll_id: int, after: int, up_to: int | None) -> Iterator[list[tuple[int, bytes]]]:
    while True:
        query = select(Ballot.number, Ballot.choices).where(Ballot.poll_id == poll_id, Ballot.number > after)
        if up_to is not None:
            query = query.where(Ballot.number <= up_to)
        numbered = session.execute(query.order_by(Ballot.number).limit(CHUNK))
        rows = [(number, choices) for number, choices in numbered if number is not None]
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def _flat(votes: Mapping[int, int]) -> list[int]:
    return [part for pair in votes.items() for part in pair]


def _key(poll_id: int) -> str:
    return f"{{{poll_id}}}:tally"
