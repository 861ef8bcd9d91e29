"""Connections: one whose server went away is not handed out, whether it was ended, killed or started anew."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
from flask import Flask
from sqlalchemy import text

from foundation.database import db, init_database, libpq_url
from foundation.embedded.places import lock
from foundation.embedded.servers import Connections, embedded_servers
from foundation.transaction import transaction
from tests.conftest import passing_installation

AT_ONCE = 3


def backends(app: Flask) -> set[int]:
    """Return the server processes behind so many connections in use at one moment."""
    together = Barrier(AT_ONCE)

    def serve(_: int) -> int:
        with app.app_context(), transaction() as session:
            pid = int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
            together.wait(20)
            return pid

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return set(threads.map(serve, range(AT_ONCE)))


def test_connections_that_the_server_ended_are_replaced_before_anybody_uses_them(
    app: Flask, connections: Connections
) -> None:
    before = backends(app)
    with psycopg.connect(libpq_url(connections.owner_url), autocommit=True) as owner:
        ended = [owner.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,)).fetchone() for pid in before]
    assert ended == [(True,)] * AT_ONCE
    assert (len(before), backends(app) & before) == (AT_ONCE, set())


def test_a_server_that_was_killed_and_started_again_is_worked_with_as_if_nothing_had_been() -> None:
    house = Flask("house")
    with passing_installation() as folder, lock(folder):
        with embedded_servers(folder, durable=False) as running:
            init_database(house, running.connections.database_url)
            before = backends(house)
            os.kill(running.pids["postgresql"], signal.SIGKILL)
        with embedded_servers(folder, durable=False):
            after = backends(house)
        with house.app_context():
            db.engine.dispose()
    assert (len(before), len(after)) == (AT_ONCE, AT_ONCE)
