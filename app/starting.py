"""`flask up`: servers, migrations, then every process of the service, until one ends or somebody stops it."""

import os
import resource
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import structlog
from flask import Flask

from app.factory import create_app
from app.migrating import migrate
from app.supervisor import Ended, Program, Supervisor
from config import Settings
from foundation.embedded.places import EmbeddedError
from foundation.embedded.servers import embedded_servers

log = structlog.get_logger(__name__)
READY_WITHIN = 60.0  # seconds


def start(
    settings: Settings, *, prepare: Callable[[Flask], object], announce: Callable[[Flask], object], sandbox: bool
) -> Ended | None:
    """Run the service until it is stopped (returns None) or a process ends by itself (returns which).

    `prepare` runs after the migrations and before the processes, `announce` once the site answers. The caller holds
    the data folder's lock. Raises EmbeddedError where a port is taken, or a server of our own does not start.
    """
    programs = programs_of(settings, sandbox=sandbox)
    _allow_open_files()
    _refuse_taken_ports([settings.port, *([sandbox_port(settings)] if sandbox else [])])
    # Until the processes run, being asked to stop is what Ctrl-C is: the servers started so far are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with embedded_servers(
        settings.data_dir,
        database_url=settings.database_url,
        owner_url=settings.database_owner_url,
        redis_url=settings.redis_url,
    ) as running:
        app = create_app(settings, running.connections)
        migrate(app)
        with app.app_context():
            prepare(app)
        environment = {**os.environ, "DATA_DIR": str(settings.data_dir)}
        supervisor = Supervisor(programs, running.pids, environment)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: supervisor.request_stop())
        return supervisor.run(lambda: _when_ready(settings, app, announce, sandbox))


def sandbox_port(settings: Settings) -> int:
    return settings.port + 1


def describe(ended: Ended) -> str:
    """Say which process ended and how, in a sentence for whoever runs the service."""
    if ended.code is not None and ended.code < 0:
        how = f"was killed by {signal.Signals(-ended.code).name}"
    else:
        how = "ended" if ended.code is None else f"ended with exit code {ended.code}"
    return f"{ended.name} {how}; everything else has been stopped. Starting again loses nothing."


def programs_of(settings: Settings, *, sandbox: bool) -> list[Program]:
    """Return the processes of the service, in the order in which they are started."""
    python = sys.executable
    programs = [
        Program("web", web_command(settings, "wsgi:create_service")),
        *(Program(name, (python, "-m", "flask", "worker")) for name in _worker_names(settings.job_workers)),
        Program("sequencer", (python, "-m", "flask", "sequencer")),
        Program("clock", (python, "-m", "flask", "clock")),
    ]
    if sandbox:
        programs.append(Program("sandbox", (python, "-m", "flask", "sandbox", "--port", str(sandbox_port(settings)))))
    return programs


def _worker_names(number: int) -> list[str]:
    return ["worker", *(f"worker-{place}" for place in range(2, number + 1))]


def web_command(settings: Settings, target: str) -> tuple[str, ...]:
    """Return the command that serves `target`, the name of a function that makes a WSGI application.

    What granian calls backpressure counts open connections, not requests: phones that keep theirs must not shut out
    the others, so it is far above the threads.
    """
    return (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--no-ws", "--log-level", "warning"),
        *("--host", settings.host, "--port", str(settings.port), "--workers", str(settings.web_workers)),
        *("--blocking-threads", str(settings.web_threads), "--backpressure", str(settings.web_connections)),
        target,
    )


def _allow_open_files() -> None:
    """Take as many open files as the system gives: each connection is one, and the usual limit is a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _refuse_taken_ports(ports: list[int]) -> None:
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise EmbeddedError(f"port {port} is taken; stop what listens there, or set PORT") from None


def site_answers(settings: Settings, *, sandbox: bool) -> bool:
    """Wait until the site (and the sandbox) answers; False when it does not within a minute."""
    urls = [f"http://127.0.0.1:{settings.port}/readyz"]
    if sandbox:
        urls.append(f"http://127.0.0.1:{sandbox_port(settings)}/healthz")
    deadline = time.monotonic() + READY_WITHIN
    while not all(map(_answers, urls)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _when_ready(settings: Settings, app: Flask, announce: Callable[[Flask], object], sandbox: bool) -> None:
    if site_answers(settings, sandbox=sandbox):
        with app.app_context():
            announce(app)
    else:
        log.error("site_does_not_answer", seconds=READY_WITHIN)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310  # our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
