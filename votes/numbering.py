"""The sequencer: numbers ballots in rounds, keeps the shown tally in step, and closes polls whose time has come."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foundation.clock import database_now, local
from foundation.keyvalue import RedisError
from foundation.transaction import transaction
from votes.models import Ballot, Poll, PollHead
from votes.tally import LedgerCount, RunningTally, count_in_ledger, last_number_before

log = structlog.get_logger(__name__)
ROUND = 5_000
DAILY_HOUR = 18  # o'clock in Asia/Shanghai, when a poll with daily visibility shows its tally
RECONCILE_EVERY = 60.0  # seconds
PAUSE = 0.5  # seconds between rounds when nothing waits
_RUNNING_TALLY = ("live", "after_voting")

# One statement, so that the aggregates can only move with the numbers. All its parts see the ledger as it was before:
# somebody is new who has no numbered ballot yet, which only a daily poll has to ask.
_NUMBER = text(
    """
WITH next AS (
    SELECT id, row_number() OVER (ORDER BY id) AS step
    FROM (SELECT id FROM ballot WHERE poll_id = :poll AND number IS NULL ORDER BY id LIMIT :round) AS waiting
), numbered AS (
    UPDATE ballot SET number = :size + next.step FROM next WHERE ballot.id = next.id
    RETURNING voter_tag, date_trunc('hour', accepted_at, 'UTC') AS hour
), hours AS (
    INSERT INTO turnout_hour (poll_id, hour, ballots) SELECT :poll, hour, count(*) FROM numbered GROUP BY hour
    ON CONFLICT (poll_id, hour) DO UPDATE SET ballots = turnout_hour.ballots + excluded.ballots
)
SELECT count(*), count(DISTINCT voter_tag) FILTER (WHERE NOT :daily OR NOT EXISTS (
    SELECT FROM ballot AS earlier
    WHERE earlier.poll_id = :poll AND earlier.voter_tag = numbered.voter_tag AND earlier.number IS NOT NULL
)) FROM numbered
"""
)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did in one poll."""

    numbered: int
    size: int


def number_ballots(poll_id: int) -> Round:
    """Number up to 5,000 waiting ballots of a poll, following on from the last number, and count them by the hour.

    One process at a time. Ids commit out of order, so what waits is found by having no number, never by being beyond
    a last id.
    """
    with transaction() as session:
        head = session.get(PollHead, poll_id, with_for_update=True)
        if head is None:
            return Round(0, 0)
        daily = session.scalar(select(Poll.period == "daily").where(Poll.id == poll_id))
        values = {"poll": poll_id, "round": ROUND, "size": head.size, "daily": daily}
        numbered, voters = session.execute(_NUMBER, values).one()
        head.size, head.voters = head.size + numbered, head.voters + voters
        return Round(numbered, head.size)


def drain(poll_id: int) -> int:
    """Number ballots until none waits; returns how many there were."""
    total = 0
    while (done := number_ballots(poll_id).numbered) > 0:
        total += done
        if done < ROUND:
            break
    return total


def polls_with_waiting_ballots(session: Session) -> list[int]:
    waiting = select(Ballot.id).where(Ballot.poll_id == Poll.id, Ballot.number.is_(None)).exists()
    return list(session.scalars(select(Poll.id).where(waiting)))


class TallyKeeper:
    """Keeps the tallies in Redis in step with the ledger, as far as each poll's visibility lets one exist."""

    def __init__(self, tally: RunningTally) -> None:
        self._tally = tally

    def keep(self, poll_id: int) -> None:
        """Bring the poll's tally up to the ledger, rebuilding it where it does not fit."""
        with transaction() as session:
            poll = session.get_one(Poll, poll_id)
            head = session.get_one(PollHead, poll_id)
            target = self._target(session, poll, head)
            if target is None:
                self._tally.forget(poll_id)
                return
            shown = self._tally.read(poll_id)
            if shown is None or shown.epoch != head.epoch or shown.number > target:
                self._rebuild(session, poll_id, head.epoch, target)
            elif shown.number < target:
                part = count_in_ledger(session, poll_id, after=shown.number, up_to=target)
                if not self._tally.advance(poll_id, head.epoch, part, expected=shown.number):
                    self._rebuild(session, poll_id, head.epoch, target)

    def reconcile(self, poll_id: int) -> bool:
        """Compare the shown tally with the ledger at the same number; repair it and return False if they differ."""
        with transaction() as session:
            shown = self._tally.read(poll_id)
            head = session.get(PollHead, poll_id)
            if shown is None or head is None:
                return True
            exact = count_in_ledger(session, poll_id, up_to=shown.number)
            if (shown.epoch, _without_zeros(shown.votes)) == (head.epoch, exact.votes):
                return True
            log.error("tally_differed", poll=poll_id, number=shown.number)
            self._tally.replace(poll_id, head.epoch, exact)
            return False

    def _target(self, session: Session, poll: Poll, head: PollHead) -> int | None:
        """Return up to which number the poll's tally may be shown, None where no tally may exist."""
        if poll.state == "draft" or poll.visibility == "hidden":
            return None
        if poll.visibility in _RUNNING_TALLY or poll.state != "open":
            return head.size
        return last_number_before(session, poll.id, last_publication(database_now(session)))

    def _rebuild(self, session: Session, poll_id: int, epoch: str, target: int) -> None:
        whole = count_in_ledger(session, poll_id, up_to=target)
        self._tally.replace(poll_id, epoch, LedgerCount(whole.ballots, whole.votes, target))
        log.info("tally_rebuilt", poll=poll_id, number=target)


def last_publication(now: datetime) -> datetime:
    """Return the last 18:00 of Asia/Shanghai that is not after `now`."""
    today = local(now).replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    return today if today <= local(now) else today - timedelta(days=1)


def _without_zeros(votes: dict[int, int]) -> dict[int, int]:
    return {number: times for number, times in votes.items() if times}


class Sequencer:
    """The loop of the sequencer's process. A second one does no harm: both take turns at the poll's head."""

    def __init__(
        self, keeper: TallyKeeper, close_due: Callable[[], list[int]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keeper = keeper
        self._close_due = close_due
        self._clock = clock
        self._reconcile_at = clock()

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; what fails is logged and tried again in the next round."""
        while not stop.is_set():
            try:
                busy = self.round()
            except Exception:
                log.exception("round_failed")
                busy = False
            if not busy:
                stop.wait(PAUSE)

    def round(self) -> bool:
        """Do one round over all polls; returns whether ballots were waiting."""
        self._close_due()
        with transaction() as session:
            polls = list(session.scalars(select(Poll.id).where(Poll.state.in_(("open", "closed")))))
            waiting = polls_with_waiting_ballots(session)
        busy = sum(drain(poll_id) for poll_id in waiting) > 0
        try:
            self._show(polls)
        except RedisError as error:
            log.warning("tally_waits_for_redis", error=type(error).__name__)
        return busy

    def _show(self, polls: list[int]) -> None:
        for poll_id in polls:
            self._keeper.keep(poll_id)
        if self._clock() >= self._reconcile_at:
            self._reconcile_at = self._clock() + RECONCILE_EVERY
            for poll_id in polls:
                self._keeper.reconcile(poll_id)
