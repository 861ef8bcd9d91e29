"""Workers that send a push and are killed while they do, and the platform that counts what came."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from publicity.pushes.control import resume
from publicity.pushes.jobs import start_push
from publicity.pushes.sweeping import sweep
from staff.actors import SYSTEM
from tests.publicity.factories_pushes import make_push, push_of
from trials.service import Service
from wechat.account import current_account

SEND = "message/template/send"
TEMPLATE = "公示：{{thing1.DATA}}"
HANDLED = """
SELECT count(*)::int FROM push_delivery JOIN push ON push.id = push_id
WHERE key = %s AND push_delivery.state NOT IN ('waiting', 'sending')
"""
STATES = """
SELECT push_delivery.state, count(*)::int FROM push_delivery JOIN push ON push.id = push_id WHERE key = %s GROUP BY 1
"""


@dataclass
class Counter:
    """The sandbox, as whoever runs it sees it."""

    service: Service

    def order(self, method: str, path: str, /, **given: Any) -> dict[str, Any]:
        address = f"http://127.0.0.1:{self.service.settings.port + 2}{path}"
        answer = requests.request(method, address, json=given or None, timeout=60)
        assert answer.status_code < 300, answer.text
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    def fault(self, kind: str, **given: Any) -> None:
        self.order("POST", "/faults", kind=kind, path=f"*{SEND}", **given)

    def fired(self) -> dict[str, int]:
        return {fault["kind"]: fault["fired"] for fault in self.order("GET", "/faults")["faults"]}

    def taken(self) -> int:
        """Count the messages that it took on, repeats included."""
        counts = self.order("GET", "/calls")["counts"].get(f"/cgi-bin/{SEND}", {})
        return int(counts.get("0", 0))

    def seen(self) -> int:
        """Count the messages that people saw."""
        return int(self.order("GET", "/accounts/-/outbox")["sent"].get("template", 0))


@dataclass
class Senders:
    """Some workers; whichever is killed is begun again, as a supervisor does."""

    service: Service
    count: int
    chance: random.Random
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    killed: dict[str, int] = field(default_factory=lambda: {"work-horse": 0, "worker and work-horse": 0})

    def start(self) -> None:
        self.workers = [self._new() for _ in range(self.count)]

    def stop(self) -> None:
        for worker in self.workers:
            for pid in (worker.pid, *horses_of(worker.pid)):
                _kill(pid)
            worker.wait()

    def kill_one(self) -> bool:
        """Kill a work-horse that is at work, or a worker with it; tells whether one was found."""
        busy = [(place, horse) for place, one in enumerate(self.workers) for horse in horses_of(one.pid)]
        if not busy:
            return False
        place, horse = self.chance.choice(busy)
        whole = sum(self.killed.values()) % 4 == 3
        if whole:
            # The work-horse has a group of its own and would go on without its worker.
            _kill(self.workers[place].pid)
            self.workers[place].wait()
            self.workers[place] = self._new()
        _kill(horse)
        self.killed["worker and work-horse" if whole else "work-horse"] += 1
        return True

    def _new(self) -> subprocess.Popen[bytes]:
        with open(self.service.folder / "worker.log", "ab") as log:
            command = (sys.executable, "-m", "flask", "worker")
            return subprocess.Popen(command, env=self.service.environment, stdout=log, stderr=log)


@dataclass(frozen=True)
class Sending:
    """A push under way, which is swept and helped on as in a running service, but in quicker time."""

    service: Service
    key: str

    def states(self) -> dict[str, int]:
        return {str(state): int(str(count)) for state, count in self.service.ask(STATES, self.key)}

    def handled(self) -> int:
        return self.service.number(HANDLED, self.key)

    def tend(self) -> str:
        """Sweep, and let a push that rests go on: a minute's rest is skipped, a used-up day is made new by somebody."""
        with self.service.app.app_context():
            sweep()
            push = push_of(self.key)
            if push.state == "paused" and push.resumes_at is not None:
                if push.resumes_at - self.service.clock.now() < timedelta(minutes=2):
                    self.skip(61)
                else:
                    current_account().client.breaker.clear(SEND)
                    resume(self.key, SYSTEM)
            return push.state

    def skip(self, seconds: int) -> None:
        self.service.clock.advance(timedelta(seconds=seconds))


def start_sending(service: Service, counter: Counter) -> Sending:
    """Approve a push of template messages to everybody and ring for it."""
    template = counter.order("POST", "/accounts/-/templates", kind="template", title="公示提醒", content=TEMPLATE)
    content = {"template_id": template["template_id"], "fields": {"thing1": "示例公示"}, "path": "/notices/示例"}
    with service.app.app_context():
        key = make_push("template", content=content)
        start_push(key)
    return Sending(service, key)


def kill_amid(sending: Sending, senders: Senders, kills: int, step: int, most: int) -> None:
    """Kill a sender whenever so many more deliveries were handled, tending the push every second."""
    for _ in range(kills):
        due, tended = min(sending.handled() + step, most), 0.0
        ends = time.monotonic() + 60
        while not (sending.handled() >= due and senders.kill_one()):
            assert time.monotonic() < ends, f"nobody to kill: {sending.states()}"
            if time.monotonic() - tended > 1:
                sending.tend()
                tended = time.monotonic()
            time.sleep(0.05)


def finish(sending: Sending, seconds: float) -> None:
    """Tend the push until it has ended; leases of the dead run out when nobody else has anything left to do."""
    ends, before = time.monotonic() + seconds, -1
    while sending.tend() != "finished":
        assert time.monotonic() < ends, f"not finished: {sending.states()}"
        time.sleep(1)
        now = sending.handled()
        if now == before:
            sending.skip(61)
        before = now


def horses_of(worker: int) -> list[int]:
    """Return the work-horses of a worker that has any."""
    try:
        children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    except OSError:
        return []
    return [int(pid) for pid in children]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
