"""What the public reads of a poll: its page, its candidates, and what is personal about the reader."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from foundation.clock import database_now
from foundation.errors import NotFound
from foundation.transaction import transaction
from votes.ballot_page import AwardColumn, BallotPage, CandidateCard, paragraphs_of, points_of, shorten
from votes.models import Award, Candidate, Poll
from votes.ordering import order_candidates
from votes.paper import Paper
from votes.phases import Phase, ended_early, phase_of
from votes.receipts import Receipt, own_receipt
from votes.results import may_see_results
from votes.voters import KEY_IS_GONE, voter_tag
from wechat.identity import Voter


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """A candidate with the whole of their deeds, and the award they stand for."""

    page: BallotPage
    award: AwardColumn
    card: CandidateCard
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Me:
    """What a poll's page has to know about its reader; `order_seed` shuffles candidates where every voter has an
    order of their own. `note` says why a receipt cannot be found for somebody who may have one.
    """

    signed_in: bool
    snapshot: bool
    receipt: Receipt | None
    order_seed: str | None
    now: datetime
    phase: Phase
    sees_results: bool
    note: str = ""


def read_ballot_page(slug: str) -> BallotPage:
    """Return what the ballot page says to everyone; raises NotFound."""
    with transaction() as session:
        return _ballot_page(_poll(session, slug))


def read_candidate_page(slug: str, number: int) -> CandidatePage:
    """Return one candidate's page; raises NotFound."""
    with transaction() as session:
        poll = _poll(session, slug)
        page = _ballot_page(poll)
        for candidate in poll.candidates:
            if candidate.number == number:
                award, card = _place_on(page, number)
                return CandidatePage(page, award, card, paragraphs_of(candidate.deeds))
    raise NotFound("没有这个编号的候选对象。")


def read_me(paper: Paper, voter: Voter | None) -> Me:
    """Return what is personal on the pages of one poll."""
    key = paper.voter_key
    tag = voter_tag(key, voter.openid) if voter and key else None
    receipt = own_receipt(paper.poll_id, tag) if tag else None
    with transaction() as session:
        now = database_now(session)
    phase = phase_of(paper.state, paper.opens_at, paper.closes_at, now)
    return Me(
        signed_in=voter is not None,
        snapshot=voter is not None and voter.snapshot,
        receipt=receipt,
        order_seed=hmac.digest(key, b"order" + tag, "sha256").hex()[:16] if key and tag else None,
        now=now,
        phase=phase,
        sees_results=may_see_results(paper.visibility, phase, has_voted=receipt is not None),
        note=KEY_IS_GONE if voter and key is None else "",
    )


def _poll(session: Session, slug: str) -> Poll:
    query = select(Poll).where(Poll.slug == slug).options(selectinload(Poll.awards), selectinload(Poll.candidates))
    poll = session.scalars(query).one_or_none()
    if poll is None:
        raise NotFound("没有这项投票。")
    return poll


def _ballot_page(poll: Poll) -> BallotPage:
    return BallotPage(
        slug=poll.slug,
        title=poll.title,
        period=poll.period,
        candidate_order=poll.candidate_order,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        enquiry_phone=poll.enquiry_phone,
        supervision_phone=poll.supervision_phone,
        rules=points_of(poll.rules_text),
        awards=tuple(_column(poll, award) for award in poll.awards),
        closed_early=ended_early(poll.closed_at, poll.closes_at),
    )


def _column(poll: Poll, award: Award) -> AwardColumn:
    listed = order_candidates(_candidates_of(poll, award), poll.candidate_order, poll.draw_seed)
    choosable = sum(candidate.withdrawn_at is None for candidate in listed)
    return AwardColumn(
        name=award.name,
        for_organisations=award.for_organisations,
        places=award.places,
        min_choices=min(award.min_choices, choosable),
        max_choices=award.max_choices,
        candidates=tuple(map(_card, listed)),
    )


def _candidates_of(poll: Poll, award: Award) -> Iterator[Candidate]:
    return (candidate for candidate in poll.candidates if candidate.award_id == award.id)


def _card(candidate: Candidate) -> CandidateCard:
    return CandidateCard(
        number=candidate.number,
        name=candidate.name,
        unit=candidate.unit,
        post=candidate.post,
        brief=shorten(candidate.brief),
        initials=candidate.initials,
        photo=candidate.photo,
        thumbnail=candidate.thumbnail,
        withdrawn=candidate.withdrawn_at is not None,
    )


def _place_on(page: BallotPage, number: int) -> tuple[AwardColumn, CandidateCard]:
    return next((award, card) for award in page.awards for card in award.candidates if card.number == number)
