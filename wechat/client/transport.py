"""One call over the wire: sent where the settings say, with an end to every wait and a name for every failure."""

import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests
import structlog
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from config import Settings
from wechat.errors import Unreachable, WeChatError, refusal

log = structlog.get_logger(__name__)
PLATFORM = "https://api.weixin.qq.com"
CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
WHOLE_SECONDS = 8.0
MOST_BYTES = 8 * 1024 * 1024
_PIECE = 64 * 1024
_CONNECTIONS = 32

Answer = dict[str, Any]

# It writes whole addresses, and with them tokens and openids.
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


class _Elsewhere(HTTPAdapter):
    """Sends what was meant for the platform's API to `base`, and never waits or reads without end."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        super().__init__(pool_maxsize=_CONNECTIONS)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        options |= {"timeout": (CONNECT_SECONDS, READ_SECONDS), "stream": True}
        if self._base != PLATFORM:
            # requests chose a proxy for the platform's address; a stand-in is reached directly.
            options["proxies"] = {}
            request.url = self._base + (request.url or PLATFORM).removeprefix(PLATFORM)
        ends = time.monotonic() + WHOLE_SECONDS
        response = super().send(request, *args, **options)
        return _read_whole(response, ends)


def _read_whole(response: requests.Response, ends: float) -> requests.Response:
    """Read the body, of which each piece may take its time, but not all of them together."""
    try:
        # requests has no other way to be given a body that was read already.
        response._content = b"".join(read_pieces(response.raw, ends))
    except (HTTPError, OSError):
        response.close()
        raise requests.ConnectionError from None
    return response


def read_pieces(raw: Any, ends: float) -> Iterator[bytes]:
    left = MOST_BYTES
    while piece := raw.read1(min(_PIECE, left), decode_content=True):
        left -= len(piece)
        if left <= 0 or time.monotonic() > ends:
            raise TimeoutError
        yield piece


class Transport(WeChatClient):  # type: ignore[misc]  # wechatpy is not typed
    """wechatpy's client at our address; tokens and retries are ours, for its own know no bound."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.wechat_appid, settings.wechat_secret.get_secret_value(), auto_retry=False)
        self._http.mount(PLATFORM, _Elsewhere(settings.wechat_api_url))

    def ask(self, method: str, path: str, params: Mapping[str, str], **options: Any) -> Answer:
        """Call `path` once and return what the platform said; raises WeChatError.

        A path is below /cgi-bin/ unless it begins with a slash. Causes are cut off: they hold the address, and with it
        the secret or the token.
        """
        where = {"api_base_url": PLATFORM, "params": [*params.items()], "allow_redirects": False}
        whole = path if path.startswith("/") else f"/cgi-bin/{path}"
        try:
            answer = self._request(method, whole, **where, **options)
        except WeChatClientException as error:
            raise self._failed(path, error) from None
        except (requests.RequestException, ValueError, TypeError, RecursionError):
            raise unusable(path) from None
        if not isinstance(answer, dict):
            raise unusable(path)
        return answer

    def _failed(self, path: str, error: WeChatClientException) -> WeChatError:
        if error.errcode is None:
            return unusable(path)
        log.warning("wechat_call_refused", path=path, errcode=error.errcode)
        return refusal(error.errcode, self._decode_result(error.response))


def unusable(path: str) -> Unreachable:
    """Return the error for an answer that did not come, or is none of the platform's."""
    log.warning("wechat_call_failed", path=path)
    return Unreachable()
