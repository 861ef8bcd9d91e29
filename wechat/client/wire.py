"""The wire for many calls in a row: JSON over connections that stay open, at a fraction of what a single call costs.

It keeps every rule of `transport`: an end to every wait, a name for every failure, no secret in any of them.
"""

import json
import time
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import structlog
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy
from urllib3 import HTTPConnectionPool, PoolManager, ProxyManager, Timeout
from urllib3.exceptions import HTTPError

from config import Settings
from wechat.client.transport import (
    CONNECT_SECONDS,
    PLATFORM,
    READ_SECONDS,
    WHOLE_SECONDS,
    Answer,
    read_pieces,
    unusable,
)
from wechat.errors import refusal

log = structlog.get_logger(__name__)
_CONNECTIONS = 64
_HEADERS = {"Content-Type": "application/json"}
_TIMEOUT = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)


class Wire:
    """Posts to the platform's API at its address; may be used by many threads."""

    def __init__(self, settings: Settings) -> None:
        base = settings.wechat_api_url.rstrip("/")
        self._prefix = urlsplit(base).path
        self._pool = _pool(base)

    def post(self, path: str, token: str, body: bytes) -> Answer:
        """Call `path` (below /cgi-bin/ unless it begins with a slash) once; raises WeChatError."""
        whole = path if path.startswith("/") else f"/cgi-bin/{path}"
        address = f"{self._prefix}{whole}?access_token={quote(token)}"
        try:
            answer = self._ask(address, body)
        except (HTTPError, OSError, ValueError, RecursionError):
            raise unusable(path) from None
        if not isinstance(answer, dict):
            raise unusable(path)
        errcode = _errcode(answer, path)
        if errcode:
            log.warning("wechat_call_refused", path=path, errcode=errcode)
            raise refusal(errcode, answer)
        return answer

    def _ask(self, address: str, body: bytes) -> object:
        ends = time.monotonic() + WHOLE_SECONDS
        response = self._pool.urlopen(
            "POST", address, body=body, headers=_HEADERS, redirect=False, retries=False, preload_content=False,
            timeout=_TIMEOUT,
        )  # fmt: skip
        try:
            said = b"".join(read_pieces(response, ends))
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()
        if not 200 <= response.status < 300:
            raise ValueError("an error page")
        return _read(said)


def _pool(base: str) -> HTTPConnectionPool:
    """Return the connections to one host; a stand-in for the platform is reached without a proxy, as elsewhere."""
    options: dict[str, Any] = {"maxsize": _CONNECTIONS, "ca_certs": DEFAULT_CA_BUNDLE_PATH}
    proxy = select_proxy(PLATFORM, get_environ_proxies(PLATFORM)) if base == PLATFORM else None
    manager = ProxyManager(proxy, **options) if proxy else PoolManager(**options)
    return manager.connection_from_url(base)


def _read(said: bytes) -> object:
    try:
        return orjson.loads(said)
    except orjson.JSONDecodeError:
        # The platform now and then puts bare control characters, or half a character, into its messages.
        return json.loads(said.decode("utf-8", "ignore"), strict=False)


def _errcode(answer: Answer, path: str) -> int:
    try:
        return int(answer.get("errcode") or 0)
    except (TypeError, ValueError):
        raise unusable(path) from None
