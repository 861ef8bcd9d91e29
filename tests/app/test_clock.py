"""The clock: one of several rings, in the hours of Shanghai and in JSON, and another takes over when it stops."""

import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from flask import Flask
from rq.cron import CronScheduler
from rq.exceptions import DuplicateJobError

from app.clock import LOOKED_AFTER, Cron, Ring, keep_time
from foundation.queues import queue
from staff.personal.running import run_daily


@pytest.fixture
def shanghai() -> Iterator[None]:
    """The zone that the clock's process sets for itself."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Shanghai"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def living() -> list[str]:
    """Name the clocks that say they live."""
    return [scheduler.name for scheduler in CronScheduler.all(queue().connection)]


def await_that(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_of_two_clocks_one_rings_and_the_other_takes_over(app: Flask, shanghai: None) -> None:
    stops = [threading.Event(), threading.Event()]
    first, second = (threading.Thread(target=keep_time, args=(app, stop)) for stop in stops)
    first.start()
    await_that(lambda: len(living()) == 1)
    begun = living()
    second.start()
    try:
        # The second has tried at least once by the time the first has said again that it lives.
        said = CronScheduler.fetch(begun[0], queue().connection).last_heartbeat
        assert said is not None
        await_that(lambda: _heartbeat(begun[0]) >= said + timedelta(seconds=3))
        assert living() == begun

        stops[0].set()
        first.join(20)
        await_that(lambda: len(living()) == 1 and living() != begun)
    finally:
        for stop, thread in zip(stops, (first, second), strict=True):
            stop.set()
            thread.join(20)
    assert living() == []


def test_hours_are_those_of_shanghai(app: Flask, shanghai: None) -> None:
    due = Ring(queue_name=queue().name, func=run_daily, cron="0 8 * * *").next_enqueue_time

    assert due is not None
    assert (due.astimezone(UTC).hour, due.minute) == (0, 0)


def test_a_ring_is_json_names_no_one_and_waits_once(app: Flask) -> None:
    ring = Ring(queue_name=queue().name, func=run_daily, cron="0 8 * * *")

    job = ring.enqueue(queue().connection)
    written = queue().connection.hget(f"rq:job:{job.id}", "data")
    assert isinstance(written, bytes)

    assert orjson.loads(zlib.decompress(written)) == ["staff.personal.running.run_daily", None, [], {}]
    with pytest.raises(DuplicateJobError):
        ring.enqueue(queue().connection)
    assert queue().job_ids == [job.id]


def test_what_is_due_is_rung_for_once_an_hour(app: Flask, shanghai: None) -> None:
    cron = Cron(queue().connection)
    for job in cron.get_jobs():
        job.next_enqueue_time = datetime.now(UTC)

    cron.ring()
    cron.ring()

    assert sorted(queue().job_ids) == [
        "staff-audit-checking-keep_checkpoint",
        "staff-personal-running-run_daily",
        "wechat-following-jobs-sync_daily",
    ]
    assert all(job.next_enqueue_time > datetime.now(UTC) for job in cron.get_jobs() if job.next_enqueue_time)


def test_a_clock_whose_traces_redis_lost_goes_on_and_leaves(app: Flask, shanghai: None) -> None:
    cron = Cron(queue().connection)
    cron.ring()
    queue().connection.flushall()

    cron.ring()
    assert living() == [cron.name]
    queue().connection.flushall()
    cron.leave()

    assert living() == []


def test_everything_that_is_looked_after_may_be_looked_after_at_any_time(app: Flask) -> None:
    for look, _ in LOOKED_AFTER:
        look()
        look()


def _heartbeat(name: str) -> datetime:
    said = CronScheduler.fetch(name, queue().connection).last_heartbeat
    assert said is not None
    return said
