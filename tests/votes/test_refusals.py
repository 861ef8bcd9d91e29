"""Tries that the gate refused: counted by hour and by the limit, and told in plain words."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from foundation.keyvalue import connect, keyvalue
from tests.factories import make_poll
from votes.gate import DAYS_KEPT, Gate, Limits, Try, refused_key
from votes.refusals import Refusals, RefusedHour, refusals_of

NOON = datetime(2026, 4, 20, 12, 20, tzinfo=UTC)
NETWORK = "192.0.2.0/24"


def refuse(poll_id: int, at: datetime, **limits: int) -> None:
    """Have a gate with these limits asked twice for each of two voters in one network."""
    chosen = {"per_voter": 100, "per_network": 100, "per_poll": 100} | limits
    gate = Gate(keyvalue(), Limits(**chosen), at.timestamp)
    for number in range(4):
        gate.admit(Try(str(poll_id), 0, bytes([number % 2]) * 16, f"nonce-{at.minute}-{number}", NETWORK))


def test_each_refused_try_counts_for_its_hour_and_its_limit(app: Flask) -> None:
    poll_id = make_poll()
    refuse(poll_id, NOON, per_voter=1)
    refuse(poll_id, NOON + timedelta(minutes=5), per_network=1)
    refuse(poll_id, NOON + timedelta(hours=1), per_poll=3)
    refuse(make_poll("other"), NOON, per_poll=1)

    assert refusals_of("demo", keyvalue(), NOON + timedelta(hours=2)).hours == (
        RefusedHour(NOON.replace(hour=13, minute=0), 0, 0, 1),
        RefusedHour(NOON.replace(minute=0), 2, 3, 0),
    )


def test_what_passes_counts_nothing_and_all_is_forgotten_after_eight_days(app: Flask) -> None:
    poll_id = make_poll()
    refuse(poll_id, NOON)
    assert refusals_of("demo", keyvalue(), NOON) == Refusals(())
    refuse(poll_id, NOON + timedelta(minutes=1), per_poll=1)

    key = refused_key(poll_id, int(NOON.timestamp()) // 86_400)

    assert 0 < keyvalue().ttl(key) <= DAYS_KEPT * 86_400
    assert refusals_of("demo", keyvalue(), NOON + timedelta(days=8)).total == 3
    assert refusals_of("demo", keyvalue(), NOON + timedelta(days=9)).total == 0


@pytest.mark.parametrize(
    ("limit", "said"),
    [("voter", "同一微信号一分钟内提交太多"), ("network", "调高“每个网段每分钟次数”"), ("poll", "看服务器是否跟得上")],
)
def test_the_page_says_what_it_means_and_what_to_do(limit: str, said: str) -> None:
    counts = {"voter": 0, "network": 0, "poll": 0} | {limit: 1_234}
    told = "".join(Refusals((RefusedHour(NOON, **counts),)).advice)
    assert ("1,234次" in told, said in told, "不是人数" in told) == (True, True, True)


def test_without_any_there_is_nothing_to_do_and_without_redis_it_says_so(app: Flask) -> None:
    make_poll()
    client = connect("unix:///nowhere/redis.sock")
    assert Refusals(()).advice == ("最近8天没有提交被限流挡下，不用处理。",)
    assert refusals_of("demo", client, NOON).known is False
    client.close()
