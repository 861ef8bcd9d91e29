"""Calls to the platform: one token for everybody, one retry, an end to every wait, and a name for every failure."""

import json
import subprocess
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.wrappers import Request, Response

from foundation.embedded.servers import Connections
from foundation.keyvalue import connect, keyvalue
from tests.conftest import SECRETS, make_settings
from tests.wechat.conftest import World, served
from tests.wechat.factories_wechat import OPENID_A
from wechat.client import Following, WebIdentity, WeChat
from wechat.errors import (
    Busy,
    CodeRefused,
    Misconfigured,
    NotPermitted,
    QuotaReached,
    TokenRefused,
    Unreachable,
    WeChatError,
)

ROOT = Path(__file__).resolve().parents[2]
INFO = "/cgi-bin/user/info"
TOKEN = "/cgi-bin/stable_token"
CODE = "/sns/oauth2/access_token"
A_CODE = "021aBcD2eFgHiJkL"
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

    def hang(self, _request: Request) -> Response:
        self.released.wait(10)
        return Response("{}")


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    with served(script) as script.url:
        yield script
        script.released.set()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def wechat(app: Flask, script: Script, pauses: list[float]) -> WeChat:
    return WeChat(make_settings(wechat_api_url=script.url), sleep=pauses.append)


def refused(errcode: int) -> dict[str, Any]:
    return {"errcode": errcode, "errmsg": f"whatever it says, rid: 6500f0c1-{errcode}"}


def test_a_token_is_fetched_once_and_kept(wechat: WeChat, script: Script) -> None:
    for _ in range(3):
        assert wechat.following(OPENID_A) == Following(follows=True, since=datetime.fromtimestamp(1767225600, UTC))
    assert script.calls == {TOKEN: 1, INFO: 3}
    assert script.tokens_of(INFO) == ["TOKEN1"] * 3
    _, query, body = script.requests[0]
    assert query == {}
    assert json.loads(body) == {
        "grant_type": "client_credential",
        "appid": SECRETS["WECHAT_APPID"],
        "secret": SECRETS["WECHAT_SECRET"],
        "force_refresh": False,
    }


def test_the_token_is_given_up_five_minutes_before_its_end(wechat: WeChat) -> None:
    wechat.following(OPENID_A)
    (key,) = keyvalue().keys("wechat:*:token")
    assert 6_880 <= keyvalue().ttl(key) <= 6_900


def test_eight_cold_threads_fetch_one_token(app: Flask, wechat: WeChat, script: Script) -> None:
    def ask(_: int) -> bool:
        with app.app_context():
            return wechat.following(OPENID_A).follows

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(16)))
    assert script.calls == {TOKEN: 1, INFO: 16}


COLD = """
import json, sys
from flask import Flask
from config import load_settings
from foundation.keyvalue import init_keyvalue
from wechat.client import WeChat

redis_url, api_url, folder, secrets = sys.argv[1:]
app = Flask("cold")
init_keyvalue(app, redis_url)
wechat = WeChat(load_settings(json.loads(secrets), demo=True, data_dir=folder, wechat_api_url=api_url))
print("ready", flush=True)
sys.stdin.readline()
with app.app_context():
    print(wechat.following("o1").follows)
"""


@pytest.mark.usefixtures("app")
def test_two_cold_processes_fetch_one_token(script: Script, connections: Connections, tmp_path: Path) -> None:
    given = [connections.redis_url, script.url, str(tmp_path), json.dumps(SECRETS)]
    with ExitStack() as stack:
        processes = [stack.enter_context(cold_process(given)) for _ in range(2)]
        assert [process.stdout.readline() for process in processes if process.stdout] == ["ready\n", "ready\n"]
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda process: process.communicate("go\n", timeout=30)[0], processes))
    assert answers == ["True\n", "True\n"]
    assert script.calls == {TOKEN: 1, INFO: 2}


