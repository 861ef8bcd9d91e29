"""Everything is killed, again and again, while thousands vote; then everything is checked."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from trials.checking import check
from trials.client import Answer, Ballot, Phone, new_nonce, phones
from trials.conftest import Figure
from trials.service import Service, TriedPoll
from votes.verifying import verify_ledger

SEED = int(os.environ.get("TRIAL_SEED", "20170425"))
VOTERS, PHONES = 4_000, 64
EACH_FAULT = 2  # times at least; two more are drawn


@dataclass
class Election:
    """Who still has to vote and what they were told; faults strike when so many have been answered."""

    ballots: list[Ballot]
    answers: list[Answer] = field(init=False)
    answered: int = 0

    def __post_init__(self) -> None:
        self.answers = [Answer(0, b"")] * len(self.ballots)
        self._waiting = iter(enumerate(self.ballots))
        self._turn = asyncio.Condition()

    async def vote(self, phone: Phone) -> None:
        for place, ballot in self._waiting:
            self.answers[place] = await phone.cast_until_answered(ballot)
            async with self._turn:
                self.answered += 1
                self._turn.notify_all()

    async def reached(self, answered: int) -> None:
        async with self._turn:
            await self._turn.wait_for(lambda: self.answered >= answered)


def faults_of(service: Service, chance: random.Random) -> list[tuple[str, Callable[[], object]]]:
    kinds: dict[str, Callable[[], object]] = {
        "web process": lambda: service.kill_web_process(chance),
        "web": lambda: service.kill_and_restart("web"),
        "sequencer": lambda: service.kill_and_restart("sequencer"),
        "redis": service.kill_redis,
        "flushall": service.flush_redis,
        "postgresql": service.kill_postgres,
    }
    names = [*kinds] * EACH_FAULT + chance.choices([*kinds], k=2)
    chance.shuffle(names)
    return [(name, kinds[name]) for name in names]


async def vote_amid(
    poll: TriedPoll, ballots: list[Ballot], faults: list[tuple[str, Callable[[], object]]], chance: random.Random
) -> list[Answer]:
    """Let everybody vote; the faults strike one after the other, spread over the election."""
    election = Election(ballots)

    async def strike() -> None:
        step = len(ballots) / (len(faults) + 1)
        for place, (_, fault) in enumerate(faults, start=1):
            await election.reached(round(step * (place - chance.random() / 2)))
            await asyncio.to_thread(fault)

    with phones(poll.site, PHONES) as made:
        async with asyncio.timeout(240):
            await asyncio.gather(strike(), *map(election.vote, made))
    return election.answers


def ballots_of(poll: TriedPoll, chance: random.Random) -> list[Ballot]:
    """Every tenth voter sends two different ballots at once."""
    ballots = []
    for voter in range(VOTERS):
        ballot = poll.ballot(voter, (chance.randint(1, 6), chance.randint(7, 14)))
        ballots.append(ballot)
        if voter % 10 == 0:
            other = (chance.randint(1, 3), chance.randint(4, 6), chance.randint(7, 14))
            ballots.append(Ballot(voter, ballot.cookie, other, new_nonce()))
    return ballots


def test_no_kill_loses_or_doubles_a_ballot(service: Service, figure: Figure) -> None:
    chance = random.Random(SEED)
    poll = service.open_poll()
    ballots = ballots_of(poll, chance)
    faults = faults_of(service, chance)

    begun = time.monotonic()
    answers = asyncio.run(vote_amid(poll, ballots, faults, chance))
    seconds = time.monotonic() - begun

    told = poll.told(ballots, answers)
    evidence = poll.evidence(counted=True)
    assert check(told, evidence) == []
    assert len(evidence.rows) == VOTERS
    with service.app.app_context():
        assert [report.faults for report in verify_ledger() if report.faults] == []
    struck = ", ".join(f"{times}× {name}" for name, times in Counter(name for name, _ in faults).items())
    statuses = dict(Counter(answer.status for answer in answers))
    figure(f"{VOTERS:,} voters, {len(faults)} kills ({struck}) in {seconds:.0f} s, seed {SEED}, answers {statuses}")
