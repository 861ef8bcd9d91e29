"""Every fault of the platform as it shows in our calls: a named error, no storm, no second effect, no secret told."""

import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from foundation.embedded.servers import Connections
from foundation.keyvalue import connect, keyvalue
from tests.conftest import SECRETS, make_settings
from tests.wechat.sandbox.platform import START, Platform, running
from wechat.client import WeChat
from wechat.errors import (
    Busy,
    InvalidArgument,
    Misconfigured,
    NotPermitted,
    QuotaReached,
    TokenRefused,
    Unreachable,
    WeChatError,
)

ROOT = Path(__file__).resolve().parents[2]
INFO, SEND, TOKEN = "/cgi-bin/user/info", "/cgi-bin/message/custom/send", "/cgi-bin/stable_token"
TICKET = "/cgi-bin/ticket/getticket"
CODE, A_CODE = "/sns/oauth2/access_token", "021aBcD2eFgHiJkL"


@dataclass
class Caller:
    """Our client at the sandbox, with a clock of its own and the pauses it made; the sandbox's clock goes with it."""

    wechat: WeChat
    platform: Platform
    moment: datetime
    pauses: list[float]

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.platform.clock.advance(seconds)

    def calls(self, path: str) -> int:
        """Count the calls to a path that came to the platform."""
        return sum(self.platform.order("GET", "/calls")["counts"].get(path, {}).values())

    def follows(self) -> bool:
        return self.wechat.following(self.platform.openid("jia")).follows

    def greet(self) -> None:
        body = {"touser": self.platform.openid("jia"), "msgtype": "text", "text": {"content": "您好"}}
        self.wechat.write("message/custom/send", body)

    def greetings(self) -> int:
        return len(self.platform.seen("jia", "custom"))


@pytest.fixture
def caller(app: object) -> Iterator[Caller]:
    with running() as platform:
        yield make_caller(platform)


def make_caller(platform: Platform, **settings: Any) -> Caller:
    pauses: list[float] = []
    made: Caller
    settings = {"wechat_api_url": f"{platform.url}/api", **settings}
    wechat = WeChat(make_settings(**settings), clock=lambda: made.moment, sleep=pauses.append)
    made = Caller(wechat, platform, datetime.fromtimestamp(START, UTC), pauses)
    platform.done("jia", "text", content="投票")
    return made


def test_a_token_that_ends_between_check_and_use_is_renewed(caller: Caller) -> None:
    assert caller.follows()
    caller.platform.order("POST", "/accounts/-/tokens/expire")
    caller.advance(7200)
    assert caller.follows()
    assert (caller.calls(TOKEN), caller.calls(INFO)) == (2, 3)


def test_a_token_refused_though_it_is_the_current_one_is_renewed_by_force(caller: Caller) -> None:
    caller.platform.fault("token_invalid", path=INFO, count=1)
    assert caller.follows()
    # It was fetched, refused, given again as it was, and changed by force.
    assert (caller.calls(TOKEN), caller.calls(INFO)) == (3, 2)
    assert caller.follows()
    assert caller.calls(TOKEN) == 3


def test_force_is_used_again_after_half_a_minute_at_the_earliest(caller: Caller) -> None:
    def ends_well() -> bool:
        caller.platform.fault("token_invalid", path=INFO, count=1)
        try:
            return caller.follows()
        except TokenRefused:
            return False

    assert [ends_well(), ends_well()] == [True, False]
    pass_half_a_minute(caller)
    assert ends_well()


def pass_half_a_minute(caller: Caller) -> None:
    """Let time pass for the platform, and for Redis, whose clock nobody moves."""
    caller.advance(30)
    redis = keyvalue()
    (key,) = redis.keys("wechat:*:token-forced-just-now")
    assert 28 <= redis.ttl(key) <= 30
    redis.delete(key)


def test_force_is_used_twenty_times_a_day_at_most(caller: Caller) -> None:
    before = 0
    caller.platform.fault("token_invalid", path=INFO)
    for _ in range(22):
        with pytest.raises(TokenRefused):
            caller.follows()
        forced = caller.calls(TOKEN)
        before, grew = forced, forced - before
        for key in keyvalue().keys("wechat:*:token-forced-just-now"):
            keyvalue().delete(key)
        caller.advance(30)
    # The last ones asked for the ordinary token only.
    assert grew == 1
    assert caller.calls(TOKEN) == 1 + 20 * 2 + 2


def test_a_refusal_that_lasts_ends_after_one_renewal_and_one_retry(caller: Caller) -> None:
    caller.platform.fault("token_invalid", path=INFO)
    with pytest.raises(TokenRefused):
        caller.follows()
    assert (caller.calls(TOKEN), caller.calls(INFO)) == (3, 2)


