"""`python -m benchmarks.pushes [FOLLOWERS]`: what a push costs us, on a platform that answers at once.

A real worker sends template messages to a few followers and then to many (100,000 unless given): processor time for
each delivery, memory, seconds from the ring to the first message, and how long the page's counts take.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import urlopen

from rq import Worker
from sqlalchemy import insert

from benchmarks.service import Installation, installation
from foundation.clock import utc_now
from foundation.queues import enqueue, queue
from foundation.transaction import transaction
from publicity.pushes.channels import Channel
from publicity.pushes.jobs import start_push
from publicity.pushes.pace import PER_SECOND
from publicity.pushes.progress import push_progress
from publicity.pushes.sweeping import sweep
from tests.ports import free_ports
from tests.publicity.factories_pushes import make_push, push_of
from tests.staff.options.factories_options import set_to
from wechat.followers import follower_digest
from wechat.models import Follower

FEW, MANY = 1_000, 100_000
REPORT = Path("bench-pushes.json")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one push: milliseconds of processor time for each delivery, seconds, megabytes."""

    followers: int
    first_after: float
    planned_in: float
    sent_in: float
    cpu_ms: float
    memory_mb: int
    counted_in_ms: float


def main() -> None:
    """Send to few and to many, print the figures and keep them."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    port = free_ports()
    os.environ["WECHAT_API_URL"] = f"http://127.0.0.1:{port}"
    with _standing_in(port), installation() as place, place.app.app_context():
        set_to(PER_SECOND, 100_000)
        measured: list[Figures] = []
        with _worker(place) as worker:
            for followers in (FEW, many):
                _follow(followers - sum(one.followers for one in measured[:1]))
                measured.append(_send(port, worker, followers))
    _report(measured)
    REPORT.write_text(json.dumps([asdict(one) for one in measured], indent=1))


@contextmanager
def _standing_in(port: int) -> Iterator[None]:
    process = subprocess.Popen((sys.executable, "-m", "benchmarks.standing_in", str(port)))
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def _worker(place: Installation) -> Iterator[int]:
    process = subprocess.Popen((sys.executable, "-m", "flask", "worker"), env=place.environment)
    try:
        while not Worker.count(connection=queue().connection):
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def _follow(count: int) -> None:
    """Have so many more people follow."""
    now = utc_now()
    for start in range(0, count, 10_000):
        openids = [f"oBench{os.urandom(11).hex()}" for _ in range(min(10_000, count - start))]
        rows = [
            {"digest": follower_digest(one), "openid": one.encode(), "follows": True, "changed_at": now}
            for one in openids
        ]
        with transaction() as session:
            session.connection().execute(insert(Follower), rows)


def _send(port: int, worker: int, followers: int) -> Figures:
    key = make_push(Channel.TEMPLATE)
    cpu, rung = _cpu_seconds(worker), time.time()
    enqueue(start_push, key)
    planned, memory, swept = 0.0, 0, rung
    while (push := push_of(key)).ended_at is None:
        if not planned and push.planned_at is not None:
            planned = time.time() - rung
        memory = max(memory, *map(_highest_mb, _family(worker)))
        if time.time() - swept > 15:
            sweep()
            swept = time.time()
        time.sleep(0.05)
    took = time.time() - rung
    time.sleep(1)  # the last work-horse ends, and its time counts as its worker's
    with urlopen(f"http://127.0.0.1:{port}/seen", timeout=5) as answer:
        seen = json.load(answer)
    counted = time.perf_counter()
    progress = push_progress(key)
    counted = time.perf_counter() - counted
    if (progress.sent, seen["count"], push.state) != (followers, followers, "finished"):
        raise SystemExit(f"{followers} followers, {seen['count']} messages came: {progress}")
    return Figures(
        followers,
        first_after=seen["first_at"] - rung,
        planned_in=planned,
        sent_in=took,
        cpu_ms=(_cpu_seconds(worker) - cpu) * 1000 / followers,
        memory_mb=memory,
        counted_in_ms=counted * 1000,
    )


def _cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICK


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *map(int, children.read_text().split())] if children.exists() else [pid]


def _highest_mb(pid: int) -> int:
    try:
        said = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(said[1]) // 1024 if said else 0


def _report(measured: list[Figures]) -> None:
    print(
        f"{'followers':>10}{'first':>8}{'planned':>9}{'sent':>8}{'a second':>10}{'CPU ms':>8}{'MB':>6}{'counts ms':>11}"
    )
    for one in measured:
        print(
            f"{one.followers:>10,}{one.first_after:>7.2f}s{one.planned_in:>8.1f}s{one.sent_in:>7.1f}s"
            f"{one.followers / one.sent_in:>10,.0f}{one.cpu_ms:>8.2f}{one.memory_mb:>6}{one.counted_in_ms:>11.0f}"
        )


if __name__ == "__main__":
    main()
