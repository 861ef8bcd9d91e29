"""Calls to the platform: one token for everybody, one retry, an end to every wait, and a name for every failure."""

import json
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.wrappers import Request, Response

from foundation.keyvalue import connect, keyvalue
from tests.conftest import SECRETS, make_settings
from tests.wechat.conftest import World
from tests.wechat.factories_wechat import OPENID_A
from tests.wechat.scripted_platform import FOLLOWS, INFO, TOKEN, Answer, Script, refused, scripted
from wechat.client import Following, WebIdentity, WeChat
from wechat.errors import (
    AlreadySent,
    Busy,
    CodeRefused,
    InvalidArgument,
    Misconfigured,
    NoMassQuota,
    NotAFollower,
    NotPermitted,
    OutsideWindow,
    QuotaReached,
    RecipientBlocked,
    RecipientRefused,
    TokenRefused,
    TooEarly,
    Unreachable,
    WeChatError,
    WindowUsedUp,
)

CODE = "/sns/oauth2/access_token"
A_CODE = "021aBcD2eFgHiJkL"


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def moments() -> list[datetime]:
    return [datetime(2026, 1, 1, tzinfo=UTC)]


@pytest.fixture
def wechat(app: Flask, script: Script, pauses: list[float]) -> WeChat:
    return WeChat(make_settings(wechat_api_url=script.url), sleep=pauses.append)


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


def kept_token() -> bytes:
    (key,) = keyvalue().keys("wechat:*:token")
    assert isinstance(key, bytes)
    return key


def test_a_token_is_renewed_by_one_in_its_last_five_minutes_and_the_others_go_on_with_it(
    app: Flask, wechat: WeChat, script: Script
) -> None:
    wechat.following(OPENID_A)
    keyvalue().expire(kept_token(), 289)
    asked, go_on = threading.Event(), threading.Event()

    def slowly(_request: Request) -> Response:
        asked.set()
        go_on.wait(5)
        return Response('{"access_token": "TOKEN2", "expires_in": 7200}')

    script.answers[TOKEN] = [slowly]
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(in_context(app, wechat.following), OPENID_A)
        asked.wait(5)
        assert wechat.following(OPENID_A).follows
        go_on.set()
        assert first.result(5).follows
    assert wechat.following(OPENID_A).follows
    assert script.tokens_of(INFO) == ["TOKEN1", "TOKEN1", "TOKEN2", "TOKEN2"]
    assert script.calls[TOKEN] == 2


def test_a_token_in_its_last_minutes_still_serves_while_the_platform_gives_no_other(
    wechat: WeChat, script: Script
) -> None:
    wechat.following(OPENID_A)
    keyvalue().expire(kept_token(), 289)
    script.answers[TOKEN] = [Response("bad gateway", 502)]
    for _ in range(3):
        assert wechat.following(OPENID_A).follows
    assert script.tokens_of(INFO) == ["TOKEN1"] * 4
    assert script.calls[TOKEN] == 2


def test_a_token_is_not_kept_beyond_its_end(wechat: WeChat, script: Script) -> None:
    script.answers[TOKEN] = [{"access_token": "SHORT", "expires_in": 3}]
    wechat.following(OPENID_A)
    assert keyvalue().ttl(kept_token()) == 1


def in_context(app: Flask, call: Callable[[str], Following]) -> Callable[[str], Following]:
    """Make a call that another thread can make."""

    def within(openid: str) -> Following:
        with app.app_context():
            return call(openid)

    return within


def test_eight_cold_threads_fetch_one_token(app: Flask, wechat: WeChat, script: Script) -> None:
    ask = in_context(app, wechat.following)
    with ThreadPoolExecutor(8) as threads:
        assert all(following.follows for following in threads.map(ask, [OPENID_A] * 16))
    assert script.calls == {TOKEN: 1, INFO: 16}


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
    key, redis = kept_token(), keyvalue()

    def somebody_else_renews(_request: Request) -> Response:
        redis.set(key, "RENEWED", ex=7000)
        return Response(json.dumps(refused(42001)))

    script.answers[INFO] = [somebody_else_renews, FOLLOWS]
    assert wechat.following(OPENID_A).follows
    assert script.tokens_of(INFO) == ["TOKEN1", "TOKEN1", "RENEWED"]
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