def test_a_days_calls_used_up_stop_this_path_until_midnight_in_shanghai(caller: Caller) -> None:
    caller.platform.fault("daily_quota", path=INFO, count=1)
    for _ in range(3):
        with pytest.raises(QuotaReached) as caught:
            caller.follows()
        assert (caught.value.errcode, caught.value.until) == (45009, datetime(2026, 1, 1, 16, tzinfo=UTC))
    assert caller.calls(INFO) == 1
    caller.greet()
    caller.advance(16 * 3600 - 1)
    with pytest.raises(QuotaReached):
        caller.follows()
    caller.advance(1)
    assert caller.follows()
    assert caller.wechat.breaker.pauses() == ()


def test_a_minutes_calls_used_up_stop_this_path_until_the_minute_is_over(caller: Caller) -> None:
    caller.advance(40)
    caller.platform.fault("minute_quota", path=INFO, count=1)
    for _ in range(2):
        with pytest.raises(QuotaReached) as caught:
            caller.follows()
        assert caught.value.message == "用得太频繁了，请过一分钟再试。"
    assert caller.calls(INFO) == 1
    caller.advance(20)
    assert caller.follows()


def test_a_breaker_that_redis_lost_opens_again_at_the_next_refusal(caller: Caller) -> None:
    caller.platform.fault("daily_quota", path=INFO, count=2)
    for lost in (False, True, False):
        if lost:
            keyvalue().flushall()
        with pytest.raises(QuotaReached):
            caller.follows()
    assert caller.calls(INFO) == 2


def test_without_redis_a_process_keeps_to_itself_what_was_refused(
    caller: Caller, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "redis", connect("redis://127.0.0.1:1/0"))
    caller.platform.fault("daily_quota", path=INFO, count=1)
    for _ in range(2):
        with pytest.raises(QuotaReached):
            caller.follows()
    assert caller.calls(INFO) == 1
    assert [pause.path for pause in caller.wechat.breaker.pauses()] == ["user/info"]
    caller.wechat.breaker.clear("user/info")
    assert caller.follows()


def test_an_address_that_is_not_on_the_list_is_named_and_asked_about_once_a_minute(caller: Caller) -> None:
    caller.platform.fault("ip_not_allowed", path=TOKEN)
    for _ in range(5):
        with pytest.raises(Misconfigured) as caught:
            caller.follows()
        assert (caught.value.errcode, caught.value.ip) == (40164, "127.0.0.1")
    assert caller.calls(TOKEN) == 1
    began = caller.moment
    caller.advance(60)
    with pytest.raises(Misconfigured):
        caller.follows()
    assert caller.calls(TOKEN) == 2
    (pause,) = caller.wechat.breaker.pauses()
    assert (pause.path, pause.since) == ("stable_token", began)
    caller.platform.order("DELETE", "/faults")
    caller.advance(60)
    assert caller.follows()
    assert caller.wechat.breaker.pauses() == ()


@pytest.mark.parametrize(
    ("change", "errcode"),
    [({"secret": "another"}, 40125), ({"secret_frozen": True}, 40243), ({"ip_whitelist": ["203.0.113.9"]}, 40164)],
)
def test_wrong_settings_are_told_from_each_other(caller: Caller, change: dict[str, Any], errcode: int) -> None:
    caller.platform.order("PATCH", "/accounts/-", **change)
    with pytest.raises(Misconfigured) as caught:
        caller.follows()
    assert caught.value.errcode == errcode


def test_an_appid_that_is_unknown(caller: Caller) -> None:
    other = make_caller(caller.platform, wechat_appid="wxfedcba9876543210")
    with pytest.raises(Misconfigured) as caught:
        other.follows()
    assert caught.value.errcode == 40013


def test_a_busy_platform_is_asked_three_times_for_a_reading_and_for_a_token(caller: Caller) -> None:
    caller.platform.fault("system_error", path=INFO, count=2)
    caller.platform.fault("system_error", path=TOKEN, count=2)
    assert caller.follows()
    assert (caller.calls(TOKEN), caller.calls(INFO)) == (3, 3)
    first, second, *_ = caller.pauses
    assert (len(caller.pauses), first < second) == (4, True)


def test_what_has_an_effect_is_not_repeated_while_the_platform_is_busy(caller: Caller) -> None:
    caller.platform.fault("system_error", path=SEND, count=1)
    with pytest.raises(Busy):
        caller.greet()
    assert (caller.calls(SEND), caller.pauses) == (1, [])
    caller.greet()
    assert caller.greetings() == 1


@pytest.mark.parametrize("kind", ["bad_gateway", "unavailable", "html", "truncated", "reset_before", "reset_after"])
def test_what_is_no_answer_is_named_so_and_not_asked_again(caller: Caller, kind: str) -> None:
    caller.platform.fault(kind, path=INFO, count=1)
    with pytest.raises(Unreachable):
        caller.follows()
    assert caller.calls(INFO) == 1
    assert caller.follows()


def test_json_that_is_called_plain_text_is_an_answer(caller: Caller) -> None:
    caller.platform.fault("text_plain")
    assert caller.follows()


