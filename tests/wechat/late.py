"""The worker, as tests play it: it finishes promised pushes once somebody rings; and what people saw in their chats."""

import time

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from foundation.queues import queue
from tests.wechat.conftest import World


def finish_late_pushes(rings: int = 1) -> None:
    """Wait for so many rings, and do what they ask for."""
    await_rings(rings)
    work()


def await_rings(rings: int) -> None:
    deadline = time.monotonic() + 10
    while queue().count < rings:
        assert time.monotonic() < deadline, f"{queue().count} of {rings} rings"
        time.sleep(0.005)


def work() -> None:
    """Do every job that waits; one that fails fails here."""
    worker = SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="ERROR")
    assert queue().failed_job_registry.count == 0


def said_to(world: World, person: str) -> list[str]:
    """Return what the account said in somebody's chat with the sandbox."""
    chat = world.browser.get(f"{world.platform}/phone/{person}/chat.json", timeout=5).json()
    return [line["text"] for line in chat["lines"] if line["speaker"] == "account"]