def test_a_read_with_a_body_is_posted_and_repeated_like_any_other(wechat: WeChat, script: Script) -> None:
    path, asked = "/cgi-bin/user/info/batchget", {"user_list": [{"openid": OPENID_A, "lang": "zh_CN"}]}
    script.answers[path] = [refused(-1), {"user_info_list": [FOLLOWS]}]
    assert wechat.read("user/info/batchget", data=asked) == {"user_info_list": [FOLLOWS]}
    assert [json.loads(body) for called, _, body in script.requests if called == path] == [asked, asked]


def test_a_path_from_the_root_is_called_as_it_is(wechat: WeChat, script: Script) -> None:
    script.answers["/wxaapi/newtmpl/gettemplate"] = [{"errcode": 0, "data": []}]
    assert wechat.read("/wxaapi/newtmpl/gettemplate", params={"a": "b"}) == {"errcode": 0, "data": []}
    assert script.requests[-1][1] == {"a": "b", "access_token": "TOKEN1"}


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_what_a_refused_token_kept_from_its_effect_is_done_with_a_renewed_one(
    wechat: WeChat, script: Script, errcode: int
) -> None:
    script.answers["/cgi-bin/tags/create"] = [refused(errcode), {"tag": {"id": 100, "name": "党员"}}]
    assert wechat.write("tags/create", {"tag": {"name": "党员"}}) == {"tag": {"id": 100, "name": "党员"}}
    assert script.tokens_of("/cgi-bin/tags/create") == ["TOKEN1", "TOKEN2"]


def test_a_file_is_sent_whole_also_the_second_time(wechat: WeChat, script: Script) -> None:
    path, picture = "/cgi-bin/media/upload", b"\x89PNG" + b"x" * 2000
    script.answers[path] = [refused(42001), {"type": "image", "media_id": "M1"}]
    answer = wechat.upload(
        "media/upload", params={"type": "image"}, filename="a.png", content=picture, content_type="image/png"
    )
    assert answer == {"type": "image", "media_id": "M1"}
    sent = [body for called, _, body in script.requests if called == path]
    assert [picture in body and b'name="media"; filename="a.png"' in body for body in sent] == [True, True]
    assert [query["type"] for called, query, _ in script.requests if called == path] == ["image", "image"]


def test_the_ticket_for_pages_is_fetched_once_for_everybody(wechat: WeChat, script: Script) -> None:
    script.answers["/cgi-bin/ticket/getticket"] = [
        {"errcode": 0, "errmsg": "ok", "ticket": "TICKET1", "expires_in": 7200}
    ]
    assert [wechat.jsapi_ticket() for _ in range(3)] == ["TICKET1"] * 3
    assert script.calls == {TOKEN: 1, "/cgi-bin/ticket/getticket": 1}
    assert script.requests[-1][1] == {"type": "jsapi", "access_token": "TOKEN1"}


def test_who_waits_for_the_same_token_does_not_wait_in_turn_for_a_platform_that_is_silent(
    app: Flask, wechat: WeChat, script: Script
) -> None:
    script.answers[TOKEN] = [Response("unavailable", 503)]

    def ask(openid: str) -> Following:
        with pytest.raises(Unreachable):
            wechat.following(openid)
        return Following(follows=False, since=datetime.now(UTC))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(in_context(app, ask), [OPENID_A] * 8))
    assert script.calls == {TOKEN: 1}