@pytest.mark.parametrize(("kind", "sent"), [("reset_before", 0), ("reset_after", 1), ("truncated", 1), ("html", 0)])
def test_nobody_gets_a_message_twice_because_its_answer_was_lost(caller: Caller, kind: str, sent: int) -> None:
    caller.platform.fault(kind, path=SEND, count=1)
    with pytest.raises(Unreachable):
        caller.greet()
    assert (caller.calls(SEND), caller.greetings()) == (1, sent)


@pytest.mark.parametrize("path", [INFO, TOKEN, TICKET])
def test_a_call_that_hangs_is_given_up(caller: Caller, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wechat.client.transport.READ_SECONDS", 0.2)
    caller.platform.fault("hang", path=path, count=1)
    with pytest.raises(Unreachable):
        caller.wechat.jsapi_ticket() if path == TICKET else caller.follows()
    caller.platform.order("DELETE", "/faults")


def test_an_answer_that_comes_too_late_is_none(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wechat.client.transport.READ_SECONDS", 0.2)
    caller.platform.fault("delay", path=SEND, seconds=0.6, count=1)
    with pytest.raises(Unreachable):
        caller.greet()
    assert caller.calls(SEND) <= 1


def test_a_right_that_is_missing_and_an_argument_that_is_wrong_have_their_names(caller: Caller) -> None:
    caller.platform.order("PATCH", "/accounts/-", capabilities="service-verified,-users")
    with pytest.raises(NotPermitted):
        caller.follows()
    with pytest.raises(InvalidArgument):
        caller.wechat.write("message/custom/send", {"touser": "nobody", "msgtype": "text", "text": {"content": "x"}})


def test_a_menu_that_is_not_there_is_none(caller: Caller) -> None:
    assert caller.wechat.menu() is None
    caller.wechat.create_menu([{"type": "click", "name": "投票", "key": "投票"}])
    menu = caller.wechat.menu()
    assert menu is not None
    assert menu["menu"]["button"][0]["name"] == "投票"


FAULTS = (
    *("token_invalid", "token_expired", "daily_quota", "minute_quota", "ip_not_allowed", "secret_frozen"),
    *("system_error", "bad_gateway", "unavailable", "html", "truncated", "reset_before", "reset_after", "hang"),
)


@pytest.mark.parametrize("path", [INFO, TOKEN, TICKET, SEND, CODE])
def test_no_fault_has_a_secret_told(
    caller: Caller, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("wechat.client.transport.READ_SECONDS", 0.1)
    caplog.set_level(logging.DEBUG)
    secrets = {SECRETS["WECHAT_SECRET"], caller.platform.openid("jia"), A_CODE}
    for kind in FAULTS:
        told = go_wrong(caller, kind, path)
        secrets.update(value.decode() for value in map(keyvalue().get, keyvalue().keys("wechat:*:token")) if value)
        ours = [record for record in caplog.records if not record.name.startswith(("werkzeug", "wechat.sandbox"))]
        told += "".join(map(logging.Formatter().format, ours))
        assert [secret for secret in secrets if secret in told] == [], kind
        caller.platform.order("DELETE", "/faults")
        keyvalue().flushall()


def go_wrong(caller: Caller, kind: str, path: str) -> str:
    """Meet a fault twice and return all that was told of it."""
    caller.platform.fault(kind, path=path)
    does: dict[str, Callable[[], object]] = {
        TICKET: caller.wechat.jsapi_ticket,
        SEND: caller.greet,
        CODE: lambda: caller.wechat.exchange_code(A_CODE),
    }
    told = ""
    with capture_logs() as lines:
        for _ in range(2):
            with pytest.raises(WeChatError) as caught:
                does.get(path, caller.follows)()
            told += "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    return told + json.dumps(lines)


COLD = """
import json, os, sys
from flask import Flask
from config import load_settings
from foundation.keyvalue import init_keyvalue
from wechat.client import WeChat

redis_url, api_url, folder, openid, secrets, many = sys.argv[1:]

def ask(start):
    app = Flask("cold")
    init_keyvalue(app, redis_url)
    wechat = WeChat(load_settings(json.loads(secrets), demo=True, data_dir=folder, wechat_api_url=api_url))
    os.read(start, 1)
    with app.app_context():
        return wechat.following(openid).follows

start, go = os.pipe()
children = []
for _ in range(int(many)):
    child = os.fork()
    if child == 0:
        os._exit(0 if ask(start) else 1)
    children.append(child)
os.write(go, b"x" * len(children))
print([os.waitpid(child, 0)[1] for child in children])
"""


def test_eight_processes_that_start_cold_fetch_one_token(
    caller: Caller, connections: Connections, tmp_path: Path
) -> None:
    """Each is a process of its own with its own connections; that they are forked only spares the imports."""
    openid = caller.platform.openid("jia")
    given = [connections.redis_url, f"{caller.platform.url}/api", str(tmp_path), openid, json.dumps(SECRETS), "8"]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    ended = subprocess.run(
        [sys.executable, "-c", COLD, *given],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=60,
        check=False,
    )
    assert ended.stdout == f"{[0] * 8}\n", ended.stderr
    assert (caller.calls(TOKEN), caller.calls(INFO)) == (1, 8)
