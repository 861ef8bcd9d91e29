"""Two hundred voters, each at twenty doors at once."""

import asyncio
import time

from trials.checking import check
from trials.client import Answer, Ballot, cast_all, new_nonce, phones
from trials.conftest import Figure
from trials.service import Service, TriedPoll

VOTERS, TRIES = 200, 20
HELD = 400  # connections


def tries_of(poll: TriedPoll, voter: int) -> list[Ballot]:
    """Half of the tries repeat one nonce, the others have one each; choices differ."""
    repeated = new_nonce()
    first = poll.ballot(voter, (1, 7), repeated)
    others = [Ballot(voter, first.cookie, (1 + i % 5, 8 + i % 3), new_nonce()) for i in range(TRIES // 2)]
    return [ballot for pair in zip([first] * (TRIES // 2), others, strict=True) for ballot in pair]


def test_everybody_at_twenty_doors_has_one_ballot(service: Service, figure: Figure) -> None:
    poll = service.open_poll()
    before = service.deadlocks()
    ballots = [ballot for voter in range(VOTERS) for ballot in tries_of(poll, voter)]

    begun = time.monotonic()
    answers = asyncio.run(cast_all(poll.site, ballots, at_once=8 * TRIES))
    seconds = time.monotonic() - begun

    told = poll.told(ballots, answers)
    evidence = poll.evidence(counted=True)
    assert check(told, evidence) == []
    assert len(evidence.rows) == VOTERS
    assert sum(one.status == 201 for one in told) == VOTERS
    assert len({one.receipt for one in told}) == VOTERS
    assert service.deadlocks() == before
    statuses = {status: sum(one.status == status for one in told) for status in (201, 200, 409)}
    figure(f"{VOTERS} voters, {len(ballots):,} tries in {seconds:.1f} s, answers {statuses}, 0 deadlocks")


def test_connections_that_phones_hold_on_to_shut_nobody_out(service: Service, figure: Figure) -> None:
    poll = service.open_poll()

    async def vote_while_others_hold_theirs() -> Answer:
        with phones(poll.site, HELD + 1) as (late, *holding):
            for phone in holding:
                await phone.connected()
            return await late.cast(poll.ballot(1))

    answer = asyncio.run(vote_while_others_hold_theirs())

    assert answer.status == 201
    figure(f"{HELD:,} idle connections, and the next voter's ballot is accepted")
