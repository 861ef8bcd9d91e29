"""The ground the tests stand on: one real cluster, a migrated template, a database for each worker.

Tables are emptied and Redis is flushed after every test; the database's clock can be moved.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql
from sqlalchemy.engine import make_url

from app.factory import create_app
from app.migrating import migrate
from config import Settings, load_settings
from foundation.database import db, libpq_url
from foundation.embedded.places import prepare_places
from foundation.embedded.servers import Connections, embedded_servers
from foundation.keyvalue import connect

PUBLIC_URL = "http://vote.example"
SECRETS = {
    "SECRET_KEY": "a secret of the tests, long enough to be one",
    "FIELD_KEYS": "a-field-key-of-the-tests-long-enough-to-be-one",
    "WECHAT_APPID": "wx0123456789abcdef",
    "WECHAT_SECRET": "0123456789abcdef0123456789abcdef",
    "WECHAT_ORIGINAL_ID": "gh_0123456789ab",
    "WECHAT_TOKEN": "tokenOfTheTests",
    "WECHAT_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}


@dataclass(frozen=True)
class DatabaseClock:
    """Moves `clock_now()`: the time by which the database decides."""

    owner_url: str

    def set(self, moment: datetime) -> None:
        """Let it be `moment` now; time goes on from there."""
        self._shift(moment - datetime.now(UTC))

    def advance(self, step: timedelta) -> None:
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            row = connection.execute("SELECT clock_now() - now()").fetchone()
        assert row is not None
        self._shift(row[0] + step)

    def now(self) -> datetime:
        with psycopg.connect(self.owner_url) as connection:
            row = connection.execute("SELECT clock_now()").fetchone()
        assert row is not None
        return row[0].astimezone(UTC)  # type: ignore[no-any-return]

    def reset(self) -> None:
        self._shift(timedelta(0))

    def _shift(self, offset: timedelta) -> None:
        statement = sql.SQL(
            "CREATE OR REPLACE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql STABLE AS {}"
        ).format(sql.Literal(f"SELECT now() + interval '{offset.total_seconds()} seconds'"))
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def passing_installation() -> Iterator[Path]:
    """A data folder that is removed at the end, and with it what its servers keep elsewhere."""
    folder = Path(tempfile.mkdtemp(prefix="vote-test-"))
    try:
        yield folder
    finally:
        places = prepare_places(folder)
        for left_behind in (places.data, places.run, folder):
            shutil.rmtree(left_behind, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Connections]:
    """Run this worker's own PostgreSQL (without fsync) and Redis, and leave nothing behind."""
    with passing_installation() as folder, embedded_servers(folder, durable=False) as running:
        yield running.connections


@pytest.fixture(scope="session")
def template(servers: Connections) -> Connections:
    """Return a migrated database; the tests of this worker use it, and others may be made from it."""
    app = create_app(make_settings(), servers)
    migrate(app)
    return servers


def make_settings(**changes: object) -> Settings:
    """Return the tests' settings with `changes`."""
    values: dict[str, object] = {"public_url": PUBLIC_URL, "demo": True, "data_dir": _DATA, **changes}
    return load_settings(SECRETS, **values)


_DATA = Path(tempfile.gettempdir()) / f"vote-test-files-{os.getpid()}"


@pytest.fixture(scope="session", autouse=True)
def _files() -> Iterator[None]:
    yield
    shutil.rmtree(_DATA, ignore_errors=True)


@pytest.fixture(scope="session")
def connections(template: Connections) -> Connections:
    return template


@pytest.fixture(scope="session")
def settings() -> Settings:
    return make_settings()


@pytest.fixture(scope="session")
def application(settings: Settings, connections: Connections) -> Iterator[Flask]:
    """The one application of this worker; building it costs more than a test should."""
    app = create_app(settings, connections)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(application: Flask, connections: Connections) -> Iterator[Flask]:
    """The application with its context pushed, on empty tables, an empty Redis and an empty file store."""
    with application.app_context():
        yield application
    empty(connections)
    application.extensions["options"].forget()
    application.extensions["wechat_account"].capabilities.forget()
    application.extensions["wechat_farewells"].forget()
    for file in (_DATA / "files").glob("*/*"):
        file.unlink()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def database_clock(connections: Connections) -> Iterator[DatabaseClock]:
    clock = DatabaseClock(libpq_url(connections.owner_url))
    yield clock
    clock.reset()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one browser of this worker; a test opens a context of its own in it."""
    program = shutil.which("chromium")
    assert program, "the tests need a browser: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def empty(connections: Connections) -> None:
    """Empty every table as the owner, whom no trigger stops, and flush Redis.

    A running sequencer may hold tables in another order; then one of the two is told so, and it is tried again.
    """
    for _ in range(20):
        try:
            return _empty(connections)
        except psycopg.errors.DeadlockDetected:
            continue
    raise AssertionError("the tables are never free to be emptied")


def _empty(connections: Connections) -> None:
    with psycopg.connect(libpq_url(connections.owner_url), autocommit=True) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        tables = sql.SQL(", ").join(sql.Identifier(row[0]) for row in rows)
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))
    client = connect(connections.redis_url)
    client.flushall()
    client.close()


def url_for_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)
