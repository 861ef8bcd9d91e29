"""Checking the ledger against the rules it was written by."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from votes.models import Ballot, CertifiedCount, Poll, PollHead
from votes.paper import rules_of
from votes.rules import BallotRules, check_choices, unpack
from votes.tally import count_in_ledger
from votes.turnout import turnout_faults


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What was found in one poll's ledger; no faults means that it holds."""

    slug: str
    ballots: int
    faults: tuple[str, ...]


def verify_ledger() -> list[LedgerReport]:
    """Check every poll: dense numbers, one ballot per voter and period, valid choices, times within the window.

    What is kept beside the ledger (turnout by hour, the number of voters, the certified counts) has to agree with it.
    """
    with transaction() as session:
        return [_verify(session, poll) for poll in session.scalars(select(Poll).order_by(Poll.id))]


def _verify(session: Session, poll: Poll) -> LedgerReport:
    mine = Ballot.poll_id == poll.id
    ballots = session.scalar(select(func.count()).select_from(Ballot).where(mine)) or 0
    faults = (
        *_numbering(session, poll),
        *_voters(session, poll),
        *_times(session, poll),
        *_choices(session, poll),
        *_certified(session, poll),
        *turnout_faults(session, poll.id),
    )
    return LedgerReport(poll.slug, ballots, faults)


def _numbering(session: Session, poll: Poll) -> Iterator[str]:
    head = session.get(PollHead, poll.id)
    numbered, highest = session.execute(
        select(func.count(Ballot.number), func.coalesce(func.max(Ballot.number), 0)).where(Ballot.poll_id == poll.id)
    ).one()
    size = head.size if head else 0
    if not numbered == highest == size:
        yield f"numbers are not dense: {numbered} numbered, highest {highest}, head {size}"


def _voters(session: Session, poll: Poll) -> Iterator[str]:
    doubled = select(Ballot.voter_tag).where(Ballot.poll_id == poll.id).group_by(Ballot.voter_tag, Ballot.period)
    count = session.scalar(select(func.count()).select_from(doubled.having(func.count() > 1).subquery()))
    if count:
        yield f"{count} voters have more than one ballot in a period"


def _times(session: Session, poll: Poll) -> Iterator[str]:
    mine, until = Ballot.poll_id == poll.id, poll.closed_at or poll.closes_at
    if poll.opens_at is not None and until is not None:
        mine &= (Ballot.accepted_at < poll.opens_at) | (Ballot.accepted_at >= until)
    count = session.scalar(select(func.count()).select_from(Ballot).where(mine))
    if count:
        yield f"{count} ballots were accepted outside the poll's time"


def _choices(session: Session, poll: Poll) -> Iterator[str]:
    # A candidate may have been withdrawn after the ballot was accepted.
    rules = BallotRules(rules_of(session, poll.id).awards, frozenset())
    query = select(Ballot.id, Ballot.choices).where(Ballot.poll_id == poll.id).execution_options(yield_per=5_000)
    for identity, packed in session.execute(query):
        fault = check_choices(rules, list(unpack(packed)))
        if fault is not None:
            yield f"ballot {identity} is {fault.reason}"


def _certified(session: Session, poll: Poll) -> Iterator[str]:
    if poll.state == "certified":
        rows = session.execute(
            select(CertifiedCount.number, CertifiedCount.votes).where(CertifiedCount.poll_id == poll.id)
        )
        counted = count_in_ledger(session, poll.id).votes
        if {number: votes for number, votes in rows if votes} != counted:
            yield "the certified counts differ from the ledger"
