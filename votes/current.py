"""Which polls matter to a reader right now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from foundation.clock import database_now
from foundation.transaction import transaction
from votes.models import Poll
from votes.phases import Phase, ended_early, phase_of
from votes.results import may_see_results


@dataclass(frozen=True, slots=True)
class CurrentPoll:
    """A poll as the home page and the chat name it; `shows_results` to a reader who has not voted."""

    slug: str
    title: str
    phase: Phase
    opens_at: datetime | None
    closes_at: datetime | None
    shows_results: bool
    closed_early: datetime | None = None

    @property
    def path(self) -> str:
        return f"/polls/{self.slug}"


_ORDER = (Phase.OPEN, Phase.NOT_OPEN, Phase.CLOSED, Phase.CERTIFIED)


def current_polls() -> tuple[CurrentPoll, ...]:
    """Return all polls past draft: those that take ballots first, then what is to come, what was last."""
    with transaction() as session:
        now = database_now(session)
        polls = session.scalars(select(Poll).where(Poll.state != "draft").order_by(Poll.opens_at.desc()))
        found = [_current(poll, now) for poll in polls]
    return tuple(sorted(found, key=lambda poll: _ORDER.index(poll.phase)))


def poll_to_vote_in() -> CurrentPoll | None:
    """Return the poll that somebody who wants to vote means, None where there is none or more than one."""
    open_now = [poll for poll in current_polls() if poll.phase is Phase.OPEN]
    return open_now[0] if len(open_now) == 1 else None


def _current(poll: Poll, now: datetime) -> CurrentPoll:
    phase = phase_of(poll.state, poll.opens_at, poll.closes_at, now)
    shows = may_see_results(poll.visibility, phase, has_voted=False)
    early = ended_early(poll.closed_at, poll.closes_at)
    return CurrentPoll(poll.slug, poll.title, phase, poll.opens_at, poll.closes_at, shows, early)
