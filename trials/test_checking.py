"""The checks themselves are tried: what is true passes, and every planted fault is found."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.factory import create_app
from foundation.database import db
from foundation.transaction import transaction
from trials.checking import Evidence, Row, Told, check
from trials.client import Ballot, cast_all, new_nonce
from trials.conftest import Figure
from trials.service import Service, TriedPoll
from votes.verifying import verify_ledger

VOTERS = 30
Voted = tuple[TriedPoll, list[Told], Evidence]


@pytest.fixture(scope="module")
def voted(running_service: Service) -> Voted:
    """A small election in which every third voter sent two ballots at once."""
    poll = running_service.open_poll()
    ballots = []
    for voter in range(VOTERS):
        ballots.append(poll.ballot(voter))
        if voter % 3 == 0:
            ballots.append(Ballot(voter, ballots[-1].cookie, (2, 8), new_nonce()))
    answers = asyncio.run(cast_all(poll.site, ballots, at_once=20))
    return poll, poll.told(ballots, answers), poll.evidence(counted=True)


def first_row(**changes: object) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [replace(rows[0], **changes), *rows[1:]]  # type: ignore[arg-type]  # handed through


def one_more_row(**changes: object) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [*rows, replace(rows[0], **changes)]  # type: ignore[arg-type]


def last_told(**changes: object) -> Callable[[list[Told]], list[Told]]:
    return lambda told: [*told[:-1], replace(told[-1], **changes)]  # type: ignore[arg-type]


def told_again(**changes: object) -> Callable[[list[Told]], list[Told]]:
    return lambda told: [*told, replace(told[-1], **changes)]  # type: ignore[arg-type]


LEDGER_FAULTS = (
    ("a voter has two ballots in a period", one_more_row(nonce="another", receipt=b"another")),
    ("a nonce has two ballots", one_more_row(period=1, receipt=b"another")),
    ("two ballots share a receipt", one_more_row(tag=b"another")),
    ("a receipt that was given is not in the ledger", lambda rows: rows[1:]),
    ("a receipt that was given is not in the ledger", first_row(receipt=b"with one byte changed")),
    ("a ballot's choices differ from those that were sent", first_row(choices=(3, 9))),
    ("the ledger holds a ballot that nobody sent", one_more_row(tag=b"another", receipt=b"another")),
    ("the numbers are not dense", first_row(number=900)),
    ("the numbers are not dense", first_row(number=None)),
    ("the tally differs from the ledger", first_row(choices=(3, 9))),
    ("the tally stands at another number than the ledger", lambda rows: rows[:-1]),
)
ANSWER_FAULTS = (
    ("a voter was given too many receipts", told_again(nonce="another", status=409, receipt=b"another")),
    ("a ballot was accepted twice", told_again(status=201)),
    ("a receipt that was given is not in the ledger", last_told(receipt=b"")),
    ("409 was said of another nonce's ballot", last_told(status=409)),
    ("201 was said of another nonce's ballot", last_told(nonce="another", status=201)),
    ("a voter was answered 503", last_told(status=503)),
    ("a voter was answered 0", last_told(status=0)),
    ("a voter was given somebody else's receipt", lambda told: last_told(receipt=told[0].receipt)(told)),
)
TALLY_FAULTS: tuple[tuple[str, tuple[int, dict[int, int]]], ...] = (
    ("the tally differs from the ledger", (VOTERS, {1: VOTERS, 7: VOTERS + 1})),
    ("the tally differs from the ledger", (VOTERS, {})),
    ("the tally stands at another number than the ledger", (VOTERS - 1, {})),
)
TAMPERED_LEDGER = (
    (
        "voters have more than one ballot",
        """
        ALTER TABLE ballot DROP CONSTRAINT one_ballot_per_voter_and_period;
        INSERT INTO ballot (poll_id, voter_tag, period, nonce, choices, salt, code, number)
        SELECT poll_id, voter_tag, period, 'doubled', choices, salt, 'doubled', {size} + 1
        FROM ballot WHERE poll_id = {poll} AND number = 1;
        UPDATE poll_head SET size = size + 1 WHERE poll_id = {poll}
        """,
    ),
    ("numbers are not dense", "DELETE FROM ballot WHERE poll_id = {poll} AND number = 1"),
    ("numbers are not dense", "UPDATE poll_head SET size = size + 1 WHERE poll_id = {poll}"),
    (
        "accepted outside the poll's time",
        """
        UPDATE ballot SET accepted_at = (SELECT closes_at FROM poll WHERE id = {poll})
        WHERE poll_id = {poll} AND number = 1
        """,
    ),
    ("is unknown", "UPDATE ballot SET choices = set_bit(choices, 15, 1) WHERE poll_id = {poll} AND number = 1"),
    ("is too_many", "UPDATE ballot SET choices = '\\x0700' WHERE poll_id = {poll} AND number = 1"),
    ("is empty", "UPDATE ballot SET choices = '\\x0000' WHERE poll_id = {poll} AND number = 1"),
)


def test_every_planted_fault_is_found(voted: Voted, figure: Figure) -> None:
    _, told, true = voted
    planted = [
        *((fault, told, replace(true, rows=tamper(true.rows))) for fault, tamper in LEDGER_FAULTS),
        *((fault, tamper(told), true) for fault, tamper in ANSWER_FAULTS),
        *((fault, told, replace(true, tally=tally)) for fault, tally in TALLY_FAULTS),
    ]
    results = [(fault, check(said, evidence)) for fault, said, evidence in planted]

    assert check(told, true) == []
    assert [(fault, found) for fault, found in results if not any(line.startswith(fault) for line in found)] == []
    figure(f"{len(results)} of {len(results)}")


@pytest.fixture
def owners_app(service: Service) -> Iterator[Flask]:
    """The application as the database's owner, whom it obeys in everything."""
    connections = service.running.connections
    app = create_app(service.settings, replace(connections, database_url=connections.owner_url))
    with app.app_context():
        yield app
        db.engine.dispose()


def test_every_tampering_with_the_ledger_is_found(voted: Voted, owners_app: Flask, figure: Figure) -> None:
    poll = voted[0]
    results = []
    for fault, statements in TAMPERED_LEDGER:
        with undone() as session:
            for statement in statements.format(poll=poll.poll_id, size=VOTERS).split(";"):
                session.execute(text(statement))
            session.expire_all()
            results.append((fault, faults_of(poll)))

    assert faults_of(poll) == ""
    assert [(fault, found) for fault, found in results if fault not in found] == []
    figure(f"{len(results)} of {len(results)}")


def faults_of(poll: TriedPoll) -> str:
    return "; ".join(next(report.faults for report in verify_ledger() if report.slug == poll.site.slug))


@contextmanager
def undone() -> Iterator[Session]:
    """Open a transaction in which no trigger stops anybody, and which leaves nothing behind."""
    with suppress(UndoneError), transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        yield session
        raise UndoneError


class UndoneError(Exception):
    """Rolls a transaction back."""
