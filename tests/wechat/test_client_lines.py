"""Many calls in a row: the same errors, the same one retry, the same silence about secrets as single calls have."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.wrappers import Request, Response

from foundation.keyvalue import connect
from tests.conftest import make_settings
from tests.wechat.scripted_platform import TOKEN, Script, refused, scripted
from wechat.client import Line, WeChat
from wechat.client.pacing import Pacer, Rate, even
from wechat.errors import Busy, NotAFollower, NotPermitted, QuotaReached, TokenRefused, Unreachable, WeChatError

PATH = "message/template/send"
WHOLE = f"/cgi-bin/{PATH}"
OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok", "msgid": 7}
BODY = {"touser": "oSomebody", "data": {"thing1": {"value": "示例"}}}


@pytest.fixture
def script(app: Flask) -> Iterator[Script]:
    with scripted() as script:
        script.answers[WHOLE] = [OK]
        yield script


def line_to(script: Script, **settings: Any) -> Line:
    return WeChat(make_settings(wechat_api_url=f"{script.url}", **settings)).line(PATH, 1000)


def test_what_is_written_arrives_with_one_token_for_all(script: Script) -> None:
    line = line_to(script)
    assert [line.write(BODY) for _ in range(3)] == [OK] * 3
    assert (script.calls[WHOLE], script.calls[TOKEN], set(script.tokens_of(WHOLE))) == (3, 1, {"TOKEN1"})
    assert script.requests[-1][2].decode() == '{"touser":"oSomebody","data":{"thing1":{"value":"示例"}}}'


def the_first_token_is_refused(request: Request) -> Response:
    answer = refused(40001) if request.args["access_token"] == "TOKEN1" else OK
    return Response(json.dumps(answer), content_type="text/plain")


def test_a_token_that_is_refused_is_renewed_once_for_all_threads(app: Flask, script: Script) -> None:
    line = line_to(script)
    line.write(BODY)
    script.answers[WHOLE] = [the_first_token_is_refused]

    def write(_: int) -> object:
        with app.app_context():
            return line.write(BODY)

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(write, range(3))) == [OK] * 3
    assert script.calls[TOKEN] == 2


def test_a_token_that_stays_refused_is_tried_once_more_and_no_more(script: Script) -> None:
    script.answers[WHOLE] = [refused(40001)]
    with pytest.raises(TokenRefused):
        line_to(script).write(BODY)
    assert script.calls[WHOLE] == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused(-1), Busy),
        (refused(43004), NotAFollower),
        (refused(99999), WeChatError),
        (Response("<html>", status=502), Unreachable),
        (Response("<html>"), Unreachable),
        (Response('["a list"]'), Unreachable),
        (Response('{"errcode": "many"}'), Unreachable),
        (Response("", status=302, headers={"Location": "http://elsewhere.example/"}), Unreachable),
        (Response(b'{"errcode":0,"errm', content_type="application/json"), Unreachable),
    ],
)
def test_every_answer_has_the_name_it_has_elsewhere(script: Script, answer: Any, kind: type[WeChatError]) -> None:
    script.answers[WHOLE] = [answer]
    with pytest.raises(kind) as single:
        WeChat(make_settings(wechat_api_url=script.url)).write(PATH, BODY)
    with pytest.raises(kind) as in_line:
        line_to(script).write(BODY)
    assert (type(in_line.value), in_line.value.errcode) == (type(single.value), single.value.errcode)


def test_bare_control_characters_are_read(script: Script) -> None:
    script.answers[WHOLE] = [Response(b'{"errcode":0,"errmsg":"a\nb\xff","msgid":8}')]
    assert line_to(script).write(BODY)["msgid"] == 8


def test_a_used_up_day_is_asked_for_once(script: Script) -> None:
    line = line_to(script)
    script.answers[WHOLE] = [refused(45009), OK]
    errors = [_error(lambda: line.write(BODY)) for _ in range(3)]
    assert [type(error) for error in errors] == [QuotaReached] * 3
    assert script.calls[WHOLE] == 1
    assert isinstance(errors[-1], QuotaReached)
    assert errors[-1].until is not None


def test_a_right_that_is_missing_is_told_on(script: Script) -> None:
    told: list[str] = []
    script.answers[WHOLE] = [refused(48001)]
    wechat = WeChat(make_settings(wechat_api_url=script.url), not_permitted=lambda path, _: told.append(path))
    assert isinstance(_error(lambda: wechat.line(PATH, 1000).write(BODY)), NotPermitted)
    assert told == [PATH]


def test_a_failure_tells_no_secret(script: Script) -> None:
    script.answers[WHOLE] = [Response("<html>")]
    with capture_logs() as logs:
        error = _error(lambda: line_to(script).write(BODY))
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert not [one for one in (str(logs), repr(error)) if "TOKEN" in one or "oSomebody" in one]


def test_an_answer_that_never_ends_is_given_up(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wechat.client.wire.WHOLE_SECONDS", 0.3)
    script.answers[WHOLE] = [lambda _request: Response(script.drip())]
    begun = time.monotonic()
    assert isinstance(_error(lambda: line_to(script).write(BODY)), Unreachable)
    assert time.monotonic() - begun < 3


def test_nobody_at_the_address_is_no_answer(app: Flask, script: Script) -> None:
    line = line_to(script)
    line.write(BODY)
    away = WeChat(make_settings(wechat_api_url="http://127.0.0.1:9")).line(PATH, 1000)
    assert isinstance(_error(lambda: away.write(BODY)), Unreachable)


def test_permits_are_shared_and_come_evenly(app: Flask) -> None:
    first, second = Pacer("wx1"), Pacer("wx1")
    rate = Rate(50, 5)
    given = [first.take(PATH, rate, 3).calls, second.take(PATH, rate, 3).calls, second.take("other", rate, 3).calls]
    refused_for = first.take(PATH, rate).wait
    assert (given, 0 < refused_for <= 0.02) == ([3, 2, 3], True)
    begun, calls = time.monotonic(), 0
    while calls < 20:
        grant = first.take(PATH, rate, 5)
        calls += grant.calls
        time.sleep(grant.wait)
    assert 0.3 < time.monotonic() - begun < 2


def test_without_redis_a_process_keeps_to_a_part_of_the_rate(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "redis", _no_redis())
    now = 100.0
    pacer = Pacer("wx1", clock=lambda: now)
    with capture_logs() as logs:
        assert [pacer.take(PATH, even(200), 40).calls for _ in range(2)] == [1, 0]
    now += 0.06
    assert (pacer.take(PATH, even(200), 40).calls, len(logs)) == (1, 1)


def test_mass_sending_keeps_its_own_rate(script: Script) -> None:
    path = "message/mass/sendall"
    script.answers[f"/cgi-bin/{path}"] = [OK]
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        threading.Event().wait(seconds)

    wechat = WeChat(make_settings(wechat_api_url=script.url), sleep=sleep)
    for _ in range(6):
        wechat.write(path, {})
    assert [0 < pause <= 1 / 0.9 for pause in pauses] == [True]


def _error(call: Callable[[], object]) -> WeChatError:
    with pytest.raises(WeChatError) as error:
        call()
    return error.value


def _no_redis() -> Any:
    from_nowhere = "redis://127.0.0.1:9"
    return connect(from_nowhere)
