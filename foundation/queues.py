"""RQ: jobs take ids, are idempotent, and are enqueued after the commit that makes them necessary."""

from collections.abc import Callable
from typing import Any

import redis
from flask import Flask, current_app
from rq import Queue, Retry
from rq.serializers import JSONSerializer

from foundation.transaction import after_commit

QUEUES = ("default",)
TRIED_AGAIN = 3


def init_queues(app: Flask, redis_url: str) -> None:
    """Keep a client of its own for the queue: RQ blocks on reads longer than the service's client allows."""
    client = redis.Redis.from_url(redis_url)
    app.extensions["queue"] = Queue("default", connection=client, serializer=JSONSerializer)


def queue() -> Queue:
    found: Queue = current_app.extensions["queue"]
    return found


def enqueue(job: Callable[..., Any], *ids: int | str, timeout: int = 600) -> None:
    """Ring for `job` with ids once the running transaction has committed; `timeout` is in seconds.

    One that fails or whose worker is killed is begun again up to three times.
    """
    bell = queue()
    name = f"{job.__module__}.{job.__qualname__}"
    options = {"job_timeout": timeout, "result_ttl": 60, "failure_ttl": 86_400, "retry": Retry(max=TRIED_AGAIN)}
    after_commit(lambda: bell.enqueue(name, args=list(ids), **options))
