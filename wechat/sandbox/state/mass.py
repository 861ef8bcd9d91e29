"""Mass messages: who gets them, how often the account may send, and what becomes of each."""

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from wechat.sandbox.clock import day_of, month_of
from wechat.sandbox.errors import ApiError
from wechat.sandbox.state.chat import Content
from wechat.sandbox.state.followers import Follower

KEY_BYTES = 64
KEY_LIFE = 86_400
KEY_PAUSE = 60
PER_FOLLOWER_AND_MONTH = 4
CONFIRM_WITHIN = 30 * 60
MOST_JOBS = 2000

State = Literal["waiting", "SENDING", "SEND_SUCCESS", "SEND_FAIL", "DELETE"]


@dataclass(slots=True)
class MassJob:
    """One mass message on its way. status is the word of the event once it is finished."""

    msg_id: int
    msg_data_id: int
    content: Content
    recipients: tuple[Follower, ...]
    at: float
    state: State = "SENDING"
    status: str = ""
    total: int = 0
    sent: int = 0


@dataclass(slots=True)
class _Key:
    msg_id: int
    first_at: float
    tried_at: float


class Mass:
    """The jobs of one account, its keys against sending twice, and its counts."""

    def __init__(self, clock: Callable[[], float], rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._jobs: dict[int, MassJob] = {}
        self._keys: dict[str, _Key] = {}
        self._day, self._today = -1, 0
        self.speed = 0

    def accept(
        self, content: Content, recipients: Iterable[Follower], key: object, most_per_day: int | None
    ) -> MassJob:
        """Take a message on; 45065 to 45067 for its key, 45028 when the day's are used up."""
        with self._lock:
            now = self._clock()
            text = self._checked_key(key, now)
            self._count(now, most_per_day)
            msg_id = self._rng.randrange(10**9, 2**31)
            job = MassJob(msg_id, self._rng.randrange(10**9, 2**31), content, tuple(recipients), now)
            self._jobs[msg_id] = job
            if text:
                self._keys[text] = _Key(msg_id, now, now)
            while len(self._jobs) > MOST_JOBS:
                del self._jobs[next(iter(self._jobs))]
            return job

    def job(self, msg_id: object) -> MassJob:
        with self._lock:
            job = self._jobs.get(int(msg_id)) if isinstance(msg_id, int | str) and str(msg_id).isdigit() else None
            if job is None:
                raise ApiError(40059, "invalid msg id")
            return job

    def jobs(self) -> list[MassJob]:
        with self._lock:
            return list(self._jobs.values())

    def reached(self, job: MassJob, counted_per_follower: bool) -> frozenset[str]:
        """The openids the message comes to: those who still follow, are not blacklisted, and have one left."""
        month = month_of(self._clock())
        reached = []
        with self._lock:
            for follower in job.recipients:
                if not follower.following or follower.blacklisted:
                    continue
                if follower.mass_month != month:
                    follower.mass_month, follower.mass_count = month, 0
                if counted_per_follower and follower.mass_count >= PER_FOLLOWER_AND_MONTH:
                    continue
                follower.mass_count += 1
                reached.append(follower.openid)
        return frozenset(reached)

    def _checked_key(self, key: object, now: float) -> str:
        text = "" if key is None else str(key)
        if len(text.encode()) > KEY_BYTES:
            raise ApiError(45067, "clientmsgid size out of limit")
        before = self._keys.get(text)
        if not text or before is None or now - before.first_at >= KEY_LIFE:
            return text
        if now - before.tried_at < KEY_PAUSE:
            raise ApiError(45066, "same clientmsgid retry too fast")
        before.tried_at = now
        raise ApiError(45065, "clientmsgid exist", {"msg_id": before.msg_id})

    def _count(self, now: float, most_per_day: int | None) -> None:
        if day_of(now) != self._day:
            self._day, self._today = day_of(now), 0
        if most_per_day is not None and self._today >= most_per_day:
            raise ApiError(45028, "has no masssend quota")
        self._today += 1