def test_a_silent_platform_is_asked_again_after_a_moment(
    app: Flask, script: Script, pauses: list[float], moments: list[datetime]
) -> None:
    wechat = WeChat(make_settings(wechat_api_url=script.url), clock=lambda: moments[0])
    script.answers[TOKEN] = [Response("unavailable", 503), {"access_token": "TOKEN9", "expires_in": 7200}]
    for _ in range(2):
        with pytest.raises(Unreachable):
            wechat.following(OPENID_A)
    moments[0] += timedelta(seconds=2)
    assert wechat.following(OPENID_A).follows
    assert script.calls == {TOKEN: 2, INFO: 1}


def test_nobody_is_led_elsewhere_with_a_token(wechat: WeChat, script: Script) -> None:
    script.answers[INFO] = [Response("moved", 302, {"Location": f"{script.url}/elsewhere"})]
    with pytest.raises(Unreachable):
        wechat.following(OPENID_A)
    assert script.calls == {TOKEN: 1, INFO: 1}


def test_an_answer_that_never_ends_is_given_up(wechat: WeChat, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wechat.client.transport.WHOLE_SECONDS", 0.1)
    script.answers[INFO] = [lambda _request: Response(script.drip())]
    with pytest.raises(Unreachable):
        wechat.following(OPENID_A)


def test_an_answer_without_measure_is_given_up(wechat: WeChat, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wechat.client.transport.MOST_BYTES", 1000)
    script.answers[INFO] = [Response(json.dumps({"subscribe": 1, "remark": "x" * 1000}))]
    with pytest.raises(Unreachable):
        wechat.following(OPENID_A)


def test_an_answer_nested_beyond_reason_is_none(wechat: WeChat, script: Script) -> None:
    script.answers[INFO] = [Response("[" * 100_000)]
    with pytest.raises(Unreachable):
        wechat.following(OPENID_A)


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (-1, Busy),
        (43004, NotAFollower),
        (43019, RecipientBlocked),
        (43101, RecipientRefused),
        (45015, OutsideWindow),
        (45047, WindowUsedUp),
        (45065, AlreadySent),
        (45066, TooEarly),
        (45028, NoMassQuota),
        (47003, InvalidArgument),
        (40037, InvalidArgument),
        (40003, InvalidArgument),
        (48004, NotPermitted),
        (40125, Misconfigured),
        (40243, Misconfigured),
    ],
)
def test_a_message_that_is_refused_is_sent_once_and_the_reason_has_a_name(
    wechat: WeChat, script: Script, errcode: int, kind: type[WeChatError]
) -> None:
    answer = {**refused(errcode), "msg_id": 4711}
    script.answers["/cgi-bin/message/mass/sendall"] = [answer]
    with pytest.raises(WeChatError) as caught:
        wechat.write("message/mass/sendall", {"clientmsgid": "a"})
    assert (type(caught.value), caught.value.errcode, caught.value.answer) == (kind, errcode, answer)
    assert caught.value.message.endswith("。")
    assert script.calls["/cgi-bin/message/mass/sendall"] == 1


@pytest.mark.parametrize(
    ("errmsg", "ip"),
    [
        ("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 6500f0c1", "203.0.113.9"),
        ("invalid ip 2001:db8::9 ipv6 2001:db8::9, not in whitelist", "2001:db8::9"),
        ("invalid ip 999.1.1.1, not in whitelist", None),
        ("not in whitelist", None),
    ],
)
def test_the_address_to_put_on_the_list_is_read_from_what_the_platform_says(
    wechat: WeChat, script: Script, errmsg: str, ip: str | None
) -> None:
    script.answers[TOKEN] = [{"errcode": 40164, "errmsg": errmsg}]
    with pytest.raises(Misconfigured) as caught:
        wechat.following(OPENID_A)
    assert caught.value.ip == ip
    with pytest.raises(Misconfigured) as again:
        wechat.following(OPENID_A)
    assert again.value.ip == ip


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (45009, QuotaReached),
        (45011, QuotaReached),
        (48001, NotPermitted),
        (40013, Misconfigured),
        (40164, Misconfigured),
        (41001, InvalidArgument),
        (46003, WeChatError),
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
    monkeypatch.setattr("wechat.client.transport.READ_SECONDS", 0.1)
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
