"""Is it alive, is it ready, and a few numbers for whoever watches it."""

import hmac
import time

from flask import Blueprint, Response, current_app, request
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from foundation.keyvalue import RedisError, keyvalue
from foundation.transaction import transaction
from votes.models import Ballot, Poll, PollHead

blueprint = Blueprint("health", __name__)
_started = time.time()


@blueprint.get("/healthz")
def alive() -> Response:
    return _json({"status": "alive"}, 200)


@blueprint.get("/readyz")
def ready() -> Response:
    """Ready means that the ledger can commit; without Redis the service runs on, degraded."""
    ledger, redis = _ledger_commits(), _redis_answers()
    state: dict[str, object] = {"status": "ready" if ledger else "unavailable", "degraded": [] if redis else ["redis"]}
    return _json(state, 200 if ledger else 503)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text, on loopback or with `Authorization: Bearer METRICS_TOKEN`."""
    if not _may_read_metrics():
        return Response("forbidden\n", 403)
    lines = [f"process_start_time_seconds {_started:.0f}"]
    with transaction() as session:
        for slug, size in session.execute(select(Poll.slug, PollHead.size).join(PollHead)):
            lines.append(f'votes_ballots_numbered{{poll="{slug}"}} {size}')
        waiting = session.scalar(select(text("count(*)")).select_from(Ballot).where(Ballot.number.is_(None)))
    lines.append(f"votes_ballots_waiting_for_a_number {waiting}")
    return Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def _may_read_metrics() -> bool:
    settings: Settings = current_app.config["SETTINGS"]
    if settings.metrics_token is not None:
        wanted = f"Bearer {settings.metrics_token.get_secret_value()}"
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted.encode())
    # What a proxy on this machine passes on comes from loopback too, but says whom it is for.
    return request.remote_addr in ("127.0.0.1", "::1") and "X-Forwarded-For" not in request.headers


def _ledger_commits() -> bool:
    try:
        with transaction() as session:
            return bool(session.scalar(text("SHOW transaction_read_only")) == "off")
    except SQLAlchemyError:
        return False


def _redis_answers() -> bool:
    try:
        return bool(keyvalue().ping())
    except RedisError:
        return False


def _json(value: dict[str, object], status: int) -> Response:
    return Response(current_app.json.dumps(value), status=status, content_type="application/json")
