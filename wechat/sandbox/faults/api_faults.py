"""What a fault does to an API call: before the answer is worked out, or to the answer on its way."""

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response

from wechat.sandbox.errors import ApiError
from wechat.sandbox.faults.plan import Fault, FaultPlan
from wechat.sandbox.state.tokens import INVALID_CREDENTIAL

HANG_SECONDS = 60.0
PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
ANSWERED = {
    "system_error": (-1, "system error"),
    "token_invalid": (
        40001,
        INVALID_CREDENTIAL,
    ),
    "token_expired": (42001, "access_token expired"),
    "daily_quota": (45009, "reach max api daily quota limit"),
    "minute_quota": (45011, "api minute-quota reach limit, must slower, retry next minute"),
    "secret_frozen": (40243, "AppSecret has been frozen"),
}
STATUSES = {"bad_gateway": 502, "unavailable": 503, "html": 200}


class ConnectionLost(Exception):
    """The call ends without an answer, after or before it took effect."""


def before(fault: Fault, faults: FaultPlan, address: str, expire: Callable[[], None]) -> None:
    """Do what comes before the call takes effect; raise ApiError or ConnectionLost where it never does."""
    if fault.kind == "delay":
        time.sleep(fault.seconds)
    elif fault.kind == "hang":
        faults.hang(HANG_SECONDS)
        raise ConnectionLost
    elif fault.kind == "reset_before":
        raise ConnectionLost
    elif fault.kind == "ip_not_allowed":
        raise ApiError(40164, f"invalid ip {address} ipv6 ::ffff:{address}, not in whitelist")
    elif fault.kind == "errcode":
        raise ApiError(fault.errcode, fault.errmsg)
    elif fault.kind in ANSWERED:
        if fault.kind == "token_expired":
            expire()
        raise ApiError(*ANSWERED[fault.kind])


def page(fault: Fault) -> Response | None:
    """The page that stands in for the answer, so that the call never takes effect."""
    status = STATUSES.get(fault.kind)
    return None if status is None else Response(PAGE, status, content_type="text/html")


def after(fault: Fault, answer: Response, environ: dict[str, Any]) -> Response:
    """Spoil an answer on its way, after the call took effect."""
    if fault.kind == "truncated":
        whole = answer.get_data()
        return Response(whole[: len(whole) // 2], content_type=answer.content_type)
    if fault.kind == "text_plain":
        answer.content_type = "text/plain"
    if fault.kind == "reset_after":
        return lost(environ)
    return answer


def lost(environ: dict[str, Any]) -> Response:
    """An answer that never comes: the server breaks the connection off."""
    return Response(_break_off(environ.get("werkzeug.socket")), headers={"Content-Length": "1"})


def _break_off(wire: socket.socket | None) -> Iterator[bytes]:
    if wire is not None:
        with contextlib.suppress(OSError):
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.shutdown(socket.SHUT_RDWR)
    yield from _reset()


def _reset() -> Iterator[bytes]:
    raise ConnectionResetError
