"""The one clock of the house: rings for what is done at its hour, and looks after what nobody rings for.

What takes long is a job for the workers, rung by RQ's cron in Asia/Shanghai. What must come true even where Redis lost
a ring is looked for in SQL, here. However many processes are started, one of them holds the clock; the others wait.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
import structlog
from flask import Flask
from redis import Redis, RedisError
from rq.cron import CronJob, CronScheduler
from rq.exceptions import DuplicateJobError, SchedulerNotFound
from rq.job import Job

from foundation.clock import SHANGHAI, utc_now
from foundation.database import libpq_url
from foundation.queues import queue
from publicity.pushes.sweeping import sweep
from staff.approvals.requesting import expire_requests
from staff.audit.checking import keep_checkpoint
from staff.personal.running import run_daily
from votes.chat.keeping import drop_expired
from wechat.following.jobs import sync_daily
from wechat.jobs import look_after_promises
from wechat.sending.lost_news import ask_for_lost_news

log = structlog.get_logger(__name__)
CLOCK_LOCK = 5
STANDS_BY = 2.0  # seconds between two tries to become the one
HOUR, MINUTE = 3_600, 60  # seconds

AT_ITS_HOUR: tuple[tuple[Callable[[], object], str], ...] = (
    (run_daily, "5 * * * *"),
    (keep_checkpoint, "10 * * * *"),
    (sync_daily, "15 * * * *"),
)
"""What workers do, and when, in Shanghai; each knows itself what is due, so that a missed hour is made up for."""

LOOKED_AFTER: tuple[tuple[Callable[[], object], int], ...] = (
    (sweep, 15),
    (look_after_promises, MINUTE),
    (ask_for_lost_news, 10 * MINUTE),
    (expire_requests, HOUR),
    (drop_expired, HOUR),
)
"""What this process does itself, and every how many seconds."""


class Ring(CronJob):
    """One of RQ's cron jobs, written as JSON: RQ's own would be a pickle. While one waits, no second is written."""

    def enqueue(self, connection: Redis) -> Job:  # noqa: ARG002  # the queue has its own
        name = self.func_name.replace(".", "-")
        return queue().enqueue(
            self.func_name, job_id=name, unique=True, job_timeout=HOUR, result_ttl=0, failure_ttl=HOUR // 2
        )


class Cron(CronScheduler):
    """RQ's cron with rings for jobs; it goes on where Redis is away for a while."""

    def __init__(self, connection: Redis) -> None:
        super().__init__(connection, logging_level="WARNING")
        self._cron_jobs = [Ring(queue_name=queue().name, func=job, cron=hour) for job, hour in AT_ITS_HOUR]

    def ring(self) -> None:
        """Ring for what is due and say that this one lives."""
        try:
            for job in filter(CronJob.should_run, self.get_jobs()):
                with suppress(DuplicateJobError):
                    job.enqueue(self.connection)
                job.set_enqueue_time(utc_now())
            self.heartbeat()
        except RedisError as error:
            log.warning("clock_without_redis", kind=type(error).__name__)

    def leave(self) -> None:
        """Say that this one is no more."""
        with suppress(RedisError, SchedulerNotFound):
            self.register_death()


def keep_time(app: Flask, stop: threading.Event) -> None:
    """Be the clock, or wait until nobody else is, until told to stop."""
    os.environ["TZ"] = str(SHANGHAI)
    time.tzset()
    while not stop.is_set():
        with _held(app, stop) as holds:
            if holds is not None:
                _tick(app, stop, holds)


def _tick(app: Flask, stop: threading.Event, holds: Callable[[], bool]) -> None:
    """Ring and look, second by second, as long as this is the one."""
    log.info("clock_started")
    with app.app_context():
        cron = Cron(queue().connection)
        looks = [_Look(app, look, every) for look, every in LOOKED_AFTER]
        while not stop.wait(1.0) and holds():
            cron.ring()
            for look in looks:
                look.begin_when_due()
        for look in looks:
            look.end()
        cron.leave()


class _Look:
    """Something that is looked after on a thread of its own, so that a slow one keeps no other."""

    def __init__(self, app: Flask, look: Callable[[], object], every: float) -> None:
        self._app, self._look, self._every = app, look, every
        self._due = time.monotonic()
        self._thread: threading.Thread | None = None

    def begin_when_due(self) -> None:
        busy = self._thread is not None and self._thread.is_alive()
        if not busy and time.monotonic() >= self._due:
            self._due = time.monotonic() + self._every
            self._thread = threading.Thread(target=self._run, name=self._look.__name__, daemon=True)
            self._thread.start()

    def end(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            with self._app.app_context():
                self._look()
        except Exception:
            log.exception("look_failed", look=self._look.__name__)


@contextmanager
def _held(app: Flask, stop: threading.Event) -> Iterator[Callable[[], bool] | None]:
    """Take the clock; yields how to ask whether it is still ours, or None where it is another's for now."""
    url = libpq_url(app.extensions["connections"].database_url)
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=2, tcp_user_timeout=8_000) as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (CLOCK_LOCK,)).fetchone()
            if row and row[0]:
                yield lambda: _answers(connection)
                return
    except psycopg.OperationalError as error:
        log.warning("clock_without_database", kind=type(error).__name__)
    yield None
    stop.wait(STANDS_BY)


def _answers(connection: psycopg.Connection) -> bool:
    """Tell whether the session that holds the lock lives: with it the lock would be gone."""
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
