"""Logs: a JSON line for what failed, with a request id, and never an openid, a query string or a name."""

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from flask import Flask, abort
from sqlalchemy import text

from app.errors import init_errors
from foundation.database import db, init_database
from foundation.embedded.servers import Connections
from foundation.logs import configure_logs, init_logs
from foundation.transaction import after_commit, transaction

OPENID, NAME = "oVoter0000000000000000000001", "示例张三"
TOLD = {OPENID, NAME, "secret=1"}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What is written to standard error meanwhile."""
    written = StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        configure_logs()
        yield written
    configure_logs()


@pytest.fixture
def site(connections: Connections) -> Iterator[Flask]:
    """A site whose every path fails in a way that has something to hide."""
    app = Flask("logged")
    init_logs(app)
    init_errors(app)
    init_database(app, connections.database_url, pool_size=1)
    app.add_url_rule("/fine/<name>", "fine", lambda name: "fine")
    app.add_url_rule("/missing/<name>.json", "missing", lambda name: abort(404))
    app.add_url_rule("/broken/<name>.json", view_func=broken)
    app.add_url_rule("/chained/<name>.json", view_func=chained)
    app.add_url_rule("/database/<name>.json", view_func=database)
    app.add_url_rule("/hook/<name>", view_func=failing_hook)
    yield app
    with app.app_context():
        db.engine.dispose()


def broken(name: str) -> str:
    raise LookupError(f"no follower {name}")


def chained(name: str) -> str:
    try:
        return {"somebody": "else"}[name]
    except KeyError as error:
        raise ValueError(f"{OPENID} is nobody") from error


def database(name: str) -> str:
    with transaction() as session:
        session.execute(text("SELECT CAST(:name AS integer), :openid"), {"name": name, "openid": OPENID})
    return "fine"


def failing_hook(name: str) -> str:
    def ring() -> None:
        raise ConnectionError(f"cannot ring for {name}")

    with transaction():
        after_commit(ring)
    return "fine"


def answered(site: Flask, path: str) -> tuple[int, str]:
    response = site.test_client().get(path, query_string="secret=1")
    return response.status_code, response.headers["X-Request-Id"]


def read(lines: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_what_went_well_and_what_is_not_there_are_no_news(site: Flask, lines: StringIO) -> None:
    assert [answered(site, f"/{way}.json")[0] for way in (f"fine/{OPENID}", f"missing/{OPENID}", OPENID)] == [
        200,
        404,
        404,
    ]
    assert lines.getvalue() == ""


@pytest.mark.parametrize("way", ["broken", "chained", "database"])
def test_a_failure_is_told_without_what_anybody_typed(site: Flask, lines: StringIO, way: str) -> None:
    status, request_id = answered(site, f"/{way}/{NAME}.json")

    told = read(lines)
    assert status == 500
    assert [secret for secret in TOLD if secret in lines.getvalue()] == []
    assert {line["request_id"] for line in told} == {request_id}
    assert told[-1] == {
        "event": "answered",
        "level": "warning",
        "request_id": request_id,
        "method": "GET",
        "route": f"/{way}/<name>.json",
        "status": 500,
        "milliseconds": told[-1]["milliseconds"],
        "timestamp": told[-1]["timestamp"],
    }


def test_a_failure_is_told_with_where_it_happened_and_of_what_kind(site: Flask, lines: StringIO) -> None:
    answered(site, f"/chained/{NAME}.json")

    (told,) = [line["exception"] for line in read(lines) if line["event"] == "unexpected_error"]
    assert "builtins.ValueError" in told
    assert "builtins.KeyError" in told
    assert "in chained" in told


def test_a_failing_hook_is_told_without_what_it_says(site: Flask, lines: StringIO) -> None:
    assert answered(site, f"/hook/{OPENID}")[0] == 200

    (line,) = read(lines)
    assert line["event"] == "after_commit_hook_failed"
    assert "builtins.ConnectionError" in line["exception"]
    assert OPENID not in lines.getvalue()


def test_a_librarys_lines_are_json_too(lines: StringIO) -> None:
    logging.getLogger("some.library").warning("connection %s", "lost")
    logging.getLogger("some.library").info("not worth a line")

    (line,) = read(lines)
    assert (line["event"], line["level"]) == ("connection lost", "warning")


def test_a_librarys_error_is_told_without_its_message(lines: StringIO) -> None:
    try:
        dict[str, str]()[OPENID]
    except KeyError:
        logging.getLogger("some.library").exception("job failed")

    (line,) = read(lines)
    assert "builtins.KeyError" in line["exception"]
    assert OPENID not in lines.getvalue()


def test_an_error_in_a_circle_of_causes_is_told_once(lines: StringIO) -> None:
    first, second = LookupError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first

    structlog.get_logger("test").error("circle", exc_info=first)

    (line,) = read(lines)
    assert line["exception"].splitlines() == ["builtins.LookupError", "builtins.ValueError"]


def test_every_answer_has_an_id_of_its_own(site: Flask) -> None:
    ids = {answered(site, "/fine/x")[1] for _ in range(3)}

    assert len(ids) == 3
    assert all(len(name) == 16 for name in ids)
