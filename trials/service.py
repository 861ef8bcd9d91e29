"""The whole service as it runs in earnest, with real fsync, and ways to break each of its parts."""

import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import psycopg
from flask import Flask

from app.demo.secrets import prepare_demo_folder
from app.factory import create_app
from app.migrating import migrate
from app.starting import programs_of, site_answers, web_command
from config import Settings, load_settings
from foundation.database import db, libpq_url
from foundation.embedded import postgres, redis_server
from foundation.embedded.places import lock, prepare_places
from foundation.embedded.servers import Running, embedded_servers
from tests.conftest import DatabaseClock
from tests.factories import make_poll
from tests.ports import free_ports
from trials.checking import Evidence, Row, Told
from trials.client import Answer, Ballot, Site, new_nonce
from votes.csrf import page_token
from votes.models import Poll
from votes.parts import votes_parts
from votes.receipts import Receipt
from votes.voters import voter_tag
from wechat.identity import COOKIE, sign_in_voter

LIMITS = {"GATE_PER_VOTER": "1000000", "GATE_PER_ADDRESS": "100000000", "GATE_PER_POLL": "100000000"}
AWARDS = (("十佳组织", 6, 2), ("十佳党员", 8, 3))


def await_that(condition: Callable[[], bool], what: str, seconds: float = 60) -> float:
    """Wait until it is so; returns how many seconds that took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.005)
    return time.monotonic() - begun


@dataclass
class Service:
    """Two web processes, a sequencer, PostgreSQL and Redis; each can be killed and begun again by whoever tries it."""

    folder: Path
    settings: Settings
    running: Running
    environment: dict[str, str]
    app: Flask
    target: str = "wsgi:create_service"
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._places = prepare_places(self.folder)
        passwords = json.loads((self.folder / "database-passwords.json").read_text())
        self._cluster = postgres.find_cluster(self._places, passwords)
        self._redis = self.running.pids["redis"]
        self._commands = {program.name: program.command for program in programs_of(self.settings, sandbox=True)}
        self._commands["web"] = web_command(self.settings, self.target)
        self.owner_url = libpq_url(self.running.connections.owner_url)
        self.clock = DatabaseClock(self.owner_url)

    def start(self, name: str) -> None:
        """Start one of the service's processes, or the sandbox, and wait for those that answer until they do."""
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                self._commands[name], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        if name in ("web", "sandbox"):
            assert site_answers(self.settings, sandbox=name == "sandbox"), f"the {name} does not answer"

    def kill(self, name: str) -> None:
        """Kill `web`, `sequencer` or another with all its processes."""
        process = self.processes[name]
        if process.poll() is None:
            _kill_group(process.pid)
            process.wait()

    def stop_all(self) -> None:
        for name in self.processes:
            self.kill(name)

    def kill_and_restart(self, name: str) -> None:
        self.kill(name)
        self.start(name)

    def kill_web_process(self, chance: random.Random) -> None:
        """Kill one of the two web processes; granian then ends, and whoever runs it starts it again."""
        web = self.processes["web"]
        os.kill(chance.choice(_web_processes(web.pid)), signal.SIGKILL)
        web.wait(30)
        _kill_group(web.pid)
        self.start("web")

    def kill_redis(self) -> None:
        os.kill(self._redis, signal.SIGKILL)
        self._redis = redis_server.start_redis(self._places)

    def flush_redis(self) -> None:
        with self.app.app_context():
            self.app.extensions["redis"].flushall()

    def kill_postgres(self) -> None:
        pid = postgres.running_pid(self._cluster)
        assert pid, "PostgreSQL does not run"
        os.kill(pid, signal.SIGKILL)
        await_that(lambda: not _exists(pid), "PostgreSQL is gone")
        postgres.start_postgres(self._cluster)

    def open_poll(self, **changes: object) -> "TriedPoll":
        """Open a poll under a slug of its own."""
        slug = f"trial-{token_hex(4)}"
        with self.app.app_context():
            poll_id = make_poll(slug, **{"awards": AWARDS, **changes})  # type: ignore[arg-type]  # handed through
            token = page_token(self.settings, slug)
            key = db.session.get_one(Poll, poll_id).voter_key
            assert key is not None
        site = Site(self.settings.port, self.settings.public_url, slug, token)
        return TriedPoll(self, poll_id, site, key)

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the database as its owner."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def number(self, query: str, *values: object) -> int:
        answer = self.ask(query, *values)[0][0]
        assert isinstance(answer, int)
        return answer

    def deadlocks(self) -> int:
        """Count the deadlocks there have been; the statistics may lag behind, the server's own log does not."""
        counted = self.number("SELECT sum(deadlocks)::int FROM pg_stat_database")
        log = (self._places.data / "postgresql.log").read_bytes()
        return max(counted, log.count(b"deadlock detected"))


