"""The slot of the ballot box: the one way in that millions use at once, so it lies before Flask's routing.

What Flask does for a page (routing, sessions, hooks) costs more than casting itself; a ballot needs none of it.
"""

import re
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson
import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from config import Settings
from foundation.errors import AppError, Unavailable
from foundation.web import network_of
from votes.answers import HTTP, Json, outcome_json
from votes.casting import Outcome, Status, cast_ballot
from votes.csrf import sent_by_our_page
from votes.parts import votes_parts
from votes.sources import HEADER
from votes.voters import purpose_of
from wechat.identity import current_voter

log = structlog.get_logger(__name__)
MAX_BALLOT = 64 * 1024  # bytes
RETRY_AFTER = 2  # seconds
SLOW_SECONDS = 1.0
_PATH = re.compile(r"/polls/([a-z0-9-]+)/ballots/?")
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
}


def open_slot(app: Flask) -> None:
    """Have ballots taken here; everything else goes on to Flask."""
    behind: WSGIApplication = app.wsgi_app

    def take(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = _PATH.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if found is None:
            return behind(environ, start_response)
        with app.app_context():
            response = _answer(app, Request(environ), found[1])
        return response(environ, start_response)

    app.wsgi_app = take  # type: ignore[method-assign]  # the way Flask's documentation wraps it


def _answer(app: Flask, request: Request, slug: str) -> Response:
    """Cast and turn what went wrong into an answer; log what failed or was slow, by its kind only."""
    started = time.perf_counter()
    try:
        response = cast(app.config["SETTINGS"], request, slug)
    except (Unavailable, OperationalError) as error:
        log.warning("ballot_unavailable", kind=type(error).__name__)
        response = _outcome(Outcome(Status.UNAVAILABLE), app.config["SETTINGS"])
    except AppError as error:
        response = _json({"status": error.code, "error": error.code, "message": error.message}, error.status)
    except Exception as error:
        log.exception("unexpected_error", kind=type(error).__name__)
        response = _outcome(Outcome(Status.UNAVAILABLE), app.config["SETTINGS"])
    seconds = time.perf_counter() - started
    if seconds > SLOW_SECONDS:
        log.warning("answered", route="/polls/<slug>/ballots", milliseconds=round(seconds * 1000))
    return response


def cast(settings: Settings, request: Request, slug: str) -> Response:
    """Take a ballot: the voter comes from the session, choices and nonce from the body."""
    if not sent_by_our_page(settings, slug, request):
        return _json({"status": "not_allowed", "reason": "csrf"}, 403)
    voter = current_voter(request, purpose_of(slug))
    if voter is None:
        return _json({"status": "sign_in"}, 401)
    choices, nonce = _read(request)
    parts, network = votes_parts(), network_of(request.remote_addr)
    parts.limits.look()
    outcome = cast_ballot(parts.box, slug, voter, choices, nonce, network=network)
    if outcome.status is Status.ACCEPTED and outcome.receipt:
        parts.sources.count(slug, outcome.receipt.accepted_at, request.headers.get(HEADER, ""))
    return _outcome(outcome, settings)


def _read(request: Request) -> tuple[object, object]:
    """Return choices and nonce as they were sent; what is no JSON object is no choice."""
    request.max_content_length = MAX_BALLOT  # also of a body that does not say how long it is
    try:
        body = orjson.loads(request.get_data(cache=False))
    except (orjson.JSONDecodeError, RequestEntityTooLarge):
        return None, None
    return (body.get("choices"), body.get("nonce")) if isinstance(body, dict) else (None, None)


def _outcome(outcome: Outcome, settings: Settings) -> Response:
    response = _json(outcome_json(outcome, settings), HTTP[outcome.status])
    if outcome.status in (Status.TOO_FAST, Status.UNAVAILABLE):
        response.headers["Retry-After"] = str(outcome.wait or RETRY_AFTER)
    return response


def _json(body: Json, status: int) -> Response:
    return Response(orjson.dumps(body), status=status, content_type="application/json", headers=_HEADERS)
