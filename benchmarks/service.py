"""An installation of its own for a benchmark: servers, tables, and the service under granian."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from flask import Flask

from app.demo.secrets import prepare_demo_folder
from app.factory import create_app
from app.migrating import migrate
from app.starting import site_answers, web_command
from benchmarks import naive
from config import Settings, load_settings
from foundation.database import libpq_url
from foundation.embedded.places import lock
from foundation.embedded.servers import Running, embedded_servers
from tests.ports import free_ports


@dataclass(frozen=True)
class Installation:
    """Where it lies, its servers, and the application for making what a benchmark needs."""

    folder: Path
    running: Running
    settings: Settings
    environment: dict[str, str]
    app: Flask


@contextmanager
def installation() -> Iterator[Installation]:
    """Make an installation and take it away afterwards; its gate lets everything through."""
    folder, port = Path(tempfile.mkdtemp(prefix="vote-bench-")), free_ports()
    prepare_demo_folder(folder, port=port, public_url=None, sandbox_url="http://127.0.0.1:9")
    limits = {"GATE_PER_ADDRESS": "100000000", "GATE_PER_POLL": "100000000"}
    environment = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), **limits}
    settings = load_settings(environment)
    try:
        with lock(folder), embedded_servers(folder) as running:
            app = create_app(settings, running.connections)
            migrate(app)
            _make_naive_tables(running)
            yield Installation(folder, running, settings, environment, app)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(place: Installation) -> Iterator[int]:
    """Serve the installation, with the anchor beside it, and yield the server's process id."""
    settings = place.settings
    web = subprocess.Popen(web_command(settings, "benchmarks.target:create_target"), env=place.environment)
    try:
        if not site_answers(settings, sandbox=False):
            raise SystemExit("the service does not answer")
        yield web.pid
    finally:
        web.terminate()
        web.wait(20)


def _make_naive_tables(running: Running) -> None:
    with psycopg.connect(libpq_url(running.connections.owner_url), autocommit=True) as connection:
        connection.execute(naive.TABLES)
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO vote_app")
        connection.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO vote_app")