@contextmanager
def cold_process(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a process of the service that has nothing but its settings."""
    command = [sys.executable, "-c", COLD, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_renewed_once_and_the_call_repeated(wechat: WeChat, script: Script, errcode: int) -> None:
    script.answers[INFO] = [refused(errcode), FOLLOWS]
    assert wechat.following(OPENID_A).follows
    assert script.tokens_of(INFO) == ["TOKEN1", "TOKEN2"]
    assert wechat.following(OPENID_A).follows
    assert script.tokens_of(INFO)[2] == "TOKEN2"
    assert script.calls == {TOKEN: 2, INFO: 3}


def test_a_token_that_is_never_taken_is_not_fetched_for_ever(wechat: WeChat, script: Script) -> None:
    script.answers[INFO] = [refused(40001)]
    with pytest.raises(TokenRefused):
        wechat.following(OPENID_A)
    assert script.calls == {TOKEN: 2, INFO: 2}


def test_a_token_that_somebody_else_renewed_is_taken_over(wechat: WeChat, script: Script) -> None:
    wechat.following(OPENID_A)
    (key,) = keyvalue().keys("wechat:*:token")
    stale = keyvalue().get(key).decode()
    keyvalue().set(key, "RENEWED", ex=100)
    assert wechat._client.keeper.renew(stale) == "RENEWED"
    assert script.calls[TOKEN] == 1


def test_without_redis_the_platform_is_asked_each_time(
    app: Flask, wechat: WeChat, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "redis", connect("redis://127.0.0.1:1/0"))
    assert wechat.following(OPENID_A).follows
    assert wechat.following(OPENID_A).follows
    assert script.calls == {TOKEN: 2, INFO: 2}


def test_a_busy_platform_is_asked_again_with_growing_pauses(
    wechat: WeChat, script: Script, pauses: list[float]
) -> None:
    script.answers[INFO] = [refused(-1), refused(-1), FOLLOWS]
    assert wechat.following(OPENID_A).follows
    assert script.calls[INFO] == 3
    first, second = pauses
    assert 0.2 <= first <= 0.3
    assert 0.4 <= second <= 0.6


def test_a_platform_that_stays_busy_is_left_alone(wechat: WeChat, script: Script) -> None:
    script.answers[INFO] = [refused(-1)]
    with pytest.raises(Busy):
        wechat.following(OPENID_A)
    assert script.calls[INFO] == 3


def test_what_changes_something_is_not_repeated(wechat: WeChat, script: Script) -> None:
    script.answers["/cgi-bin/menu/create"] = [refused(-1)]
    with pytest.raises(Busy):
        wechat.create_menu([{"type": "click", "name": "投票", "key": "投票"}])
    assert script.calls["/cgi-bin/menu/create"] == 1
    assert json.loads(script.requests[-1][2]) == {"button": [{"type": "click", "name": "投票", "key": "投票"}]}


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (45009, QuotaReached),
        (45011, QuotaReached),
        (48001, NotPermitted),
        (40013, Misconfigured),
        (40164, Misconfigured),
        (41001, WeChatError),
        (61234, WeChatError),
    ],
)
def test_each_refusal_has_its_name_and_is_not_repeated(
    wechat: WeChat, script: Script, errcode: int, kind: type[WeChatError]
) -> None:
    script.answers[INFO] = [refused(errcode)]
    with pytest.raises(WeChatError) as caught:
        wechat.following(OPENID_A)
    assert (type(caught.value), caught.value.errcode, caught.value.status) == (kind, errcode, 503)
    assert script.calls[INFO] == 1


def _answers_that_are_none() -> list[Answer]:
    return [
        Response("bad gateway", 502),
        Response("unavailable", 503),
        Response("<html>please sign in</html>"),
        Response('{"subscribe": 1, "open'),
        Response("[]"),
        Response('"words"'),
        Response(""),
        Response('{"errcode": "many"}'),
        Response('{"errcode": null}'),
    ]


@pytest.mark.parametrize("answer", _answers_that_are_none())
@pytest.mark.parametrize("path", [INFO, TOKEN, CODE])
def test_what_is_no_answer_of_the_platform_has_a_name_too(
    wechat: WeChat, script: Script, path: str, answer: Answer
) -> None:
    script.answers[path] = [answer]
    with pytest.raises(Unreachable):
        wechat.exchange_code("1") if path == CODE else wechat.following(OPENID_A)
    assert script.calls[path] == 1


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": ""}, {"access_token": 7, "expires_in": 7200}, {"access_token": "T"}]
)
def test_a_token_without_a_token_is_none(wechat: WeChat, script: Script, answer: dict[str, Any]) -> None:
    script.answers[TOKEN] = [answer]
    with pytest.raises(Unreachable):
        wechat.following(OPENID_A)
    assert keyvalue().keys("wechat:*:token") == []


def test_no_call_waits_without_end(wechat: WeChat, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wechat.client.TIMEOUT_SECONDS", 0.1)
    for path, call in ((TOKEN, wechat.following), (CODE, wechat.exchange_code)):
        script.answers[path] = [script.hang]
        with pytest.raises(Unreachable):
            call("1")


def test_an_address_where_nobody_listens(app: Flask) -> None:
    with pytest.raises(Unreachable):
        WeChat(make_settings(wechat_api_url="http://127.0.0.1:1")).following(OPENID_A)


def test_a_stand_in_is_reached_past_any_proxy(wechat: WeChat, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert wechat.following(OPENID_A).follows


def test_settings_that_the_platform_refuses_are_not_tried_again_within_a_minute(wechat: WeChat, script: Script) -> None:
    script.answers[TOKEN] = [refused(40164)]
    for _ in range(5):
        with pytest.raises(Misconfigured) as caught:
            wechat.following(OPENID_A)
        assert caught.value.errcode == 40164
    assert script.calls == {TOKEN: 1}
    (key,) = keyvalue().keys("wechat:*:token-refused")
    assert 0 < keyvalue().ttl(key) <= 60


@pytest.mark.parametrize("fault", [refused(40001), refused(40164), Response("oh", 502), Response("<html>")])
@pytest.mark.parametrize("path", [INFO, TOKEN, CODE])
def test_no_failure_tells_a_secret(
    wechat: WeChat, script: Script, capfd: pytest.CaptureFixture[str], fault: Answer, path: str
) -> None:
    script.answers[path] = [fault]
    with capture_logs() as lines, pytest.raises(WeChatError) as caught:
        wechat.exchange_code(A_CODE) if path == CODE else wechat.following(OPENID_A)
    told = "".join(traceback.format_exception(caught.value)) + json.dumps(lines) + "".join(capfd.readouterr())
    for secret in (SECRETS["WECHAT_SECRET"], OPENID_A, "TOKEN1", A_CODE):
        assert secret not in told


def test_a_connection_that_breaks_tells_no_secret(app: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    wechat = WeChat(make_settings(wechat_api_url="http://127.0.0.1:1"))
    with pytest.raises(Unreachable) as caught:
        wechat.exchange_code(A_CODE)
    told = "".join(traceback.format_exception(caught.value)) + "".join(capfd.readouterr())
    for secret in (SECRETS["WECHAT_SECRET"], A_CODE):
        assert secret not in told


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"openid": OPENID_A, "scope": "snsapi_base"}, WebIdentity(OPENID_A, snapshot=False)),
        ({"openid": OPENID_A, "is_snapshotuser": 1}, WebIdentity(OPENID_A, snapshot=True)),
        ({"openid": OPENID_A, "errcode": 0, "unheard_of": [1]}, WebIdentity(OPENID_A, snapshot=False)),
    ],
)
def test_a_code_is_exchanged_for_a_person(
    wechat: WeChat, script: Script, answer: dict[str, Any], expected: WebIdentity
) -> None:
    script.answers[CODE] = [answer]
    assert wechat.exchange_code(A_CODE) == expected
    assert script.requests == [
        (
            CODE,
            {
                "appid": SECRETS["WECHAT_APPID"],
                "secret": SECRETS["WECHAT_SECRET"],
                "code": A_CODE,
                "grant_type": "authorization_code",
            },
            b"",
        )
    ]


@pytest.mark.parametrize("answer", [{}, {"openid": ""}, {"openid": None}, {"openid": 7}])
def test_a_person_without_an_openid_is_nobody(wechat: WeChat, script: Script, answer: dict[str, Any]) -> None:
    script.answers[CODE] = [answer]
    with pytest.raises(Unreachable):
        wechat.exchange_code(A_CODE)


@pytest.mark.parametrize("errcode", [40029, 40163, 42003])
def test_a_refused_code_is_never_tried_twice(wechat: WeChat, script: Script, errcode: int) -> None:
    script.answers[CODE] = [refused(errcode)]
    with pytest.raises(CodeRefused) as caught:
        wechat.exchange_code(A_CODE)
    assert caught.value.errcode == errcode
    assert script.calls == {CODE: 1}


def test_the_sandbox_is_served_by_the_same_client(world: World) -> None:
    wechat = WeChat(make_settings(wechat_api_url=f"{world.platform}/api"))
    assert wechat.following(world.openid("jia")).follows
    assert not wechat.following(world.openid("wu")).follows
    with pytest.raises(CodeRefused):
        wechat.exchange_code("never given")
