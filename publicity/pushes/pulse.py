"""The pulse of pushes, in Redis: which jobs are queued or at work, and how fast things go.

It only keeps the queue short and the page informed; what is lost here is rung for again.
"""

import time
from collections.abc import Callable

import structlog

from foundation.keyvalue import RedisError, keyvalue

log = structlog.get_logger(__name__)
QUEUED, AT_WORK = 120, 20  # seconds that a job is believed to be in the queue, or alive after its last beat
_STEP = 5  # seconds that are counted together
_STEPS = 3
_KEPT = _STEP * (_STEPS + 2)


class Pulse:
    """What is known of one push's jobs; each has a name."""

    def __init__(self, push: int, clock: Callable[[], float] = time.time) -> None:
        self._key = f"push:{push}"
        self._clock = clock

    def take(self, job: str) -> bool:
        """Tell whether a job of this name is to be rung for: nobody else did, and none is at work."""
        try:
            return bool(keyvalue().set(self._job(job), b"1", nx=True, ex=QUEUED))
        except RedisError:
            # Without Redis there is no queue to ring in either.
            return False

    def beat(self, job: str, handled: int = 0) -> None:
        """Say that a job is at work, and how many deliveries it has handled since."""
        counted = self._step(int(self._clock()) // _STEP)
        try:
            pipe = keyvalue().pipeline(transaction=False).set(self._job(job), b"1", ex=AT_WORK)
            if handled:
                pipe.incrby(counted, handled).expire(counted, _KEPT)
            pipe.execute()
        except RedisError:
            log.warning("push_pulse_without_redis")

    def end(self, job: str) -> None:
        """Say that a job of this name is neither queued nor at work."""
        try:
            keyvalue().delete(self._job(job))
        except RedisError:
            log.warning("push_pulse_without_redis")

    def per_second(self) -> float:
        """Return how many deliveries a second were handled in the last quarter of a minute."""
        now = int(self._clock()) // _STEP
        try:
            counts = keyvalue().mget([self._step(now - back) for back in range(1, _STEPS + 1)])
        except RedisError:
            return 0.0
        return sum(int(count or 0) for count in counts) / (_STEP * _STEPS)

    def _job(self, job: str) -> str:
        return f"{self._key}:job:{job}"

    def _step(self, step: int) -> str:
        return f"{self._key}:handled:{step}"
