"""Calls go wrong as they were told to: so often, by these dice, before or after they took effect."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from wechat.sandbox.faults.plan import Fault

from .platform import Platform

PATH = "/cgi-bin/user/get"


def fetch(platform: Platform, token: str, seconds: float = 5) -> requests.Response:
    return platform.http.get(f"{platform.url}/api{PATH}", params={"access_token": token}, timeout=seconds)


@pytest.mark.parametrize(
    ("given", "errcode"),
    [
        ({"kind": "system_error"}, -1),
        ({"kind": "token_invalid"}, 40001),
        ({"kind": "daily_quota"}, 45009),
        ({"kind": "minute_quota"}, 45011),
        ({"kind": "secret_frozen"}, 40243),
        ({"kind": "ip_not_allowed"}, 40164),
        ({"kind": "errcode", "errcode": 43101, "errmsg": "user refuse to accept the msg"}, 43101),
    ],
)
def test_a_call_is_answered_by_an_error_so_many_times(platform: Platform, given: dict[str, Any], errcode: int) -> None:
    token = platform.token()
    number = platform.fault(**given, path=PATH, skip=1, count=2)
    answers = [platform.get(PATH, access_token=token) for _ in range(4)]
    assert [answer.get("errcode") for answer in answers] == [None, errcode, errcode, None]
    assert "rid: " in answers[1]["errmsg"]
    [told] = platform.order("GET", "/faults")["faults"]
    assert (told["number"], told["fired"]) == (number, 2)


def test_a_token_dies_between_the_look_and_the_use(platform: Platform) -> None:
    token = platform.token()
    platform.fault("token_expired", path=PATH, count=1)
    assert [platform.get(PATH, access_token=token)["errcode"] for _ in range(2)] == [42001, 42001]
    assert "data" in platform.get(PATH, access_token=platform.token())


def test_without_a_count_it_goes_on_until_it_is_taken_back(platform: Platform) -> None:
    token = platform.token()
    number = platform.fault("token_invalid", path="/cgi-bin/user/*")
    assert [platform.get(PATH, access_token=token)["errcode"] for _ in range(5)] == [40001] * 5
    assert platform.get("/cgi-bin/tags/get", access_token=token)["tags"]
    platform.order("DELETE", f"/faults/{number}")
    assert "data" in platform.get(PATH, access_token=token)


def test_the_dice_fall_the_same_for_the_same_seed() -> None:
    first, second, other = (Fault("delay", probability=0.5, seed=seed) for seed in (7, 7, 8))
    falls = [[fault.happens("/x") for _ in range(64)] for fault in (first, second, other)]
    assert falls[0] == falls[1] != falls[2]
    assert 16 < sum(falls[0]) < 48


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        ("bad_gateway", 502, "text/html"),
        ("unavailable", 503, "text/html"),
        ("html", 200, "text/html"),
        ("text_plain", 200, "text/plain"),
        ("truncated", 200, "application/json; encoding=utf-8"),
    ],
)
def test_what_comes_is_not_what_a_client_hopes_for(
    platform: Platform, kind: str, status: int, content_type: str
) -> None:
    token = platform.token()
    platform.fault(kind, path=PATH, count=1)
    spoilt, whole = fetch(platform, token), fetch(platform, token)
    assert (spoilt.status_code, spoilt.headers["Content-Type"]) == (status, content_type)
    if kind == "text_plain":
        assert spoilt.json()["total"] == whole.json()["total"]
    else:
        with pytest.raises(requests.JSONDecodeError):
            spoilt.json()


def test_a_late_answer_is_later_than_a_client_waits(platform: Platform) -> None:
    token = platform.token()
    platform.fault("delay", path=PATH, seconds=1.0, count=1)
    with pytest.raises(requests.ReadTimeout):
        fetch(platform, token, seconds=0.3)
    assert fetch(platform, token).status_code == 200


def test_a_call_hangs_until_the_faults_are_taken_back(platform: Platform) -> None:
    token = platform.token()
    platform.fault("hang", path=PATH, count=2)
    with pytest.raises(requests.ReadTimeout):
        fetch(platform, token, seconds=0.3)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(requests.get, f"{platform.url}/api{PATH}", {"access_token": token}, timeout=10)
        ends = time.monotonic() + 5
        while platform.order("GET", "/faults")["faults"][0]["fired"] < 2 and time.monotonic() < ends:
            time.sleep(0.01)
        platform.order("DELETE", "/faults")
        with pytest.raises(requests.ConnectionError):
            waiting.result(5)
    assert fetch(platform, token).json()["total"] == 4


@pytest.mark.parametrize(("kind", "came"), [("reset_before", []), ("reset_after", ["您好"])])
def test_a_connection_breaks_before_or_after_the_message_was_sent(
    platform: Platform, kind: str, came: list[str]
) -> None:
    platform.done("jia", "text", content="投票")
    token, openid = platform.token(), platform.openid("jia")
    platform.fault(kind, path="/cgi-bin/message/custom/send", count=1)
    body = {"touser": openid, "msgtype": "text", "text": {"content": "您好"}}
    with pytest.raises(requests.ConnectionError):
        platform.post("/cgi-bin/message/custom/send", body, access_token=token)
    assert [line["text"] for line in platform.seen("jia", "custom")] == came
    assert platform.post("/cgi-bin/message/custom/send", body, access_token=token)["errcode"] == 0
