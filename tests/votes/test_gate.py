"""The gate: how often one may try in a minute, in Redis and while Redis is away."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask

from foundation.embedded.redis_server import find_program
from foundation.keyvalue import Redis, RedisError, connect, keyvalue
from votes.gate import PAUSE, Decision, Gate, Limits, Passage, Try

PASS, SEEN = Decision(Passage.PASS), Decision(Passage.SEEN_VOTING)
LIMITS = Limits(per_voter=2, per_network=3, per_poll=5)
MINUTE = 60 * 1_000_000.0
ANN, BOB = b"A" * 16, b"B" * 16
NETWORK = "192.0.2.0/24"


@dataclass
class Clock:
    now: float = MINUTE + 15

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["in Redis", "in this process"])
def gate(request: pytest.FixtureRequest, app: Flask, clock: Clock) -> Iterator[Gate]:
    """Both kinds of limiter, which keep the same limits."""
    client = keyvalue() if request.param == "in Redis" else connect("unix:///nowhere/redis.sock")
    yield Gate(client, LIMITS, clock)
    if request.param != "in Redis":
        client.close()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator["OwnRedis"]:
    server = OwnRedis(tmp_path / "redis.sock")
    server.start()
    yield server
    server.stop()


class OwnRedis:
    """A Redis that a test may end and begin again."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self.client: Redis = connect(f"unix://{socket}")

    def start(self) -> None:
        command = [str(find_program()), "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._socket.unlink(missing_ok=True)

    def stop(self) -> None:
        self.client.close()
        self.kill()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False


def attempt(nonce: str, voter: bytes = ANN, *, poll: str = "7", network: str | None = NETWORK, period: int = 0) -> Try:
    return Try(poll, period, voter, nonce, network)


def wait(seconds: int) -> Decision:
    return Decision(Passage.TOO_FAST, seconds)


def test_a_voter_may_try_with_so_many_nonces_in_a_minute(gate: Gate, clock: Clock) -> None:
    decisions = [gate.admit(attempt(nonce)) for nonce in ("one", "two", "three")]

    assert decisions == [PASS, PASS, wait(45)]


def test_the_wait_ends_with_the_minute_and_everything_is_counted_anew(gate: Gate, clock: Clock) -> None:
    for nonce in ("one", "two"):
        gate.admit(attempt(nonce))
    clock.now = MINUTE + 59
    before = gate.admit(attempt("three"))
    clock.now = MINUTE + 60
    after = [gate.admit(attempt(nonce)) for nonce in ("three", "four", "five")]

    assert before == wait(1)
    assert after == [PASS, PASS, wait(60)]


def test_the_same_nonce_counts_once_and_passes_even_when_all_is_full(gate: Gate) -> None:
    again = [gate.admit(attempt("one")) for _ in range(10)]
    gate.admit(attempt("two"))
    full = gate.admit(attempt("three"))

    assert again == [PASS] * 10
    assert full == wait(45)
    assert gate.admit(attempt("one")) == PASS


def test_a_refused_try_is_not_counted(gate: Gate) -> None:
    for nonce in ("one", "two", *(f"refused-{i}" for i in range(20))):
        gate.admit(attempt(nonce))

    assert gate.admit(attempt("one", BOB)) == PASS


def test_a_network_may_make_so_many_tries_in_a_minute(gate: Gate) -> None:
    voters = [bytes([i]) * 16 for i in range(4)]

    assert [gate.admit(attempt("one", voter)) for voter in voters] == [PASS, PASS, PASS, wait(45)]
    assert gate.admit(attempt("one", BOB, network="198.51.100.0/24")) == PASS


def test_a_signed_push_skips_the_limit_of_networks_but_not_the_polls(gate: Gate) -> None:
    voters = [bytes([i]) * 16 for i in range(6)]

    decisions = [gate.admit(attempt("one", voter, network=None)) for voter in voters]

    assert decisions == [PASS] * 5 + [wait(45)]


def test_pushes_do_not_use_up_what_a_network_may_try(gate: Gate) -> None:
    for i in range(4):
        gate.admit(attempt("one", bytes([i]) * 16, network=None))

    assert gate.admit(attempt("one", ANN)) == PASS


def test_a_limit_that_changes_holds_from_the_next_try_on(gate: Gate) -> None:
    before = [gate.admit(attempt(nonce)) for nonce in ("one", "two", "three")]
    gate.keep_to(replace(LIMITS, per_voter=3))
    more = [gate.admit(attempt(nonce)) for nonce in ("three", "four")]
    gate.keep_to(replace(LIMITS, per_voter=1))

    assert before == [PASS, PASS, wait(45)]
    assert more == [PASS, wait(45)]
    assert [gate.admit(attempt(nonce)) for nonce in ("three", "five")] == [PASS, wait(45)]


def test_each_poll_is_limited_by_itself(gate: Gate) -> None:
    for i in range(5):
        gate.admit(attempt("one", bytes([i]) * 16, network=None))

    assert gate.admit(attempt("one", ANN, network=None)) == wait(45)
    assert gate.admit(attempt("one", ANN, network=None, poll="8")) == PASS


def test_tries_asked_about_together_are_decided_as_if_one_came_after_the_other(gate: Gate) -> None:
    tries = [
        attempt("one"),
        attempt("two", poll="8"),
        attempt("one"),
        attempt("two"),
        attempt("three"),
        attempt("one", BOB),
        attempt("two", BOB),
        attempt("two", BOB, network=None),
    ]

    assert gate.admit_all(tries) == [PASS, PASS, PASS, PASS, wait(45), PASS, wait(45), PASS]
    assert gate.admit_all([]) == []


def test_who_was_seen_voting_is_led_to_the_ledger_in_that_poll_and_period_alone(app: Flask, clock: Clock) -> None:
    gate = Gate(keyvalue(), LIMITS, clock)
    gate.remember("7", 20_000, [ANN])

    assert gate.admit(attempt("one", ANN, period=20_000)) == SEEN
    assert gate.admit(attempt("one", BOB, period=20_000)) == PASS
    assert gate.admit(attempt("one", ANN, period=20_001)) == PASS
    assert gate.admit(attempt("one", ANN, period=20_000, poll="8")) == PASS


def test_a_flushed_redis_lets_everybody_try_again(app: Flask, clock: Clock) -> None:
    gate = Gate(keyvalue(), LIMITS, clock)
    gate.remember("7", 0, [ANN])
    for nonce in ("one", "two"):
        gate.admit(attempt(nonce, BOB))
    keyvalue().flushall()

    assert [gate.admit(attempt("three", voter)) for voter in (ANN, BOB)] == [PASS, PASS]


def test_while_redis_is_away_this_process_limits_alone_and_goes_back_when_it_returns(
    own_redis: OwnRedis, clock: Clock
) -> None:
    gate = Gate(own_redis.client, LIMITS, clock)
    before = gate.admit(attempt("one"))
    own_redis.kill()
    alone = [gate.admit(attempt(nonce)) for nonce in ("two", "three", "four")]
    gate.remember("7", 0, [ANN])
    own_redis.start()
    still_alone = gate.admit(attempt("four"))
    clock.now += PAUSE
    back = [gate.admit(attempt(nonce)) for nonce in ("four", "five", "six")]
    gate.remember("7", 0, [BOB])

    assert (before, alone) == (PASS, [PASS, PASS, wait(45)])
    assert still_alone == wait(45)
    assert back == [PASS, PASS, wait(44)]
    assert gate.admit(attempt("one", BOB)) == SEEN


def test_a_redis_that_takes_no_more_writes_is_as_good_as_away(own_redis: OwnRedis, clock: Clock) -> None:
    gate = Gate(own_redis.client, replace(LIMITS, per_voter=1), clock)
    own_redis.client.config_set("maxmemory", 1)

    assert [gate.admit(attempt(nonce)) for nonce in ("one", "two")] == [PASS, wait(45)]
