"""Casting a ballot: from a voter and their choices to an answer that can be relied on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from foundation.clock import Clock, local_day
from foundation.transaction import transaction
from votes.gate import Decision, Passage, Try
from votes.ledger import Answer, Committer, Entry, Verdict, find_by_nonce, find_in_period
from votes.paper import Paper, PaperShelf
from votes.receipts import Receipt
from votes.rules import InvalidChoice, check_choices, check_nonce, pack
from votes.voters import voter_tag
from wechat.identity import Voter

EPOCH_DAY = 719_163  # 1970-01-01 as a proleptic ordinal
_TRIES_AT_A_CHANGING_PAPER = 3


class Status(Enum):
    """The answers of the outer contract."""

    ACCEPTED = "accepted"
    REPLAYED = "replayed"
    ALREADY_VOTED = "already_voted"
    INVALID = "invalid"
    NOT_ALLOWED = "not_allowed"
    CLOSED = "closed"
    TOO_FAST = "too_fast"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the ballot; a receipt where one is in the ledger."""

    status: Status
    receipt: Receipt | None = None
    reason: str | None = None
    award: str | None = None
    wait: int = 0


@dataclass(frozen=True, slots=True)
class BallotBox:
    """The parts that casting works with, handed in by the roof."""

    shelf: PaperShelf
    committer: Committer
    follows: Callable[[str], bool | None]
    clock: Clock


def cast_ballot(
    box: BallotBox, slug: str, voter: Voter, choices: object, nonce: object, *, network: str | None
) -> Outcome:
    """Cast one ballot in the poll `slug` and say what became of it.

    `network` is the address range to limit by, None for a ballot that came in a signed push. Raises NotFound,
    and Unavailable when the ledger does not answer: then only the same nonce, tried again, tells.
    """
    paper = box.shelf.get(slug)
    key = paper.voter_key
    if voter.snapshot or key is None:
        # A key is destroyed long after the closing; then nobody can be tied to a ballot any more.
        return Outcome(Status.NOT_ALLOWED, reason="snapshot") if voter.snapshot else Outcome(Status.CLOSED)
    if not isinstance(nonce, str) or not check_nonce(nonce):
        return Outcome(Status.INVALID, reason="malformed")
    tag = voter_tag(key, voter.openid)
    attempt: Try | None = Try(str(paper.poll_id), period_at(paper, box.clock()), tag, nonce, network)
    for _ in range(_TRIES_AT_A_CHANGING_PAPER):
        refusal = _refuse(box, paper, voter, choices)
        if refusal is not None:
            return _replay(paper, tag, nonce) or refusal
        answer = box.committer.commit(_entry(paper, tag, nonce, choices), attempt)
        if isinstance(answer, Decision):
            told = _at_the_gate(paper, tag, nonce, answer)
            if told is not None:
                return told
        elif answer.verdict is not Verdict.CHANGED:
            return _outcome(paper, answer)
        attempt = None  # the gate counts a try once
        box.shelf.forget(slug)
        paper = box.shelf.get(slug)
    return Outcome(Status.UNAVAILABLE)


def period_at(paper: Paper, moment: datetime) -> int:
    """Return the period a moment lies in, as this process sees it; the ledger goes by the database's clock."""
    return local_day(moment).toordinal() - EPOCH_DAY if paper.daily else 0


def _refuse(box: BallotBox, paper: Paper, voter: Voter, choices: object) -> Outcome | None:
    """Refuse what needs no ledger to be refused."""
    if paper.state == "draft":
        return Outcome(Status.NOT_ALLOWED, reason="not_open")
    if paper.state != "open":
        return Outcome(Status.CLOSED)
    fault = check_choices(paper.rules, choices)
    if fault is not None:
        return _invalid(fault)
    if paper.followers_only and box.follows(voter.openid) is not True:
        return Outcome(Status.NOT_ALLOWED, reason="not_following")
    return None


def _at_the_gate(paper: Paper, tag: bytes, nonce: str, decision: Decision) -> Outcome | None:
    """Say what the gate's decision means; None where somebody was seen voting whom the ledger does not know."""
    replay = _replay(paper, tag, nonce)
    if replay is not None or decision.passage is Passage.TOO_FAST:
        return replay or Outcome(Status.TOO_FAST, wait=decision.wait)
    with transaction() as session:
        answer = find_in_period(session, paper.poll_id, tag)
    return _outcome(paper, answer) if answer else None


def _replay(paper: Paper, tag: bytes, nonce: str) -> Outcome | None:
    """A ballot that is in the ledger is answered with its receipt, whatever else would have to be said."""
    with transaction() as session:
        answer = find_by_nonce(session, paper.poll_id, tag, nonce)
    return _outcome(paper, answer) if answer else None


def _entry(paper: Paper, tag: bytes, nonce: str, choices: object) -> Entry:
    numbers = choices if isinstance(choices, list) else []
    return Entry(paper.poll_id, paper.revision, tag, nonce, pack(numbers, paper.rules.bytes_per_ballot))


def _invalid(fault: InvalidChoice) -> Outcome:
    return Outcome(Status.INVALID, reason=fault.reason, award=fault.award)


def _outcome(paper: Paper, answer: Answer) -> Outcome:
    if answer.verdict is Verdict.NOT_OPEN:
        return Outcome(Status.NOT_ALLOWED, reason="not_open")
    if answer.verdict is Verdict.CLOSED:
        return Outcome(Status.CLOSED)
    assert answer.code is not None  # noqa: S101  # the other verdicts carry a ballot
    assert answer.accepted_at is not None  # noqa: S101
    return Outcome(Status(answer.verdict.value), Receipt(answer.code, paper.slug, answer.accepted_at))
