"""Voting in the chat, message by message: finds what is under way, answers, and has a confirmed ballot cast.

Everything happens in the push's transaction but the ballot, which the ledger commits by itself. The nonce was kept
before, with an earlier message; so whatever becomes of this transaction, the same ballot is found again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.errors import Unavailable
from foundation.transaction import transaction
from votes.casting import BallotBox, Outcome, Status, cast_ballot
from votes.chat import conversation, keeping, wording
from votes.chat.conversation import Turn
from votes.chat.drafts import Draft, drop_withdrawn
from votes.chat.intentions import Intention, Other, Wish, read_intention
from votes.chat.keeping import Kept, Question
from votes.chat.numbers import read_number, words_in
from votes.chat.sheet import Sheet
from votes.chat.sheets import SheetShelf
from votes.current import CurrentPoll, current_polls
from votes.ledger import find_by_nonce
from votes.paper import Paper
from votes.parts import votes_parts
from votes.phases import Phase
from votes.reading import Me, read_me
from votes.receipts import Receipt
from votes.voters import voter_tag
from wechat.account import current_account
from wechat.followers import follower_digest
from wechat.identity import Voter
from wechat.models import Follower

EXTENSION = "votes_chat"
CHANNEL = "chat"
ATTENTIVE = timedelta(minutes=30)
"""For so long after a message everything that nobody else answers is taken as meant for the vote."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A text by somebody at a time, and whether another answer to it is known than the help text."""

    openid: str
    text: str
    sent_at: datetime
    meant_elsewhere: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a voter stands in one poll."""

    paper: Paper
    sheet: Sheet
    me: Me


def start(openid: str, which: str = "") -> str:
    """Begin to vote in the chat, or go on; `which` says in which poll, by its place in the list or by its title."""
    polls = [poll for poll in current_polls() if poll.phase is Phase.OPEN]
    if not polls:
        coming = [poll for poll in current_polls() if poll.phase is Phase.NOT_OPEN]
        return wording.opens_later(coming[-1].title, coming[-1].opens_at) if coming else wording.NO_POLL
    found = polls if len(polls) == 1 else _find(polls, which)
    with transaction() as session:
        if len(found) == 1:
            return _begin(session, openid, found[0].slug)
        keeping.lock_talk(session, openid)
        keeping.ask(session, openid, [poll.slug for poll in polls])
        return wording.which_poll([poll.title for poll in polls])


def answer(letter: Letter) -> str | None:
    """Answer a message of somebody who is voting in the chat; None where it is not meant for the vote."""
    with transaction() as session:
        kept = keeping.lock_talk(session, letter.openid)
        if kept is None:
            confirms = read_intention(letter.text) is Wish.CONFIRM
            return _confirmed_without_draft(letter.openid) if confirms else None
        if isinstance(kept.state, Question):
            return _answer_which(session, letter, kept, kept.state)
        place = _place(kept.slug, letter.openid)
        said = read_intention(letter.text, [award.name for award in place.sheet.awards])
        if isinstance(said, Other) and _is_not_for_us(letter, kept, place.sheet, said):
            return None
        return _go_on(session, letter, kept, place, said)


def _go_on(session: Session, letter: Letter, kept: Kept, place: _Place, said: Intention) -> str:
    draft, receipt = _draft_of(kept), place.me.receipt
    mine = _ballot_of(session, place, letter.openid, draft)
    if mine is not None:
        turn = Turn(None, wording.received(place.sheet, mine, current_account().site))
    elif receipt is not None:
        turn = Turn(None, _voted_before(place, receipt, discarded=bool(draft.choices)))
    elif place.me.phase in (Phase.CLOSED, Phase.CERTIFIED):
        turn = Turn(None, wording.closed(place.sheet.title))
    else:
        turn = conversation.converse(place.sheet, draft, said, int(letter.sent_at.timestamp()))
    if turn.casts:
        turn = _cast(letter, place, draft)
    if turn.draft is None:
        keeping.drop(session, kept)
    else:
        keeping.keep(session, kept, turn.draft)
    return turn.answer


def _begin(session: Session, openid: str, slug: str) -> str:
    keeping.lock_talk(session, openid)
    place = _place(slug, openid)
    kept = keeping.begin_draft(session, openid, place.paper.poll_id, slug)
    if place.me.receipt is not None:
        keeping.drop(session, kept)
        return _voted_before(place, place.me.receipt, discarded=False)
    if _ballot_of(session, place, openid, _draft_of(kept)) is not None:
        # Cast on another day, by a message that was lost; this is a new ballot.
        keeping.drop(session, kept)
        kept = keeping.begin_draft(session, openid, place.paper.poll_id, slug)
    turn = conversation.begin(place.sheet, _draft_of(kept))
    keeping.drop_question(session, openid)
    keeping.keep(session, kept, turn.draft or _draft_of(kept))
    return turn.answer


def _draft_of(kept: Kept) -> Draft:
    assert isinstance(kept.state, Draft)  # noqa: S101  # a row with a poll is a draft
    return kept.state


def _ballot_of(session: Session, place: _Place, openid: str, draft: Draft) -> Receipt | None:
    """Return the receipt of the ballot that was cast from this very draft, by a message whose handling was lost."""
    paper = place.paper
    if paper.voter_key is None:
        return None
    found = find_by_nonce(session, paper.poll_id, voter_tag(paper.voter_key, openid), draft.nonce)
    if found is None or found.code is None or found.accepted_at is None:
        return None
    return Receipt(found.code, paper.slug, found.accepted_at)


def _answer_which(session: Session, letter: Letter, kept: Kept, question: Question) -> str | None:
    told = {poll.slug: poll for poll in current_polls()}
    polls = [told[slug] for slug in question.polls if slug in told]
    found = _find(polls, letter.text)
    if len(found) == 1:
        return _begin(session, letter.openid, found[0].slug)
    said = read_intention(letter.text)
    if said is Wish.STOP:
        keeping.drop(session, kept)
        return wording.STOPPED
    if isinstance(said, Other) and (kept.idle > ATTENTIVE or letter.meant_elsewhere()):
        return None
    return wording.which_poll([poll.title for poll in polls])


def _find(polls: list[CurrentPoll], which: str) -> list[CurrentPoll]:
    """Return the polls that `which` may mean: one by its place, or those with these words in their title."""
    place = read_number(which)
    if place is not None:
        return polls[place - 1 : place] if place else []
    words = "".join(which.split())
    return [poll for poll in polls if words and words in "".join(poll.title.split())]


def _confirmed_without_draft(openid: str) -> str | None:
    """Answer a second 确认: the receipt again, where there is one."""
    polls = [poll for poll in current_polls() if poll.phase is Phase.OPEN]
    for poll in polls:
        place = _place(poll.slug, openid)
        if place.me.receipt is not None:
            return _voted_before(place, place.me.receipt, discarded=False)
    return wording.NOTHING_TO_CONFIRM if polls else None


def _is_not_for_us(letter: Letter, kept: Kept, sheet: Sheet, said: Other) -> bool:
    if sheet.named(words_in(said.text)):
        return False
    return kept.idle > ATTENTIVE or letter.meant_elsewhere()


def _place(slug: str, openid: str) -> _Place:
    """Read how the poll stands for a voter; raises NotFound, and Unavailable where its key cannot be had."""
    paper = votes_parts().shelf.get(slug)
    shelf: SheetShelf = current_app.extensions[EXTENSION]
    sheet, me = shelf.get(paper, current_account().site), read_me(paper, Voter(openid, snapshot=False))
    if sheet.order == "per_voter" and me.order_seed:
        sheet = sheet.arranged(me.order_seed)
    return _Place(paper, sheet, me)


def _cast(letter: Letter, place: _Place, draft: Draft) -> Turn:
    """Hand the ballot to the ledger and say what became of it; the draft goes once that is known."""
    outcome = _hand_in(letter, place.sheet.slug, draft)
    title = place.sheet.title
    match outcome.status:
        case Status.ACCEPTED | Status.REPLAYED if outcome.receipt:
            return Turn(None, wording.received(place.sheet, outcome.receipt, current_account().site))
        case Status.ALREADY_VOTED if outcome.receipt:
            return Turn(None, _voted_before(place, outcome.receipt, discarded=True))
        case Status.CLOSED:
            return Turn(None, wording.closed(title))
        case Status.TOO_FAST:
            return Turn(draft, wording.too_fast(outcome.wait))
        case Status.INVALID:
            return _changed(letter, draft, place.sheet.slug)
        case Status.NOT_ALLOWED:
            settled = replace(draft, unanswered=False)
            follow = outcome.reason == "not_following"
            return Turn(settled, wording.NOT_FOLLOWING if follow else wording.not_begun(title))
    return Turn(replace(draft, unanswered=True), wording.UNAVAILABLE)


def _hand_in(letter: Letter, slug: str, draft: Draft) -> Outcome:
    parts = votes_parts()
    parts.limits.look()
    box: BallotBox = replace(parts.box, follows=lambda openid: _followed_at(openid, letter.sent_at))
    voter, choices = Voter(letter.openid, snapshot=False), sorted(draft.choices)
    try:
        outcome = cast_ballot(box, slug, voter, choices, draft.nonce, network=None)
    except Unavailable:
        return Outcome(Status.UNAVAILABLE)
    if outcome.status is Status.ACCEPTED and outcome.receipt:
        parts.sources.count(slug, outcome.receipt.accepted_at, CHANNEL)
    return outcome


def _changed(letter: Letter, draft: Draft, slug: str) -> Turn:
    """The paper changed between the look at it and the ledger: show what is left of the choices, to be confirmed."""
    place = _place(slug, letter.openid)
    left, gone = drop_withdrawn(place.sheet, replace(draft, unanswered=False))
    notes = [wording.dropped(place.sheet, gone)] if gone else [wording.CHANGED]
    return Turn(left, wording.summary(place.sheet, left, notes))


def _followed_at(openid: str, moment: datetime) -> bool:
    """Tell whether somebody who wrote at `moment` follows: only followers can write, unless they left since."""
    with transaction() as session:
        left = Follower.follows.is_(False) & (Follower.changed_at >= moment)
        query = select(Follower.id).where(Follower.digest == follower_digest(openid), left)
        return session.scalar(query) is None


def _voted_before(place: _Place, receipt: Receipt, *, discarded: bool) -> str:
    site, sheet = current_account().site, place.sheet
    daily = sheet.daily and place.me.phase is Phase.OPEN
    return wording.voted_before(sheet.title, receipt, site, daily=daily, discarded=discarded)
