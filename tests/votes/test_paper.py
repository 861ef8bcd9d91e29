"""The ballot paper that casting works with: what is on it, and how old it may be."""

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import select, text

from foundation.errors import NotFound, Unavailable
from foundation.transaction import transaction
from tests.factories import make_poll
from tests.statements import statements
from votes.models import Candidate, Poll
from votes.paper import SECONDS_KEPT, Paper, PaperShelf, read_paper
from votes.rules import AwardRule, BallotRules


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(app: Flask, clock: Clock) -> PaperShelf:
    return PaperShelf(clock)


def change(poll_id: int) -> None:
    with transaction() as session:
        session.get_one(Poll, poll_id).revision += 1


def test_a_paper_says_what_a_ballot_has_to_follow(app: Flask) -> None:
    poll_id = make_poll(awards=[("十佳组织", 3, 2), ("十佳党员", 2, 1)], period="daily", visibility="hidden")
    with transaction() as session:
        session.scalars(select(Candidate).filter_by(poll_id=poll_id, number=4)).one().withdrawn_at = datetime.now(UTC)
        poll = session.get_one(Poll, poll_id)
        opens_at, closes_at, voter_key = poll.opens_at, poll.closes_at, poll.voter_key

    rules = BallotRules(
        (AwardRule("十佳组织", 0, 2, frozenset({1, 2, 3})), AwardRule("十佳党员", 0, 1, frozenset({4, 5}))),
        frozenset({4}),
    )
    assert read_paper("demo") == Paper(
        poll_id=poll_id,
        slug="demo",
        revision=0,
        state="open",
        opens_at=opens_at,
        closes_at=closes_at,
        closed_early=None,
        daily=True,
        visibility="hidden",
        followers_only=False,
        rules=rules,
        voter_key=voter_key,
    )


def test_a_paper_is_read_at_most_once_a_second(shelf: PaperShelf, clock: Clock) -> None:
    poll_id = make_poll()
    first = shelf.get("demo")
    change(poll_id)
    clock.now += SECONDS_KEPT * 0.9
    kept = shelf.get("demo")
    clock.now += SECONDS_KEPT * 0.2
    anew = shelf.get("demo")

    assert kept is first
    assert (first.revision, anew.revision) == (0, 1)


def test_of_an_unchanged_paper_only_the_poll_is_read_again(shelf: PaperShelf, clock: Clock) -> None:
    poll_id = make_poll()
    first = shelf.get("demo")
    clock.now += SECONDS_KEPT
    with statements(about="FROM candidate") as unchanged:
        again = shelf.get("demo")
    change(poll_id)
    clock.now += SECONDS_KEPT
    with statements(about="FROM candidate") as changed:
        shelf.get("demo")

    assert again.rules is first.rules
    assert (len(unchanged), len(changed)) == (0, 1)


def test_nobody_waits_while_another_reads_the_paper_anew(app: Flask, clock: Clock) -> None:
    make_poll()
    shelf = PaperShelf(clock)
    first = shelf.get("demo")
    clock.now += SECONDS_KEPT
    seen_by_the_others: list[Paper] = []

    def ask_as_another() -> None:
        with app.app_context():
            seen_by_the_others.append(shelf.get("demo"))

    with transaction() as session:
        session.execute(text("LOCK TABLE poll IN ACCESS EXCLUSIVE MODE"))
        reader = Thread(target=ask_as_another)
        reader.start()
        while not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert reader.is_alive()
        other = Thread(target=ask_as_another)
        other.start()
        other.join(10)
        assert [paper is first for paper in seen_by_the_others] == [True]
    reader.join(10)
    assert len(seen_by_the_others) == 2


def test_a_paper_known_to_be_old_is_read_at_once(shelf: PaperShelf) -> None:
    poll_id = make_poll()
    shelf.get("demo")
    change(poll_id)
    shelf.forget("demo")

    assert shelf.get("demo").revision == 1


def test_forgetting_a_paper_nobody_read_does_nothing(shelf: PaperShelf) -> None:
    shelf.forget("demo")
    make_poll()

    assert shelf.get("demo").revision == 0


def test_each_poll_has_its_own_paper_and_key(shelf: PaperShelf) -> None:
    one, two = make_poll("one"), make_poll("two")

    papers = [shelf.get("one"), shelf.get("two")]

    assert [paper.poll_id for paper in papers] == [one, two]
    assert papers[0].voter_key != papers[1].voter_key


def test_there_is_no_paper_of_a_poll_that_is_not(shelf: PaperShelf) -> None:
    with pytest.raises(NotFound):
        shelf.get("demo")
    make_poll()

    assert shelf.get("demo").slug == "demo"


def test_a_poll_whose_key_cannot_be_read_has_no_paper_and_never_a_new_key(shelf: PaperShelf) -> None:
    poll_id = make_poll(state="draft")
    with transaction() as session:
        session.execute(text("UPDATE poll SET voter_key = '\\x0102' WHERE id = :id"), {"id": poll_id})

    with pytest.raises(Unavailable):
        shelf.get("demo")
    with transaction() as session:
        assert session.scalar(text("SELECT voter_key FROM poll")) == b"\x01\x02"
