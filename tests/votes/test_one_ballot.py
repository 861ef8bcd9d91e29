"""One ballot per voter and day, whatever happens in between: chance against a small model of what should be."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import hypothesis.strategies as st
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from foundation.embedded.servers import Connections
from foundation.keyvalue import keyvalue
from foundation.transaction import transaction
from tests.conftest import DatabaseClock
from tests.factories import BOTH, CLERK, make_poll
from votes.candidates import withdraw_candidate
from votes.casting import BallotBox, Outcome, Status, cast_ballot
from votes.gate import Gate, Limits
from votes.ledger import Committer
from votes.models import Ballot
from votes.numbering import TallyKeeper, drain
from votes.parts import votes_parts
from votes.polls import close_poll
from votes.room import build_committer
from votes.verifying import verify_ledger
from wechat.identity import Voter

EVENING = datetime(2026, 4, 20, 12, tzinfo=UTC)  # 20:00 in Shanghai
CANDIDATES = range(1, 8)
VOTERS = st.sampled_from(["oVoterOne", "oVoterTwo", "oVoterThree"])
NONCES = st.sampled_from(["nonce-number-one", "nonce-number-two", "nonce-number-three"])
CHOICES = st.lists(st.sampled_from(CANDIDATES), min_size=1, max_size=3, unique=True)


@dataclass
class Model:
    """What should be: `by_nonce` and `by_day` name the receipts that were given."""

    day: int = 0
    open: bool = True
    withdrawn: set[int] = field(default_factory=set)
    by_nonce: dict[tuple[str, str], str] = field(default_factory=dict)
    by_day: dict[tuple[str, int], str] = field(default_factory=dict)
    votes: dict[int, int] = field(default_factory=dict)

    def expect(self, voter: str, nonce: str, choices: list[int]) -> dict[Status, str | None]:
        """Return every answer that is right, with the receipt it must carry ("" for a new one).

        Where two reasons to refuse meet, either may be given: a process may know of one a second before the other.
        """
        if (voter, nonce) in self.by_nonce:
            return {Status.REPLAYED: self.by_nonce[voter, nonce]}
        reasons: dict[Status, str | None] = {}
        if not self.open:
            reasons[Status.CLOSED] = None
        elif (voter, self.day) in self.by_day:
            reasons[Status.ALREADY_VOTED] = self.by_day[voter, self.day]
        if self.withdrawn.intersection(choices):
            reasons[Status.INVALID] = None
        return reasons or {Status.ACCEPTED: ""}

    def note(self, voter: str, nonce: str, choices: list[int], code: str) -> None:
        self.by_nonce[voter, nonce] = self.by_day[voter, self.day] = code
        for number in choices:
            self.votes[number] = self.votes.get(number, 0) + 1


class OneBallot(RuleBasedStateMachine):
    """Voters come back, staff act, days pass and Redis forgets, in any order."""

    clock: DatabaseClock
    committer: Committer

    @initialize()
    def open_a_poll(self) -> None:
        self.model = Model()
        self.now = EVENING
        self.clock.set(self.now)
        self.slug = f"poll-{token_hex(4)}"
        awards = [("示例奖", len(CANDIDATES), 3)]
        self.poll_id = make_poll(self.slug, awards=awards, period="daily", closes_in=timedelta(days=60))
        parts = votes_parts()
        self.box: BallotBox = replace(parts.box, committer=self.committer, clock=lambda: self.now)
        self.keeper = TallyKeeper(parts.tally)

    @rule(voter=VOTERS, nonce=NONCES, choices=CHOICES)
    def vote(self, voter: str, nonce: str, choices: list[int]) -> None:
        expected = self.model.expect(voter, nonce, choices)
        outcome = self._cast(voter, nonce, choices)
        assert outcome.status in expected
        code = outcome.receipt.code if outcome.receipt else None
        if outcome.status is Status.ACCEPTED:
            assert code
            assert code not in self.model.by_nonce.values()
            self.model.note(voter, nonce, choices, code)
        else:
            assert code == expected[outcome.status]

    @precondition(lambda self: self.model.by_nonce)
    @rule(data=st.data(), choices=CHOICES)
    def vote_again(self, data: st.DataObject, choices: list[int]) -> None:
        voter, nonce = data.draw(st.sampled_from(sorted(self.model.by_nonce)))
        outcome = self._cast(voter, nonce, choices)
        assert outcome.receipt is not None
        assert (outcome.status, outcome.receipt.code) == (Status.REPLAYED, self.model.by_nonce[voter, nonce])

    @rule()
    def redis_forgets(self) -> None:
        keyvalue().flushall()

    @precondition(lambda self: self.model.open)
    @rule()
    def a_day_passes(self) -> None:
        self.model.day += 1
        self.now += timedelta(days=1)
        self.clock.set(self.now)

    @precondition(lambda self: self.model.open and len(self.model.withdrawn) < len(CANDIDATES) - 1)
    @rule(data=st.data())
    def a_candidate_withdraws(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(set(CANDIDATES) - self.model.withdrawn)))
        withdraw_candidate(self.slug, number, "示例理由", CLERK)
        self.model.withdrawn.add(number)

    @precondition(lambda self: self.model.open and self.model.day >= 2)
    @rule()
    def the_poll_is_closed(self) -> None:
        close_poll(self.slug, "示例理由", BOTH)
        self.model.open = False

    @rule()
    def the_sequencer_works(self) -> None:
        drain(self.poll_id)
        self.keeper.keep(self.poll_id)
        shown = votes_parts().tally.read(self.poll_id)
        assert shown is not None
        assert (shown.number, {n: v for n, v in shown.votes.items() if v}) == (
            len(self.model.by_day),
            self.model.votes,
        )

    @invariant()
    def the_ledger_holds_what_was_accepted(self) -> None:
        with transaction() as session:
            ballots = session.scalar(select(func.count()).select_from(Ballot).where(Ballot.poll_id == self.poll_id))
        assert ballots == len(self.model.by_day) == len(self.model.by_nonce)

    def teardown(self) -> None:
        drain(self.poll_id)
        assert [report.faults for report in verify_ledger() if report.slug == self.slug] == [()]

    def _cast(self, voter: str, nonce: str, choices: list[int]) -> Outcome:
        return cast_ballot(self.box, self.slug, Voter(voter, snapshot=False), choices, nonce, network=None)


def test_a_voter_has_one_ballot_a_day_and_one_receipt_for_it_whatever_happens(
    app: Flask, connections: Connections, database_clock: DatabaseClock
) -> None:
    gate = Gate(keyvalue(), Limits(1_000_000, 1_000_000, 1_000_000))
    OneBallot.clock, OneBallot.committer = database_clock, build_committer(connections, gate)

    run_state_machine_as_test(
        OneBallot,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