@dataclass(frozen=True)
class TriedPoll:
    """A poll that a trial votes in."""

    service: Service
    poll_id: int
    site: Site
    voter_key: bytes

    def ballot(self, voter: int, choices: Sequence[int] = (1, 7), nonce: str | None = None) -> Ballot:
        """Write a ballot for an invented voter, who is signed in as WeChat's exchange signs in."""
        return Ballot(voter, self._cookie(voter), tuple(choices), nonce or new_nonce())

    def told(self, ballots: Sequence[Ballot], answers: Sequence[Answer]) -> list[Told]:
        """Put what was sent and what was answered side by side, under the tags the ledger knows voters by."""
        tags = {voter: self.tag(voter) for voter in {ballot.voter for ballot in ballots}}
        return [
            Told(tags[ballot.voter], ballot.nonce, ballot.choices, answer.status, answer.receipt)
            for ballot, answer in zip(ballots, answers, strict=True)
        ]

    def ballots(self) -> int:
        return self.service.number("SELECT count(*) FROM ballot WHERE poll_id = %s", self.poll_id)

    def evidence(self, *, counted: bool) -> Evidence:
        """Read what the ledger holds, and with `counted` what Redis shows, once the sequencer has caught up."""
        if counted:
            await_that(self.is_counted, "the sequencer catches up")
        rows = [self._row(row) for row in self.service.ask(_LEDGER, self.poll_id)]
        with self.service.app.app_context():
            shown = votes_parts().tally.read(self.poll_id) if counted else None
        return Evidence(rows, (shown.number, shown.votes) if shown else None)

    def is_counted(self) -> bool:
        with self.service.app.app_context():
            shown = votes_parts().tally.read(self.poll_id)
        waiting = self.service.number("SELECT count(*) FROM ballot WHERE poll_id = %s AND number IS NULL", self.poll_id)
        return not waiting and shown is not None and shown.number == self.ballots()

    def tag(self, voter: int) -> bytes:
        return voter_tag(self.voter_key, _openid(voter))

    def _cookie(self, voter: int) -> str:
        with self.service.app.test_request_context():
            response = self.service.app.response_class()
            sign_in_voter(response, _openid(voter), snapshot=False)
        return response.headers["Set-Cookie"].split(";")[0].removeprefix(f"{COOKIE}=")

    def _row(self, row: tuple[object, ...]) -> Row:
        tag, period, nonce, choices, code, accepted_at, number = row
        receipt = Receipt(code, self.site.slug, accepted_at)  # type: ignore[arg-type]  # as the table has them
        body = json.dumps(receipt.as_json(self.service.settings.public_url), ensure_ascii=False, separators=(",", ":"))
        return Row(tag, period, nonce, _chosen(choices), body.encode(), number)  # type: ignore[arg-type]


_LEDGER = """
SELECT voter_tag, period, nonce, choices, code, accepted_at, number FROM ballot WHERE poll_id = %s ORDER BY id
"""


@contextmanager
def whole_service(target: str = "wsgi:create_service") -> Iterator[Service]:
    """Run the service in a folder of its own and leave nothing behind; `target` makes what the web serves.

    The worker and the sandbox can be started too; until then nobody answers where the platform should be.
    """
    folder, port = Path(tempfile.mkdtemp(prefix="vote-trial-")), free_ports(3)
    prepare_demo_folder(folder, port=port, public_url=None, sandbox_url=f"http://127.0.0.1:{port + 1}")
    environment = {"DATA_DIR": str(folder), "PORT": str(port), "WEB_WORKERS": "2", "PATH": "/usr/bin:/bin", **LIMITS}
    settings = load_settings(environment)
    try:
        with lock(folder), embedded_servers(folder, durable=True) as running:
            app = create_app(settings, running.connections)
            migrate(app)
            service = Service(folder, settings, running, environment, app, target)
            try:
                service.start("sequencer")
                service.start("web")
                yield service
            finally:
                service.stop_all()
                with app.app_context():
                    db.engine.dispose()
    finally:
        places = prepare_places(folder)
        for path in (places.data, places.run, folder):
            shutil.rmtree(path, ignore_errors=True)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _openid(voter: int) -> str:
    return f"oTrial{voter:022d}"


def _chosen(packed: object) -> tuple[int, ...]:
    """Read the bit set as the design describes it, without the code that wrote it."""
    assert isinstance(packed, bytes)
    return tuple(bit + 1 for bit in range(8 * len(packed)) if packed[bit // 8] >> bit % 8 & 1)


def _web_processes(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                serves = b"granian" in (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == leader and serves:
                found.append(int(entry.name))
    return sorted(found)
