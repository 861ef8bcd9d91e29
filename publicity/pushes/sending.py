"""Sending a part of a push: one thread keeps the ledger, some others do nothing but send.

What came back while the ledger last committed is marked in the next commit, together with what leaves next, so a commit
serves many messages and still every message is written down before it leaves and after its answer came.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from publicity.pushes.ledger import Answered, Claimed, claim, release, renew, take_turn
from publicity.pushes.outcomes import REACHED, Outcome, Stop, outcome_of
from publicity.pushes.senders.sender import Sender
from wechat.errors import Unreachable, WeChatError

log = structlog.get_logger(__name__)
HANDS = 16
"""Threads that send, in each job: with a tenth of a second for each answer they make 160 messages a second."""

LOT = 40  # deliveries that are claimed at once
CARRIED = 800  # deliveries that one job carries
LASTS = 60.0  # seconds after which a job lets others have the worker
ALONE_UNTIL = 3
"""So many messages leave one after the other, until one is answered; then the platform is taken for silent."""

SILENCE_RESTS = 30.0  # seconds
STRANGE = 10  # answers in a row that nobody expects
PATIENCE = 0.5  # seconds
PERMITS_LAST = 0.5  # seconds
RENEWED_AFTER = 10.0  # seconds
SILENT = "微信没有应答，过一会儿自动继续。"
UNEXPECTED = "微信连续返回没有见过的错误（{}），已先停下。请核对后继续或取消。"

Beat = Callable[[int], None]
"""Is told now and then how many deliveries were handled since."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a job did: how many deliveries ended or will be tried again, whether more may be due, why it stopped."""

    handled: int
    more: bool
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class _Errand:
    delivery: Claimed
    recipient: Any


def carry(push: int, sender: Sender[Any], beat: Beat, *, most: int = CARRIED, lasts: float = LASTS) -> Carried:
    """Send up to `most` deliveries of a push, for `lasts` seconds at most; not to be called inside a transaction."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # flask's way to hand it to threads
    with _hands(app, sender) as hands:
        round_ = _Round(push, sender, hands, beat, most=most, ends=time.monotonic() + lasts)
        return round_.run()


class _Hands:
    """Threads that send what they are given, and put what came of it where the ledger's thread finds it."""

    def __init__(self, app: Flask, sender: Sender[Any]) -> None:
        self._app = app
        self._sender = sender
        self._given: SimpleQueue[_Errand | None] = SimpleQueue()
        self.answers: SimpleQueue[Answered] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name="sender", daemon=True) for _ in range(HANDS)]
        for thread in self._threads:
            thread.start()

    def give(self, errand: _Errand) -> None:
        self._given.put(errand)

    def close(self) -> None:
        for _ in self._threads:
            self._given.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        with self._app.app_context():
            while (errand := self._given.get()) is not None:
                self.answers.put(Answered(errand.delivery, self._send(errand)))

    def _send(self, errand: _Errand) -> Outcome:
        delivery = errand.delivery
        try:
            return Outcome("sent", number=self._sender.send(delivery, errand.recipient))
        except WeChatError as error:
            outcome = outcome_of(error, tries=delivery.tries, doubted=delivery.doubted, has_id=self._sender.has_id)
            if outcome.concerns_the_person:
                self._note(errand, error)
            return outcome
        except Exception:
            log.exception("push_message_failed")
            return outcome_of(Unreachable(), tries=delivery.tries, doubted=True, has_id=self._sender.has_id)

    def _note(self, errand: _Errand, error: WeChatError) -> None:
        try:
            self._sender.note(errand.recipient, error)
        except Exception:
            log.exception("push_answer_not_noted")


@contextmanager
def _hands(app: Flask, sender: Sender[Any]) -> Iterator[_Hands]:
    hands = _Hands(app, sender)
    try:
        yield hands
    finally:
        hands.close()


