"""The ballot paper as casting needs it: rules, window and key of a poll, read at most once a second."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from foundation.encryption import UndecryptableError
from foundation.errors import NotFound, Unavailable
from foundation.transaction import transaction
from votes.models import Award, Candidate, Poll
from votes.phases import ended_early
from votes.rules import AwardRule, BallotRules

SECONDS_KEPT = 1.0


@dataclass(frozen=True, slots=True)
class Paper:
    """One poll's ballot paper. The window is only looked at to refuse early; the ledger decides."""

    poll_id: int
    slug: str
    revision: int
    state: str
    opens_at: datetime | None
    closes_at: datetime | None
    closed_early: datetime | None
    daily: bool
    visibility: str
    followers_only: bool
    rules: BallotRules
    voter_key: bytes | None


class PaperShelf:
    """The papers in use, in this process. A paper that changed is noticed by its revision in the ledger."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._papers: dict[str, tuple[float, Paper]] = {}
        self._lock = threading.Lock()

    def get(self, slug: str) -> Paper:
        """Return the paper; raises NotFound, or Unavailable where the poll's key cannot be decrypted."""
        kept = self._papers.get(slug)
        if kept and self._is_fresh(kept):
            return kept[1]
        # One reads anew; meanwhile the others go by the paper that is known: the ledger would notice a change.
        if not self._lock.acquire(blocking=kept is None) and kept:
            return kept[1]
        try:
            return self._read_anew(slug)
        finally:
            self._lock.release()

    def forget(self, slug: str) -> None:
        self._papers.pop(slug, None)

    def _is_fresh(self, kept: tuple[float, Paper]) -> bool:
        return self._clock() - kept[0] < SECONDS_KEPT

    def _read_anew(self, slug: str) -> Paper:
        kept = self._papers.get(slug)
        if kept and self._is_fresh(kept):
            return kept[1]
        paper = read_paper(slug, known=kept[1] if kept else None)
        self._papers[slug] = self._clock(), paper
        return paper


def read_paper(slug: str, *, known: Paper | None = None) -> Paper:
    """Read one poll's paper from the database; of the same revision as `known`, its rules need not be read."""
    with transaction() as session:
        try:
            poll = session.scalars(select(Poll).where(Poll.slug == slug).options(undefer(Poll.voter_key))).one_or_none()
        except UndecryptableError:
            raise Unavailable("投票暂时不能进行，请稍后再试。") from None
        if poll is None:
            raise NotFound("没有这项投票。")
        unchanged = known is not None and (known.poll_id, known.revision) == (poll.id, poll.revision)
        return _paper_of(poll, known.rules if known and unchanged else rules_of(session, poll.id))


def rules_of(session: Session, poll_id: int) -> BallotRules:
    """Return the rules a ballot in this poll has to follow."""
    awards = session.execute(
        select(Award.id, Award.name, Award.min_choices, Award.max_choices)
        .filter_by(poll_id=poll_id)
        .order_by(Award.position)
    ).all()
    candidates = session.execute(
        select(Candidate.award_id, Candidate.number, Candidate.withdrawn_at).filter_by(poll_id=poll_id)
    ).all()
    rules = tuple(
        AwardRule(name, least, most, frozenset(one.number for one in candidates if one.award_id == award))
        for award, name, least, most in awards
    )
    return BallotRules(rules, frozenset(one.number for one in candidates if one.withdrawn_at is not None))


def _paper_of(poll: Poll, rules: BallotRules) -> Paper:
    return Paper(
        poll_id=poll.id,
        slug=poll.slug,
        revision=poll.revision,
        state=poll.state,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        closed_early=ended_early(poll.closed_at, poll.closes_at),
        daily=poll.period == "daily",
        visibility=poll.visibility,
        followers_only=poll.followers_only,
        rules=rules,
        voter_key=poll.voter_key,
    )
