"""The gate: so many forms in an hour from a person, a network and to a notice, with Redis and without."""

import pytest
from redis.exceptions import ConnectionError as RedisAway

from foundation.embedded.servers import Connections
from foundation.keyvalue import connect
from publicity.objections.gate import TIMES_PER_FORM, WINDOW, Limits, ObjectionGate, Try

LIMITS = Limits(per_person=2, per_network=3, per_notice=5)
START = 1_496_624_400  # a full hour
NETWORK = "192.0.2.0/24"


class Clock:
    def __init__(self) -> None:
        self.now = float(START + 600)

    def __call__(self) -> float:
        return self.now


class Gate:
    """A gate under test, with forms numbered so that each is another."""

    def __init__(self, url: str) -> None:
        self.clock = Clock()
        self.gate = ObjectionGate(connect(url), self.clock)
        self.forms = 0

    def send(
        self, *, notice: str = "notice", network: str = NETWORK, person: bytes | None = None, form: str = ""
    ) -> int:
        self.forms += 1
        return self.gate.admit(Try(notice, form or f"form-{self.forms}", network, person), LIMITS)


@pytest.fixture(params=["with Redis", "without Redis"])
def gate(request: pytest.FixtureRequest, app: object, connections: Connections) -> Gate:
    if request.param == "with Redis":
        return Gate(connections.redis_url)
    return Gate("redis://127.0.0.1:1/0")


def test_a_network_sends_so_many_in_an_hour_whatever_the_notice(gate: Gate) -> None:
    answers = [gate.send(notice=f"notice-{number}") for number in range(5)]

    assert answers == [0, 0, 0, WINDOW - 600, WINDOW - 600]
    assert gate.send(network="198.51.100.0/24") == 0
    gate.clock.now += WINDOW - 600
    assert gate.send() == 0


def test_a_person_in_wechat_has_a_count_of_their_own(gate: Gate) -> None:
    crowded = [gate.send() for _ in range(4)]
    assert crowded == [0, 0, 0, WINDOW - 600]

    assert [gate.send(person=b"one") for _ in range(3)] == [0, 0, WINDOW - 600]
    assert gate.send(person=b"other") == 0


def test_a_notice_takes_so_many_from_all_networks_and_more_from_people_it_knows(gate: Gate) -> None:
    answers = [gate.send(network=f"192.0.{number}.0/24") for number in range(7)]

    assert answers == [0] * 5 + [WINDOW - 600] * 2
    assert gate.send(notice="other", network="203.0.113.0/24") == 0
    assert gate.send(person=b"one") == 0


def test_a_form_with_its_faults_mended_counts_once_but_not_for_ever(gate: Gate) -> None:
    assert [gate.send(form="same") for _ in range(TIMES_PER_FORM)] == [0] * TIMES_PER_FORM
    assert gate.send(form="same") > 0
    assert [gate.send() for _ in range(3)] == [0, 0, WINDOW - 600]


def test_what_is_refused_counts_for_nobody(gate: Gate) -> None:
    for _ in range(10):
        gate.send()
    answers = [gate.send(network=f"198.51.{number}.0/24") for number in range(3)]

    assert answers == [0, 0, WINDOW - 600]


def test_redis_that_goes_away_costs_no_answer(
    connections: Connections, monkeypatch: pytest.MonkeyPatch, app: object
) -> None:
    gate = Gate(connections.redis_url)
    assert gate.send() == 0

    def away(*_: object) -> int:
        raise RedisAway("gone")

    monkeypatch.setattr(gate.gate, "_script", away)
    assert [gate.send() for _ in range(4)] == [0, 0, 0, WINDOW - 600]
    monkeypatch.undo()
    gate.clock.now += 2
    assert gate.send() == 0


def test_nothing_in_redis_outlives_the_hour_or_names_a_form_twice(connections: Connections, app: object) -> None:
    gate = Gate(connections.redis_url)
    for number in range(3):
        gate.send(person=b"one" if number else None)
    client = connect(connections.redis_url)
    lasts = [client.ttl(key) for key in client.keys("*objections*")]
    client.close()

    assert lasts
    assert all(0 < seconds <= WINDOW for seconds in lasts)
