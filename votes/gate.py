"""The gate before the ledger: it limits how often one may try, and knows nothing else.

Whether somebody has voted is only a hint here, to steer straight to the ledger; the ledger decides.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import structlog

from foundation.keyvalue import Redis, RedisError, load_script

log = structlog.get_logger(__name__)
WINDOW = 60  # seconds
SEEN_FOR = 30 * 86_400  # seconds that the hint outlives the last ballot
PAUSE = 1.0  # seconds during which a Redis that failed is left alone
DAYS_KEPT = 8  # that refused tries stay counted
_SEEN, _PASS = -1, 0


class Passage(Enum):
    """What the gate says."""

    PASS = "pass"  # noqa: S105  # not a password
    SEEN_VOTING = "seen_voting"
    TOO_FAST = "too_fast"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says, and how long to wait where it says no."""

    passage: Passage
    wait: int = 0
    """Seconds after which another try makes sense."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Tries that may be made in a minute. A network of None in a try is not limited (signed pushes)."""

    per_voter: int
    per_network: int
    per_poll: int


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody's try at a poll; `period` is the day in a daily poll."""

    poll: str
    period: int
    voter_tag: bytes
    nonce: str
    network: str | None


class Gate:
    """Limits in Redis, shared by all processes; while Redis is away, in this process alone."""

    def __init__(self, client: Redis, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._script = load_script(client, "votes", "try_to_vote.lua")
        self._limits = limits
        self._clock = clock
        self._local = LocalLimiter(limits)
        self._closed_until = 0.0

    def keep_to(self, limits: Limits) -> None:
        """Go by `limits` from now on, in Redis and while it is away."""
        self._limits = limits
        self._local.keep_to(limits)

    def admit(self, attempt: Try) -> Decision:
        """Say whether this try may go on; the same nonce counts once."""
        return self.admit_all([attempt])[0]

    def admit_all(self, attempts: Sequence[Try]) -> list[Decision]:
        """Say for each of many tries whether it may go on, with one call for every poll among them."""
        decisions: dict[int, Decision] = {}
        for poll in {attempt.poll for attempt in attempts}:
            places = [place for place, attempt in enumerate(attempts) if attempt.poll == poll]
            decisions |= zip(places, self._admit(poll, [attempts[place] for place in places]), strict=True)
        return [decisions[place] for place in range(len(attempts))]

    def _admit(self, poll: str, attempts: Sequence[Try]) -> list[Decision]:
        now = self._clock()
        if now < self._closed_until:
            return [self._local.admit(attempt, now) for attempt in attempts]
        minute, limits = int(now) // WINDOW, self._limits
        place = f"{{{poll}}}"
        keys = [f"{place}:poll:{minute}", refused_key(poll, int(now) // 86_400)]
        arguments: list[str | int | bytes] = [
            *(limits.per_voter, limits.per_network, limits.per_poll),
            WINDOW - int(now) % WINDOW,
            int(now) // 3_600 % 24,
            DAYS_KEPT * 86_400,
        ]
        for attempt in attempts:
            keys += (
                f"{place}:voter:{minute}:{attempt.voter_tag.hex()}",
                f"{place}:network:{minute}:{attempt.network or ''}",
                f"{place}:seen:{attempt.period}",
            )
            arguments += (attempt.nonce, attempt.voter_tag, 1 if attempt.network else 0)
        try:
            answers: list[int] = self._script(keys, arguments)
        except RedisError as error:
            self._rest(now, error)
            return [self._local.admit(attempt, now) for attempt in attempts]
        return [_decision(answer) for answer in answers]

    def remember(self, poll: str, period: int, voter_tags: Sequence[bytes]) -> None:
        """Note who has voted, after the commit; losing the note costs a read of the ledger."""
        if self._clock() < self._closed_until:
            return
        key = f"{{{poll}}}:seen:{period}"
        try:
            with self._client.pipeline(transaction=False) as pipe:
                pipe.sadd(key, *voter_tags)
                pipe.expire(key, SEEN_FOR)
                pipe.execute()
        except RedisError as error:
            self._rest(self._clock(), error)

    def _rest(self, now: float, error: Exception) -> None:
        log.warning("redis_away", error=type(error).__name__)
        self._closed_until = now + PAUSE


def refused_key(poll: str | int, day: int) -> str:
    """Return where the tries at a poll that were refused on a day since 1970 (UTC) are counted by hour and limit."""
    return f"{{{poll}}}:refused:{day}"


class LocalLimiter:
    """The same limits counted in this process, for the while that Redis is away."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._minute = 0
        self._nonces: dict[tuple[str, bytes], set[str]] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def keep_to(self, limits: Limits) -> None:
        self._limits = limits

    def admit(self, attempt: Try, now: float) -> Decision:
        minute = int(now) // WINDOW
        with self._lock:
            if minute != self._minute:
                self._minute, self._nonces, self._counts = minute, {}, {}
            nonces = self._nonces.setdefault((attempt.poll, attempt.voter_tag), set())
            if attempt.nonce in nonces:
                return Decision(Passage.PASS)
            network = (attempt.poll, attempt.network or "")
            poll = (attempt.poll, "*")
            if self._is_full(nonces, network, poll):
                return Decision(Passage.TOO_FAST, WINDOW - int(now) % WINDOW)
            nonces.add(attempt.nonce)
            self._counts[network] = self._counts.get(network, 0) + 1
            self._counts[poll] = self._counts.get(poll, 0) + 1
        return Decision(Passage.PASS)

    def _is_full(self, nonces: set[str], network: tuple[str, str], poll: tuple[str, str]) -> bool:
        limits = self._limits
        crowded = bool(network[1]) and self._counts.get(network, 0) >= limits.per_network
        return crowded or len(nonces) >= limits.per_voter or self._counts.get(poll, 0) >= limits.per_poll


def _decision(answer: int) -> Decision:
    if answer == _SEEN:
        return Decision(Passage.SEEN_VOTING)
    return Decision(Passage.PASS) if answer == _PASS else Decision(Passage.TOO_FAST, answer)
