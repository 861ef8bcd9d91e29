"""The web is killed at named points of a commit: before its lock, in the middle of its insert, after its commit."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest

from trials.checking import check
from trials.client import Answer, Ballot, Lost, Phone, cast_all, new_nonce, phones
from trials.conftest import Figure
from trials.service import Service, TriedPoll, await_that
from votes.ledger import POLL_LOCK

VOTERS = 40
Point = Callable[[TriedPoll, psycopg.Connection], AbstractContextManager[None]]


@contextmanager
def at_the_polls_lock(poll: TriedPoll, owner: psycopg.Connection) -> Iterator[None]:
    """Hold the lock that closing takes: commits wait before they have written anything."""
    owner.execute("SELECT pg_advisory_lock(%s, %s)", (POLL_LOCK, poll.poll_id))
    try:
        yield
    finally:
        owner.execute("SELECT pg_advisory_unlock(%s, %s)", (POLL_LOCK, poll.poll_id))


@contextmanager
def within_the_insert(poll: TriedPoll, owner: psycopg.Connection) -> Iterator[None]:
    """Hold back a row of the last voter that is never committed: inserts wait for it with rows already written."""
    with owner.transaction(force_rollback=True):
        last = max(poll.tag(voter) for voter in range(VOTERS))
        owner.execute(_ROW, (poll.poll_id, last))
        yield


@contextmanager
def after_the_commit(poll: TriedPoll, owner: psycopg.Connection) -> Iterator[None]:
    """Name a standby that is not there: commits are on disk, and their answers wait for it."""
    owner.execute("ALTER SYSTEM SET synchronous_standby_names = 'nowhere'")
    owner.execute("SELECT pg_reload_conf()")
    await_that(lambda: _setting(owner) == "nowhere", "the setting holds")
    try:
        yield
    finally:
        owner.execute("ALTER SYSTEM RESET synchronous_standby_names")
        owner.execute("SELECT pg_reload_conf()")


_ROW = """
INSERT INTO ballot (poll_id, voter_tag, period, nonce, choices, salt, code)
VALUES (%s, %s, 0, 'held-back', '\\x01', '\\x00112233445566778899aabbccddeeff', 'held-back')
"""
_PAUSED = """
SELECT count(*) FROM pg_stat_activity
WHERE usename = 'vote_app' AND query LIKE %s AND wait_event_type IN ('Lock', 'IPC')
"""
_HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"


def _setting(owner: psycopg.Connection) -> str:
    row = owner.execute("SHOW synchronous_standby_names").fetchone()
    assert row is not None
    return str(row[0])


async def try_in_vain(poll: TriedPoll, ballots: list[Ballot], kill: Callable[[], None]) -> list[Answer]:
    """Have all ballots on their way when the web is killed; an answer that never came has status 0."""

    async def cast(phone: Phone, ballot: Ballot) -> Answer:
        try:
            return await phone.cast(ballot)
        except Lost:
            return Answer(0, b"")

    with phones(poll.site, len(ballots)) as made:
        trying = [asyncio.ensure_future(cast(phone, one)) for phone, one in zip(made, ballots, strict=True)]
        await asyncio.to_thread(kill)
        return await asyncio.gather(*trying)


@pytest.mark.parametrize(
    ("point", "waiting_query"),
    [
        (at_the_polls_lock, "SELECT pg_advisory%"),
        (within_the_insert, "%INSERT INTO ballot%"),
        (after_the_commit, "COMMIT%"),
    ],
    ids=["at the polls lock", "within the insert", "after the commit"],
)
def test_a_kill_at_a_named_point_leaves_one_ballot_each(
    service: Service, figure: Figure, point: Point, waiting_query: str
) -> None:
    poll = service.open_poll()
    ballots = [
        Ballot(one.voter, one.cookie, choices, nonce)
        for one in (poll.ballot(voter) for voter in range(VOTERS))
        for choices, nonce in (((1, 7), one.nonce), ((2, 8), new_nonce()))
    ]
    with psycopg.connect(service.owner_url, autocommit=True) as owner:

        def kill() -> None:
            await_that(lambda: service.number(_PAUSED, waiting_query) > 0, "a commit stands at the point")
            service.kill("web")

        with point(poll, owner):
            before = asyncio.run(try_in_vain(poll, ballots, kill))
    await_that(lambda: service.number(_HELD, poll.poll_id) == 0, "the killed web's transactions have ended")
    survived = poll.ballots()
    service.start("web")

    answers = asyncio.run(cast_all(poll.site, ballots, at_once=VOTERS))

    evidence = poll.evidence(counted=True)
    told = [one for one in poll.told(ballots, before) if one.receipt] + poll.told(ballots, answers)
    assert check(told, evidence) == []
    assert len(evidence.rows) == VOTERS
    assert sum(answer.status == 201 for answer in answers) == VOTERS - survived
    figure(f"{len(told) - len(ballots)} receipts and {survived} ballots at the kill, {VOTERS} ballots in the end")
