"""Errors as people and scripts meet them: a page or JSON, the right status, nothing of the inside."""

import re
from collections.abc import Iterator
from typing import NamedTuple, Never

import pytest
from flask import abort, request
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import SENTENCES
from app.factory import create_app
from config import Settings
from foundation.database import db
from foundation.embedded.servers import Connections
from foundation.encryption import UndecryptableError
from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed, NotFound, Unavailable
from foundation.transaction import transaction


class Answer(NamedTuple):
    """How a failure is answered; `field` is what the reader has to put right, where it is one thing."""

    kind: str
    status: int
    code: str
    message: str
    field: str | None = None

    def __str__(self) -> str:
        return self.kind


INSIDE = ("Traceback", "sqlalchemy", "psycopg", "SELECT", "secret", "werkzeug", ".py", "Exception", "postgresql")
FAILURES: dict[str, Exception] = {
    "unexpected": LookupError("a secret"),
    "undecryptable": UndecryptableError("poll.voter_key"),
    "unreachable": OperationalError("SELECT secret", {}, ConnectionError("postgresql://secret")),
    "no-connection-free": PoolTimeout("QueuePool limit secret"),
    "invalid": InvalidInput("请填写标题。", field="title"),
    "not-found": NotFound("没有这份回执。"),
    "not-allowed": NotAllowed("您不能这样做。"),
    "conflict": Conflict("投票已经开始。"),
    "unavailable": Unavailable("微信暂时没有回应。"),
}
ANSWERS = [
    Answer("unexpected", 500, "internal_error", SENTENCES[500]),
    Answer("sql", 500, "internal_error", SENTENCES[500]),
    Answer("undecryptable", 503, "unavailable", SENTENCES[503]),
    Answer("unreachable", 503, "unavailable", SENTENCES[503]),
    Answer("no-connection-free", 503, "unavailable", SENTENCES[503]),
    Answer("invalid", 422, "invalid", "请填写标题。", "title"),
    Answer("not-found", 404, "not_found", "没有这份回执。"),
    Answer("not-allowed", 403, "not_allowed", "您不能这样做。"),
    Answer("conflict", 409, "conflict", "投票已经开始。"),
    Answer("unavailable", 503, "unavailable", "微信暂时没有回应。"),
    Answer("abort-400", 400, "bad_request", SENTENCES[400]),
    Answer("abort-403", 403, "forbidden", SENTENCES[403]),
    Answer("abort-404", 404, "not_found", SENTENCES[404]),
    Answer("abort-413", 413, "request_entity_too_large", SENTENCES[413]),
    Answer("abort-418", 418, "i'm_a_teapot", SENTENCES[400]),
    Answer("abort-429", 429, "too_many_requests", SENTENCES[429]),
    Answer("abort-503", 503, "service_unavailable", SENTENCES[503]),
]


def fail(kind: str) -> Never:
    if kind == "sql":
        with transaction() as session:
            session.execute(text("SELECT secret FROM nowhere"))
    if kind.startswith("abort-"):
        abort(int(kind.removeprefix("abort-")))
    raise FAILURES[kind]


def read_form() -> str:
    return request.form["text"][:1]


@pytest.fixture(scope="module")
def failing(settings: Settings, connections: Connections) -> Iterator[FlaskClient]:
    """The service with three more routes: two that fail as they are asked to, one that reads a form."""
    app = create_app(settings, connections)
    app.add_url_rule("/fail/<kind>", "fail", fail, methods=["GET", "POST"])
    app.add_url_rule("/fail/<kind>.json", "fail_json", fail)
    app.add_url_rule("/console/fail/<kind>", "fail_console", fail)
    app.add_url_rule("/form", "form", read_form, methods=["POST"])
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("expected", ANSWERS, ids=str)
def test_scripts_get_json_with_what_a_person_can_be_told(failing: FlaskClient, expected: Answer) -> None:
    answers = [failing.get(f"/fail/{expected.kind}.json"), failing.post(f"/fail/{expected.kind}", json={})]

    assert [(answer.status_code, answer.get_json()) for answer in answers] == [
        (
            expected.status,
            {
                "status": expected.code,
                "error": expected.code,
                "message": expected.message,
                "field": expected.field,
            },
        )
    ] * 2