@dataclass
class _Round:
    """The ledger's side of one job."""

    push: int
    sender: Sender[Any]
    hands: _Hands
    beat: Beat
    most: int
    ends: float
    ready: deque[_Errand] = field(default_factory=deque)
    under_way: int = 0
    claimed: int = 0
    handled: int = 0
    unsaid: int = 0
    exhausted: bool = False
    silent: int = 0
    strange: int = 0
    answered: bool = False
    halted: bool = False
    stop: Stop | None = None
    paced_until: float = -math.inf
    permits: int = 0
    permits_until: float = -math.inf
    leased_at: float = field(default_factory=time.monotonic)

    def run(self) -> Carried:
        answers: list[Answered] = []
        while True:
            if self._wants_more():
                answers += self._claim()
            self._write(answers)
            if not self.under_way and not (self.ready and self._goes_on()):
                break
            answers = self._answers()
        self._give_back()
        return Carried(self.handled, not self.exhausted, self.stop)

    def _goes_on(self) -> bool:
        return self.stop is None and not self.halted and time.monotonic() < self.ends

    def _wants_more(self) -> bool:
        return len(self.ready) < HANDS and not self.exhausted and self.claimed < self.most and self._goes_on()

    def _claim(self) -> list[Answered]:
        """Take some more deliveries, and return those that end without being sent."""
        with transaction() as session:
            claimed = claim(session, self.push, min(LOT, self.most - self.claimed))
            found: Mapping[int, Any] = self.sender.look_up(session, claimed) if claimed else {}
        self.exhausted = not claimed
        self.claimed += len(claimed)
        self._say()
        errands = [_Errand(one, found[one.id]) for one in claimed]
        self.ready.extend(errand for errand in errands if not isinstance(errand.recipient, Outcome))
        return [Answered(one.delivery, one.recipient) for one in errands if isinstance(one.recipient, Outcome)]

    def _write(self, answers: Sequence[Answered]) -> None:
        """Mark what came back and begin what leaves next, in one commit; then let it leave."""
        next_ones = self._next()
        if not (answers or next_ones):
            return
        with transaction() as session:
            leaving = [errand.delivery for errand in next_ones]
            may_leave = take_turn(session, self.sender.channel, answers, leaving)
            self.sender.settle(session, answers)
            stay = [delivery for delivery in leaving if delivery.id not in may_leave]
            release(session, stay)
            self._keep_leases(session)
        self.halted = self.halted or bool(stay)
        self.handled += len(answers)
        self.unsaid += len(answers)
        for errand in next_ones:
            if errand.delivery.id in may_leave:
                self.under_way += 1
                self.hands.give(errand)

    def _next(self) -> list[_Errand]:
        """Take what may leave now: as many as there are hands, and permits."""
        free = min(HANDS if self.answered else 1, self.most) - self.under_way
        wanted = min(free, len(self.ready))
        if wanted <= 0 or not self._goes_on() or time.monotonic() < self.paced_until:
            return []
        return [self.ready.popleft() for _ in range(self._permitted(wanted))]

    def _permitted(self, wanted: int) -> int:
        """Return how many of the wanted may leave; permits are taken for a moment ahead, for each asking costs."""
        now = time.monotonic()
        if now > self.permits_until:
            self.permits = 0
        if self.permits < wanted:
            grant = self.sender.permits(wanted - self.permits + HANDS)
            self.permits += grant.calls
            self.permits_until = now + PERMITS_LAST
            if self.permits < wanted:
                self.paced_until = now + grant.wait
        given = min(wanted, self.permits)
        self.permits -= given
        return given

    def _keep_leases(self, session: Session) -> None:
        if time.monotonic() - self.leased_at > RENEWED_AFTER:
            renew(session, [errand.delivery for errand in self.ready])
            self.leased_at = time.monotonic()

    def _answers(self) -> list[Answered]:
        """Wait for an answer, or for the next permit, and return all that came meanwhile."""
        answers: list[Answered] = []
        try:
            answers.append(self.hands.answers.get(timeout=self._patience()))
            while True:
                answers.append(self.hands.answers.get_nowait())
        except Empty:
            pass
        self.under_way -= len(answers)
        for answer in answers:
            self._heed(answer.outcome)
        return answers

    def _patience(self) -> float:
        return min(max(self.paced_until - time.monotonic(), 0.001), PATIENCE) if self.ready else PATIENCE

    def _heed(self, outcome: Outcome) -> None:
        """Draw from one answer what it means for the rest."""
        doubtful = outcome.in_doubt and outcome.stop is None
        self.silent = self.silent + 1 if doubtful else 0
        self.answered = self.answered or not doubtful
        strange = outcome.state == "failed" and not outcome.concerns_the_person and not outcome.stop
        self.strange = 0 if outcome.state in REACHED else self.strange + strange
        stop = outcome.stop
        if self.silent >= (HANDS if self.answered else ALONE_UNTIL):
            stop = stop or Stop(SILENT, seconds=SILENCE_RESTS)
        if self.strange >= STRANGE:
            stop = stop or Stop(UNEXPECTED.format(outcome.errcode))
        self.stop = self.stop or stop

    def _give_back(self) -> None:
        with transaction() as session:
            release(session, [errand.delivery for errand in self.ready])
        self._say()

    def _say(self) -> None:
        self.beat(self.unsaid)
        self.unsaid = 0
