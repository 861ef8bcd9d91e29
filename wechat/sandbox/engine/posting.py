"""One request with a time limit over the whole exchange, so that a dripping answer is no answer either."""

import socket
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urlencode, urlsplit

MOST_BYTES = 1 << 20
HEADERS = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Accept": "*/*"}


class NoConnectionError(Exception):
    """The other side could not be reached, or broke off before its answer was whole."""


def post_xml(url: str, query: dict[str, str], xml: str, seconds: float) -> tuple[int, bytes]:
    """Give status and body of the answer; raise TimeoutError after `seconds`, NoConnectionError when it breaks.

    Redirects are not followed, and of an endless body no more is read than the first MiB.
    """
    return _exchange("POST", url, query, xml.encode(), seconds)


def get_text(url: str, query: dict[str, str], seconds: float) -> tuple[int, bytes]:
    """The same as a GET, for the proof that the backend knows the token."""
    return _exchange("GET", url, query, None, seconds)


def _exchange(method: str, url: str, query: dict[str, str], body: bytes | None, seconds: float) -> tuple[int, bytes]:
    ends = time.monotonic() + seconds
    parts = urlsplit(url)
    try:
        with closing(_connection(parts, seconds)) as connection:
            connection.connect()
            wire = connection.sock
            _hurry(wire, ends)
            target = "&".join(filter(None, (parts.query, urlencode(query))))
            connection.request(method, f"{parts.path or '/'}?{target}", body, HEADERS)
            _hurry(wire, ends)
            with connection.getresponse() as response:
                return response.status, _body(response, wire, ends)
    except TimeoutError:
        raise
    except (OSError, HTTPException) as error:
        raise NoConnectionError from error


def _connection(parts: SplitResult, seconds: float) -> HTTPConnection:
    if parts.scheme == "https":
        return HTTPSConnection(parts.netloc, timeout=seconds)
    return HTTPConnection(parts.netloc, timeout=seconds)


def _hurry(wire: socket.socket, ends: float) -> None:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    wire.settimeout(left)


def _body(response: HTTPResponse, wire: socket.socket, ends: float) -> bytes:
    body = b""
    while len(body) < MOST_BYTES and (piece := response.read1(MOST_BYTES)):
        body += piece
        if not response.isclosed():
            _hurry(wire, ends)
    return body
