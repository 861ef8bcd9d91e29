"""What the roof hands from one instrument to the other: the polls, as notices take their subjects and lines."""

from collections.abc import Iterator, Sequence

from flask import Flask, current_app
from sqlalchemy.orm import Session

from config import Settings
from foundation.clock import database_now, show_moment
from foundation.transaction import transaction
from publicity.notices.offers import Offered, SubjectSource, offer_subjects
from publicity.notices.subjects import Subject
from votes.models import Candidate, Poll
from votes.ordering import order_candidates
from votes.overview import list_polls
from votes.phases import Phase, phase_of
from votes.polls import default_rules_text, poll_to_read

SOURCE, KIND = "polls", "candidate"
_OVER = frozenset({Phase.CLOSED, Phase.CERTIFIED})


def offer_polls(app: Flask) -> None:
    """Let notices take over the candidates of a poll, and the lines that announce its beginning or its end."""
    offer_subjects(app, SubjectSource(SOURCE, "投票的候选对象", _choices, offered_by_poll))


def _choices() -> Sequence[tuple[str, str]]:
    """Return slug and title of every poll, the latest first."""
    return [(poll.slug, poll.title) for poll in list_polls()]


def offered_by_poll(slug: str) -> Offered:
    """Return the candidates who stand, in the order of their lists, and the poll's lines; raises NotFound."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        subjects = tuple(_subject(poll, candidate) for candidate in _listed(poll))
        return Offered(subjects, tuple(_lines(session, poll)))


def _listed(poll: Poll) -> Iterator[Candidate]:
    for award in poll.awards:
        listed = order_candidates(award.candidates, poll.candidate_order, poll.draw_seed)
        yield from (candidate for candidate in listed if candidate.withdrawn_at is None)


def _subject(poll: Poll, candidate: Candidate) -> Subject:
    return Subject(
        kind=KIND,
        key=f"{poll.slug}-{candidate.number}",
        heading=candidate.award.name,
        name=candidate.name,
        text=candidate.post,
        unit=candidate.unit,
    )


def _lines(session: Session, poll: Poll) -> Iterator[str]:
    """Say what a reader has to know of the poll: how to vote, or once it is over where the results are."""
    phase = phase_of(poll.state, poll.opens_at, poll.closes_at, database_now(session))
    address = f"{_site()}/polls/{poll.slug}"
    if phase not in _OVER:
        yield f"{poll.title}{_window(poll)}。"
        yield from (poll.rules_text or default_rules_text(poll)).splitlines()
        yield f"投票网址：{address}"
    else:
        yield f"{poll.title}已于{show_moment(poll.closed_at or poll.closes_at, year=True)}结束。"
        yield f"投票结果已经认证，公布在：{address}/results" if phase is Phase.CERTIFIED else "投票结果经认证后公布。"
    yield from _phones(poll)


def _phones(poll: Poll) -> Iterator[str]:
    numbers = (("咨询电话", poll.enquiry_phone), ("监督电话", poll.supervision_phone))
    said = [f"{words}：{number}" for words, number in numbers if number]
    if said:
        yield f"{'；'.join(said)}。"


def _window(poll: Poll) -> str:
    if poll.opens_at is None or poll.closes_at is None:
        return "的投票时间另行公布"
    return f"定于{show_moment(poll.opens_at, year=True)}开始，{show_moment(poll.closes_at, year=True)}结束"


def _site() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.public_url
