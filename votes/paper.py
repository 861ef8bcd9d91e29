"""The ballot paper as casting needs it: rules, window and key of a poll, read at most once a second."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from foundation.encryption import UndecryptableError
from foundation.errors import NotFound, Unavailable
from foundation.transaction import transaction
from votes.models import Poll
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
        if kept and self._clock() - kept[0] < SECONDS_KEPT:
            return kept[1]
        with self._lock:
            kept = self._papers.get(slug)
            if kept and self._clock() - kept[0] < SECONDS_KEPT:
                return kept[1]
            paper = read_paper(slug)
            self._papers[slug] = self._clock(), paper
            return paper

    def forget(self, slug: str) -> None:
        self._papers.pop(slug, None)


def read_paper(slug: str) -> Paper:
    """Read one poll's paper from the database."""
    with transaction() as session:
        query = select(Poll).where(Poll.slug == slug).options(selectinload(Poll.awards), selectinload(Poll.candidates))
        try:
            poll = session.scalars(query).one_or_none()
        except UndecryptableError:
            raise Unavailable("投票暂时不能进行，请稍后再试。") from None
        if poll is None:
            raise NotFound("没有这项投票。")
        return _paper_of(poll)


def rules_of(poll: Poll) -> BallotRules:
    """Return the rules a ballot in this poll has to follow."""
    awards = tuple(
        AwardRule(
            award.name,
            award.min_choices,
            award.max_choices,
            frozenset(c.number for c in poll.candidates if c.award_id == award.id),
        )
        for award in poll.awards
    )
    return BallotRules(awards, frozenset(c.number for c in poll.candidates if c.withdrawn_at is not None))


def _paper_of(poll: Poll) -> Paper:
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
        rules=rules_of(poll),
        voter_key=poll.voter_key,
    )
