"""Alive, ready, degraded, unavailable, with servers that are really stopped; and who may read the numbers."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from app.factory import create_app
from config import Settings
from foundation.database import db
from foundation.embedded.servers import Connections, Running, embedded_servers
from tests.conftest import make_settings, passing_installation
from tests.factories import fill_ledger, make_poll

LOOPBACK, ELSEWHERE = {"REMOTE_ADDR": "127.0.0.1"}, {"REMOTE_ADDR": "198.51.100.9"}
READY = (200, {"status": "ready", "degraded": []})


class Mortal:
    """An application on servers of its own, which a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started = ExitStack()
        self.running = self.start()
        self.app = create_app(make_settings(data_dir=folder), self.running.connections)

    def start(self) -> Running:
        self.stop()
        self.running = self._started.enter_context(embedded_servers(self._folder, durable=False))
        return self.running

    def stop(self) -> None:
        self._started.close()

    def kill(self, name: str) -> None:
        os.kill(self.running.pids[name], signal.SIGKILL)

    def ready(self) -> tuple[int, object]:
        response = self.app.test_client().get("/readyz")
        return response.status_code, json.loads(response.data)

    def soon_not_ready(self) -> tuple[int, object]:
        """What it answers once a killed server's connections have noticed that it is gone."""
        deadline = time.monotonic() + 20
        while (answer := self.ready()) == READY and time.monotonic() < deadline:
            time.sleep(0.02)
        return answer


@pytest.fixture(scope="module")
def servers_to_lose() -> Iterator[Mortal]:
    with passing_installation() as folder:
        mortal = Mortal(folder)
        yield mortal
        with mortal.app.app_context():
            db.engine.dispose()
        mortal.stop()


@pytest.fixture
def mortal(servers_to_lose: Mortal) -> Mortal:
    servers_to_lose.start()
    return servers_to_lose


def test_alive_says_no_more_than_that(client: FlaskClient) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.get_json()) == (200, {"status": "alive"})
    assert response.headers["Cache-Control"] == "no-store"


def test_with_everything_there_the_service_is_ready(mortal: Mortal) -> None:
    assert mortal.ready() == READY


def test_without_redis_the_service_runs_on_degraded_and_heals_itself(mortal: Mortal) -> None:
    mortal.kill("redis")
    without = mortal.ready()
    mortal.start()

    assert without == (200, {"status": "ready", "degraded": ["redis"]})
    assert mortal.ready() == READY


def test_without_postgresql_the_service_is_unavailable_and_heals_itself(mortal: Mortal) -> None:
    assert mortal.ready() == READY
    mortal.kill("postgresql")
    without = mortal.soon_not_ready()
    alive = mortal.app.test_client().get("/healthz").status_code
    mortal.start()

    assert without == (503, {"status": "unavailable", "degraded": []})
    assert alive == 200
    assert mortal.ready() == READY


def test_without_both_the_service_says_so_and_still_answers(mortal: Mortal) -> None:
    mortal.stop()
    page = mortal.app.test_client().get("/")

    assert mortal.ready() == (503, {"status": "unavailable", "degraded": ["redis"]})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "3")
    assert "请过一会儿再试" in page.text


def test_a_database_that_takes_no_writes_is_not_ready(mortal: Mortal) -> None:
    with psycopg.connect(mortal.running.connections.owner_url, autocommit=True) as owner:
        owner.execute("ALTER ROLE vote_app SET default_transaction_read_only = on")
        with mortal.app.app_context():
            db.engine.dispose()
        read_only = mortal.ready()
        owner.execute("ALTER ROLE vote_app RESET default_transaction_read_only")
    with mortal.app.app_context():
        db.engine.dispose()

    assert read_only == (503, {"status": "unavailable", "degraded": []})
    assert mortal.ready() == READY


def test_servers_that_were_never_there_are_unavailable(settings: Settings, tmp_path: Path) -> None:
    nowhere = f"postgresql://vote@/vote?host={tmp_path}"
    app = create_app(settings, Connections(nowhere, nowhere, f"unix://{tmp_path}/redis.sock"))

    assert app.test_client().get("/readyz").status_code == 503


def test_the_numbers_are_those_of_the_ledger(client: FlaskClient) -> None:
    fill_ledger(make_poll("done", awards=(("示例奖", 7, 7),)), 12)
    make_poll("fresh")

    response = client.get("/metrics", environ_base=LOOPBACK)

    lines = response.text.splitlines()
    assert response.content_type == "text/plain; version=0.0.4"
    assert lines[0].startswith("process_start_time_seconds ")
    assert sorted(lines[1:]) == [
        'votes_ballots_numbered{poll="done"} 12',
        'votes_ballots_numbered{poll="fresh"} 0',
        "votes_ballots_waiting_for_a_number 0",
    ]


def test_ballots_that_wait_for_their_number_are_counted(client: FlaskClient) -> None:
    fill_ledger(make_poll(awards=(("示例奖", 7, 7),)), 5, numbered=False)

    lines = client.get("/metrics", environ_base=LOOPBACK).text.splitlines()

    assert lines[1:] == ['votes_ballots_numbered{poll="demo"} 0', "votes_ballots_waiting_for_a_number 5"]


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("198.51.100.9", {}, 403),
        ("198.51.100.9", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("198.51.100.9", {"Authorization": "Bearer "}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.9"}, 403),
    ],
)
def test_without_a_token_the_numbers_are_for_this_machine_alone(
    client: FlaskClient, address: str, headers: dict[str, str], status: int
) -> None:
    response = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})

    assert response.status_code == status
    assert ("votes_ballots" in response.text) == (status == 200)


@pytest.fixture
def with_token(app: Flask, connections: Connections) -> Iterator[FlaskClient]:
    other = create_app(make_settings(metrics_token=SecretStr("token-of-the-tests")), connections)
    yield other.test_client()
    with other.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("Bearer token-of-the-tests", 200),
        ("Bearer token-of-the-test", 403),
        ("bearer token-of-the-tests", 403),
        ("token-of-the-tests", 403),
        ("Bearer 示例", 403),
        ("Bearer ", 403),
        (None, 403),
    ],
)
def test_with_a_token_the_numbers_are_for_whoever_has_it_wherever_from(
    with_token: FlaskClient, sent: str | None, status: int
) -> None:
    headers = {} if sent is None else {"Authorization": sent.encode().decode("latin-1")}

    answers = [with_token.get("/metrics", headers=headers, environ_base=base) for base in (LOOPBACK, ELSEWHERE)]

    assert [answer.status_code for answer in answers] == [status, status]
