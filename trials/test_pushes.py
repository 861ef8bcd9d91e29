"""The callback: told again and again a push has one effect, and the platform never waits five seconds."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.wechat.factories_wechat import event_xml, fields_of
from trials.conftest import Figure
from trials.handlers import COUNTED, SLOW
from trials.pushing import Platform, Told, text_of
from trials.service import Service, await_that, whole_service

PUSHES, TIMES, AT_ONCE = 1_250, 8, 8
BLOCKED, BLOCKED_SECONDS = 12, 30
CALLBACK_WITHIN = 4.5  # seconds
COUNT = "SELECT count(*), count(DISTINCT object) FROM audit_entry WHERE act = 'trial.counted' AND object LIKE %s"


@pytest.fixture(scope="module")
def talking() -> Iterator[Service]:
    """The service with the trials' handlers, and the sandbox as its platform."""
    with whole_service("trials.handlers:create_service") as service:
        service.start("sandbox")
        service.start("worker")
        service.start("clock")
        yield service


def deliver(service: Service, deliveries: list[str]) -> list[Told]:
    """Deliver them in their order over eight connections."""
    mine = threading.local()
    platforms: list[Platform] = []

    def push(xml: str) -> Told:
        if not hasattr(mine, "platform"):
            mine.platform = Platform(service.settings)
            platforms.append(mine.platform)
        told: Told = mine.platform.push_until_answered(xml)
        return told

    with ThreadPoolExecutor(AT_ONCE) as threads:
        told = list(threads.map(push, deliveries))
    for platform in platforms:
        platform.close()
    return told


def test_every_push_has_one_effect_however_often_it_is_told(talking: Service, figure: Figure) -> None:
    at = int(time.time())
    texts = [text_of(10**15 + number, f"{COUNTED} 文字{number}", at) for number in range(PUSHES // 2)]
    clicks = [
        event_xml("CLICK", f"{COUNTED} 菜单{number}", openid=f"oTrial{number:022d}", at=at)
        for number in range(PUSHES - PUSHES // 2)
    ]
    deliveries = _shuffled([*texts, *clicks])
    half = len(deliveries) // 2
    begun = time.monotonic()
    restart = threading.Timer(0.5, talking.kill_and_restart, ["web"])
    told = deliver(talking, deliveries[:half])
    restart.start()
    told += deliver(talking, deliveries[half:])
    restart.join()
    seconds = time.monotonic() - begun

    answers: defaultdict[str, set[str]] = defaultdict(set)
    for xml, one in zip(deliveries, told, strict=True):
        answers[xml].add(one.text)
    assert (len(deliveries), Counter(map(len, answers.values()))) == (PUSHES * TIMES, {1: PUSHES})
    assert {fields_of(answer.pop())["Content"][:5] for answer in answers.values()} == {"记下了：计"}
    assert talking.ask(COUNT, f"{COUNTED} %") == [(PUSHES, PUSHES)]
    slowest = max(one.seconds for one in told)
    figure(f"{len(told):,} deliveries in {seconds:.0f} s, {PUSHES:,} effects, over a kill of the web; {slowest:.2f} s")


def test_who_follows_is_right_however_the_events_come(talking: Service, figure: Figure) -> None:
    at = int(time.time())
    people = [f"oFollower{number:020d}" for number in range(100)]
    events = [("subscribe", 0), ("unsubscribe", 10), ("subscribe", 20)]
    pushes = [
        event_xml(event, "", openid=person, at=at + later)
        for number, person in enumerate(people)
        for event, later in events[: 2 + number % 2]
    ]
    deliver(talking, _shuffled(pushes))
    assert talking.ask("SELECT follows, count(*) FROM follower GROUP BY 1 ORDER BY 1") == [(False, 50), (True, 50)]
    figure(f"{len(pushes) * TIMES:,} deliveries in any order: 50 follow, 50 have left")


def test_a_blocked_handler_keeps_nobody_waiting_and_answers_later(talking: Service, figure: Figure) -> None:
    admin, site = (f"http://127.0.0.1:{talking.settings.port + offset}" for offset in (2, 1))
    fault = {"kind": "delay", "path": "*user/info", "seconds": BLOCKED_SECONDS}
    assert requests.post(f"{admin}/faults", json=fault, timeout=5).status_code == 201
    at = int(time.time())
    slow = [text_of(2 * 10**15 + number, f"{SLOW} {number}", at) for number in range(BLOCKED)]
    said = requests.post(
        f"{site}/phone/jia/text", data={"content": f"{SLOW} 甲"}, headers={"Accept": "application/json"}, timeout=20
    ).json()
    assert (said["push"]["outcome"], said["push"]["fault"]) == ("success", None)

    told = deliver(talking, slow)
    quick = deliver(talking, [text_of(3 * 10**15, f"{COUNTED} 其间", at)])

    assert {one.text for one in told} == {"success"}
    slowest = max(one.seconds for one in (*told, *quick))
    assert slowest < CALLBACK_WITHIN
    asked = "SELECT count(*) FROM audit_entry WHERE act = 'trial.counted' AND object LIKE %s"
    await_that(lambda: "平台答了" in _last_said(site), "the answer comes into the chat", BLOCKED_SECONDS * 2)
    requests.delete(f"{admin}/faults", timeout=5)
    await_that(lambda: talking.number(asked, f"{SLOW}%") == BLOCKED + 1, "all are handled", 60)
    await_that(lambda: talking.number("SELECT count(*) FROM late_push") == 0, "every promise is kept", 60)
    figure(f"{BLOCKED + 1} handlers blocked for {BLOCKED_SECONDS} s: answered within {slowest:.2f} s, one effect each")


def _shuffled(pushes: list[str]) -> list[str]:
    """Repeat every push, the repeats near each other as they come from the platform, but in any order."""
    chance, deliveries = random.Random(2026), []
    for start in range(0, len(pushes), 25):
        some = pushes[start : start + 25] * TIMES
        chance.shuffle(some)
        deliveries += some
    return deliveries


def _last_said(site: str) -> str:
    chat = requests.get(f"{site}/phone/jia/chat.json", timeout=5).json()
    return str([line["text"] for line in chat["lines"] if line["speaker"] == "account"][-1:])
