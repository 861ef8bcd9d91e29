"""A push to five thousand, while senders are killed and the platform fails in every way: each is reached, once."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from publicity.pushes.sending import HANDS
from trials.conftest import Figure
from trials.push_senders import Counter, Senders, finish, kill_amid, start_sending
from trials.service import Service, await_that, whole_service

SEED = int(os.environ.get("TRIAL_SEED", "20170425"))
CROWD, CAST = 5_000, 4
PEOPLE = CROWD + CAST
KILLS, SENDERS = 20, 2
BETWEEN = 150  # deliveries from one kill to the next


@pytest.fixture(scope="module")
def pushing() -> Iterator[Service]:
    """A service of its own, whose platform has five thousand followers, all of whom it knows."""
    with whole_service() as service:
        service.start("sandbox")
        Counter(service).order("POST", "/accounts/-/followers", count=CROWD)
        subprocess.run(
            (sys.executable, "-m", "flask", "wechat", "sync-followers"),
            env=service.environment,
            check=True,
            capture_output=True,
            timeout=60,
        )
        yield service
        service.clock.reset()


def order_faults(counter: Counter) -> None:
    counter.fault("daily_quota", count=1, skip=1_500)
    counter.fault("token_invalid", count=2, skip=700)
    counter.fault("delay", count=4, seconds=6, probability=0.002, seed=SEED)
    counter.fault("reset_after", probability=0.01, seed=SEED + 1)
    counter.fault("reset_before", probability=0.005, seed=SEED + 2)
    counter.fault("system_error", probability=0.01, seed=SEED + 3)


def test_everybody_is_reached_once_amid_kills_and_faults(pushing: Service, figure: Figure) -> None:
    counter, chance = Counter(pushing), random.Random(SEED)
    order_faults(counter)
    senders = Senders(pushing, SENDERS, chance)
    senders.start()
    begun = time.monotonic()
    try:
        sending = start_sending(pushing, counter)
        kill_amid(sending, senders, KILLS, BETWEEN, PEOPLE - 200)
        finish(sending, 90)
    finally:
        senders.stop()
    seconds = time.monotonic() - begun

    taken, seen, fired = counter.taken(), counter.seen(), counter.fired()
    states = sending.states()
    repeats, lost = taken - PEOPLE, fired["reset_after"] + fired["delay"]
    assert (seen, sum(states.values()), states.get("sent", 0) + states.get("delivered", 0)) == (PEOPLE,) * 3
    # Each kill ends one process, of whose threads each had at most one message on its way.
    assert 0 <= repeats <= KILLS * HANDS + lost
    assert all(fired.values())
    assert min(senders.killed.values()) > 0
    await_that(lambda: sending.states() == {"delivered": PEOPLE}, "every event has told", 30)
    figure(
        f"{PEOPLE:,} followers reached over {KILLS} kills ({senders.killed}) and {fired} in {seconds:.0f} s, "
        f"seed {SEED}: {repeats} repeats at the platform ({lost} answers were lost), 0 seen twice"
    )
