"""The answer is lost, and what follows comes after midnight, after closing, after a kill, or while time passes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from trials.checking import check
from trials.client import Answer, Ballot, cast_all, phones
from trials.conftest import Figure
from trials.service import Service, TriedPoll, await_that

EVENING = datetime(2026, 4, 20, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
MIDNIGHT = datetime(2026, 4, 20, 16, 0, tzinfo=UTC)
VOTERS = 60


def cast(poll: TriedPoll, ballots: list[Ballot]) -> list[Answer]:
    return asyncio.run(cast_all(poll.site, ballots, at_once=VOTERS))


def statuses(answers: list[Answer]) -> set[int]:
    return {answer.status for answer in answers}


def lose_the_answers(poll: TriedPoll, ballots: list[Ballot], then: Callable[[], object]) -> None:
    """Send the ballots, do something else, and hang up without having read an answer."""

    async def send() -> None:
        with phones(poll.site, len(ballots)) as made:
            await asyncio.gather(*(phone.send(ballot) for phone, ballot in zip(made, ballots, strict=True)))
            await asyncio.to_thread(then)

    asyncio.run(send())


def all_are_in(poll: TriedPoll) -> Callable[[], object]:
    return lambda: await_that(lambda: poll.ballots() == VOTERS, "the ballots are in")


def test_a_retry_after_midnight_finds_the_ballot_of_the_evening(service: Service, figure: Figure) -> None:
    service.clock.set(EVENING)
    poll = service.open_poll(period="daily", closes_in=timedelta(days=7))
    ballots = [poll.ballot(voter) for voter in range(VOTERS)]
    lose_the_answers(poll, ballots, all_are_in(poll))
    service.clock.set(MIDNIGHT + timedelta(minutes=1))

    retried = cast(poll, ballots)
    new = [Ballot(ballot.voter, ballot.cookie, (2,), f"{ballot.nonce}-next-day") for ballot in ballots]
    of_the_new_day = cast(poll, new)

    assert (statuses(retried), statuses(of_the_new_day)) == ({200}, {201})
    evidence = poll.evidence(counted=True)
    assert check(poll.told([*ballots, *new], [*retried, *of_the_new_day]), evidence) == []
    assert len(evidence.rows) == 2 * VOTERS
    figure(f"{VOTERS} lost answers retried: {VOTERS} ballots of the evening, {VOTERS} of the new day")


def test_a_retry_after_closing_gets_its_receipt_and_a_new_try_none(service: Service, figure: Figure) -> None:
    poll = service.open_poll(closes_in=timedelta(hours=1))
    ballots = [poll.ballot(voter) for voter in range(VOTERS)]
    lose_the_answers(poll, ballots, all_are_in(poll))
    service.clock.advance(timedelta(hours=2))
    closed = "SELECT count(*) FROM poll WHERE id = %s AND state = 'closed'"
    await_that(lambda: service.number(closed, poll.poll_id) == 1, "the sequencer closes the poll")

    retried = cast(poll, ballots)
    late = cast(poll, [Ballot(one.voter, one.cookie, (2,), f"{one.nonce}-late") for one in ballots])

    assert (statuses(retried), statuses(late)) == ({200}, {410})
    assert check(poll.told(ballots, retried), poll.evidence(counted=True)) == []
    figure(f"{VOTERS} lost answers retried after closing: {VOTERS} receipts, 0 late ballots")


@pytest.mark.parametrize("moment", ["once they are in", "while they come in"])
def test_a_retry_after_a_kill_of_the_web_leaves_one_ballot(service: Service, figure: Figure, moment: str) -> None:
    poll = service.open_poll()
    ballots = [poll.ballot(voter) for voter in range(VOTERS)]
    if moment == "once they are in":
        lose_the_answers(poll, ballots, all_are_in(poll))
    else:
        lose_the_answers(poll, ballots, lambda: await_that(lambda: poll.ballots() > 0, "the first ballot is in"))
    service.kill_and_restart("web")
    survived = poll.ballots()

    retried = cast(poll, ballots)

    evidence = poll.evidence(counted=True)
    assert check(poll.told(ballots, retried), evidence) == []
    assert len(evidence.rows) == VOTERS
    assert sum(answer.status == 200 for answer in retried) == survived
    figure(f"of {VOTERS} ballots {survived} had been committed; after the retries {len(evidence.rows)}")


def vote_until(
    poll: TriedPoll, rounds: Callable[[int], list[Ballot]], end: datetime
) -> tuple[list[Ballot], list[Answer]]:
    """Cast round after round until the database's clock has passed `end`."""
    ballots: list[Ballot] = []
    answers: list[Answer] = []
    number = 0
    while not ballots or poll.service.clock.now() < end:
        share = rounds(number)
        ballots += share
        answers += cast(poll, share)
        number += 1
    return ballots, answers


def test_while_midnight_passes_every_day_has_its_one_ballot(service: Service, figure: Figure) -> None:
    service.clock.set(MIDNIGHT - timedelta(seconds=1.5))
    poll = service.open_poll(period="daily", closes_in=timedelta(days=7))
    voters = [poll.ballot(voter) for voter in range(VOTERS)]

    def rounds(number: int) -> list[Ballot]:
        return [
            ballot for one in voters for ballot in (one, Ballot(one.voter, one.cookie, (3,), f"{one.nonce}-{number}"))
        ]

    ballots, answers = vote_until(poll, rounds, MIDNIGHT + timedelta(seconds=1))

    assert statuses(answers) <= {200, 201, 409}
    evidence = poll.evidence(counted=True)
    assert check(poll.told(ballots, answers), evidence) == []
    days = {period: sum(row.period == period for row in evidence.rows) for period in {r.period for r in evidence.rows}}
    assert list(days.values()) == [VOTERS, VOTERS]
    figure(f"{len(ballots):,} tries over midnight: {VOTERS} ballots on each side of it")


def test_while_the_poll_closes_no_ballot_is_late_and_none_is_lost(service: Service, figure: Figure) -> None:
    poll = service.open_poll(closes_in=timedelta(seconds=4))
    (closes_at,) = service.ask("SELECT closes_at FROM poll WHERE id = %s", poll.poll_id)[0]
    assert isinstance(closes_at, datetime)

    def rounds(number: int) -> list[Ballot]:
        return [poll.ballot(number * VOTERS + voter) for voter in range(VOTERS)]

    ballots, answers = vote_until(poll, rounds, closes_at + timedelta(seconds=0.5))

    assert statuses(answers) == {201, 410}
    told = poll.told(ballots, answers)
    accepted = [one for one in told if one.status == 201]
    evidence = poll.evidence(counted=True)
    assert check(accepted, evidence) == []
    assert len(evidence.rows) == len(accepted)
    late = "SELECT count(*) FROM ballot WHERE poll_id = %s AND accepted_at >= %s"
    assert service.number(late, poll.poll_id, closes_at) == 0
    figure(f"{len(accepted):,} accepted, {len(told) - len(accepted):,} too late, 0 ballots after the closing time")
