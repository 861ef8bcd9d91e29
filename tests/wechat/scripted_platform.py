"""A platform that answers as told, for what the sandbox, which knows the rules, would never say."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.wechat.conftest import served
from tests.wechat.factories_wechat import OPENID_A

INFO = "/cgi-bin/user/info"
TOKEN = "/cgi-bin/stable_token"
FOLLOWS = {"subscribe": 1, "openid": OPENID_A, "subscribe_time": 1767225600}
Answer = dict[str, Any] | Response | Callable[[Request], Response]


class Script:
    """A platform that answers as told: per path a list of answers, of which the last is repeated."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, list[Answer]] = {INFO: [FOLLOWS]}
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._tokens = 0

    @property
    def calls(self) -> Counter[str]:
        return Counter(path for path, _, _ in self.requests)

    def tokens_of(self, path: str) -> list[str]:
        return [query.get("access_token", "") for asked, query, _ in self.requests if asked == path]

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        with self._lock:
            self.requests.append((request.path, request.args.to_dict(), request.get_data()))
            answer = self._next(request.path)
        if isinstance(answer, Response):
            return answer
        return answer(request) if callable(answer) else Response(json.dumps(answer), content_type="text/plain")

    def _next(self, path: str) -> Answer:
        script = self.answers.get(path)
        if script:
            return script.pop(0) if len(script) > 1 else script[0]
        self._tokens += 1
        return {"access_token": f"TOKEN{self._tokens}", "expires_in": 7200}

    def drip(self) -> Iterator[bytes]:
        """Say a little for ever, more often than a reader gives up."""
        while not self.released.wait(0.05):
            yield b" "

    def hang(self, _request: Request) -> Response:
        self.released.wait(10)
        return Response("{}")


@contextmanager
def scripted() -> Iterator[Script]:
    """Serve a script, and let go of what hangs at the end."""
    script = Script()
    with served(script) as script.url:
        yield script
        script.released.set()


def refused(errcode: int) -> dict[str, Any]:
    return {"errcode": errcode, "errmsg": f"whatever it says, rid: 6500f0c1-{errcode}"}