@pytest.mark.parametrize("expected", ANSWERS, ids=str)
def test_readers_get_a_page_in_chinese_with_nothing_of_the_inside(failing: FlaskClient, expected: Answer) -> None:
    response = failing.get(f"/fail/{expected.kind}")

    page = response.text
    assert (response.status_code, response.content_type) == (expected.status, "text/html; charset=utf-8")
    assert page.startswith('<!doctype html>\n<html lang="zh-CN">')
    assert isinstance(FAILURES.get(expected.kind), AppError) == (expected.message in page)
    assert [word for word in INSIDE if word in page] == []
    assert (response.headers["X-Request-Id"] in page) == (expected.status >= 500)


@pytest.mark.parametrize(("path", "home"), [("/fail/unexpected", "/"), ("/console/fail/unexpected", "/console/")])
def test_a_page_leads_back_to_where_the_reader_belongs(failing: FlaskClient, path: str, home: str) -> None:
    assert f'href="{home}">' in failing.get(path).text


@pytest.mark.parametrize(("kind", "wait"), [("unavailable", "3"), ("abort-429", "3"), ("undecryptable", "3")])
def test_who_should_try_again_is_told_when(failing: FlaskClient, kind: str, wait: str) -> None:
    assert failing.get(f"/fail/{kind}").headers["Retry-After"] == wait


def test_who_should_not_try_again_is_not_told_to(failing: FlaskClient) -> None:
    assert "Retry-After" not in failing.get("/fail/conflict").headers


@pytest.mark.parametrize("path", ["/nowhere", "/polls/nowhere", "/receipts/K7QX-3M9T-P2VA", "/files/" + "0" * 64])
def test_what_is_not_there_is_a_page_that_says_so(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.content_type) == (404, "text/html; charset=utf-8")
    assert "没有" in response.text


@pytest.mark.parametrize("path", ["/nowhere.json", "/polls/nowhere.json", "/polls/nowhere/me.json"])
def test_what_is_not_there_is_json_for_scripts(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.get_json()["error"]) == (404, "not_found")


def test_a_method_that_is_not_offered_says_which_are(failing: FlaskClient) -> None:
    page, script = failing.get("/form"), failing.get("/form", json={})

    assert (page.status_code, page.headers["Allow"]) == (405, "OPTIONS, POST")
    assert (script.status_code, script.headers["Allow"]) == (405, "OPTIONS, POST")
    assert script.get_json() == {
        "status": "method_not_allowed",
        "error": "method_not_allowed",
        "message": SENTENCES[405],
        "field": None,
    }


def test_a_body_that_is_too_large_is_refused_before_it_is_read(failing: FlaskClient) -> None:
    limit = failing.application.config["MAX_CONTENT_LENGTH"]
    endless = failing.post("/form", environ_overrides={"CONTENT_LENGTH": str(limit + 1)})
    long_text = failing.post("/form", data={"text": "x" * (2 * 1024 * 1024 + 1)})
    fits = failing.post("/form", data={"text": "x" * 1024 * 1024})

    assert [(answer.status_code, answer.text[:1]) for answer in (endless, long_text, fits)] == [
        (413, "<"),
        (413, "<"),
        (200, "x"),
    ]


def test_a_redirect_is_no_error(failing: FlaskClient) -> None:
    response = failing.get("/console/")

    assert (response.status_code, response.headers["Location"][:16]) == (303, "/console/sign-in")


def test_sentences_are_plain() -> None:
    assert [sentence for sentence in SENTENCES.values() if not re.fullmatch(r"[^！!]+。", sentence)] == []
