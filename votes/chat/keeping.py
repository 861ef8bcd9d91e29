"""Drafts in the database: found by a digest of the openid, locked while one message is handled, gone after hours."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.ids import random_id
from foundation.transaction import transaction
from votes.chat.drafts import Draft
from votes.chat.models import ChatBallot
from votes.models import Poll
from wechat.account import current_account

KEPT = timedelta(hours=12)
"""As long as this after the last message a draft can be gone on with."""


@dataclass(frozen=True, slots=True)
class Question:
    """The polls (slugs) among which the voter is asked to choose, in the order in which they were told."""

    polls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """One row: a draft in the poll `slug`, or a question, and the time since the voter's last message."""

    id: int
    slug: str
    state: Draft | Question
    idle: timedelta


def lock_talk(session: Session, openid: str) -> Kept | None:
    """Return what the voter was last at, locked until the transaction ends; None where nothing is under way."""
    voter = _digest(openid)
    session.execute(delete(ChatBallot).where(ChatBallot.voter == voter, ChatBallot.touched_at <= _expired()))
    query = select(ChatBallot.id, Poll.slug, ChatBallot.state, func.clock_now() - ChatBallot.touched_at)
    query = query.outerjoin(Poll, Poll.id == ChatBallot.poll_id).where(ChatBallot.voter == voter)
    # All of them in one order, so that two messages of one person wait for each other and never in a circle.
    rows = session.execute(query.order_by(ChatBallot.id).with_for_update(of=ChatBallot)).all()
    if not rows:
        return None
    last = min(rows, key=lambda row: (row[3], -row[0]))
    return Kept(last[0], last[1] or "", _read(last[2]), last[3])


def begin_draft(session: Session, openid: str, poll_id: int, slug: str) -> Kept:
    """Return the voter's draft in a poll, a new one where there is none, locked."""
    voter = _digest(openid)
    _put(session, voter, poll_id, Draft(random_id()))
    query = select(ChatBallot.id, ChatBallot.state).where(ChatBallot.voter == voter, ChatBallot.poll_id == poll_id)
    row = session.execute(query.with_for_update()).one()
    state = _read(row[1])
    assert isinstance(state, Draft)  # noqa: S101  # a row with a poll is a draft
    return Kept(row[0], slug, state, timedelta(0))


def ask(session: Session, openid: str, polls: Sequence[str]) -> None:
    """Note that the voter is asked in which of `polls` they want to vote."""
    voter, question = _digest(openid), Question(tuple(polls))
    _put(session, voter, None, question)
    mine = update(ChatBallot).where(ChatBallot.voter == voter, ChatBallot.poll_id.is_(None))
    session.execute(mine.values(state=_write(question), touched_at=func.clock_now()))


def drop_question(session: Session, openid: str) -> None:
    """Note that the voter is no longer asked in which poll they want to vote."""
    mine = ChatBallot.voter == _digest(openid)
    session.execute(delete(ChatBallot).where(mine, ChatBallot.poll_id.is_(None)))


def keep(session: Session, kept: Kept, draft: Draft) -> None:
    """Keep what is chosen now; the hours count anew."""
    mine = update(ChatBallot).where(ChatBallot.id == kept.id)
    session.execute(mine.values(state=_write(draft), touched_at=func.clock_now()))


def drop(session: Session, kept: Kept) -> None:
    session.execute(delete(ChatBallot).where(ChatBallot.id == kept.id))


def forget_chat(session: Session, openid: str) -> None:
    """Delete what somebody has under way in the chat; ballots that were cast stay."""
    session.execute(delete(ChatBallot).where(ChatBallot.voter == _digest(openid)))


def drop_expired() -> int:
    """Delete what nobody has gone on with for hours; returns how many."""
    with transaction() as session:
        done = session.execute(delete(ChatBallot).where(ChatBallot.touched_at <= _expired()))
    assert isinstance(done, CursorResult)  # noqa: S101  # what a DELETE gives
    return done.rowcount


def under_way(openid: str) -> tuple[tuple[str, datetime], ...]:
    """Return the title of each poll in which somebody has a draft, and when they last wrote."""
    mine = (ChatBallot.voter == _digest(openid)) & (ChatBallot.touched_at > _expired())
    query = select(Poll.title, ChatBallot.touched_at).join(Poll, Poll.id == ChatBallot.poll_id).where(mine)
    with transaction() as session:
        return tuple((row[0], row[1]) for row in session.execute(query.order_by(ChatBallot.id)))


def _put(session: Session, voter: bytes, poll_id: int | None, state: Draft | Question) -> None:
    """Insert a row unless it is there; a draft that is there keeps its nonce."""
    new = insert(ChatBallot).values(voter=voter, poll_id=poll_id, state=_write(state))
    session.execute(new.on_conflict_do_nothing())


def _expired() -> object:
    return func.clock_now() - KEPT


def _digest(openid: str) -> bytes:
    return current_account().digest("chat ballot", openid)


def _write(state: Draft | Question) -> bytes:
    return orjson.dumps(asdict(state))


def _read(raw: bytes) -> Draft | Question:
    value = orjson.loads(raw)
    if "polls" in value:
        return Question(tuple(value["polls"]))
    return Draft(value["nonce"], tuple(value["choices"]), value["page"], value["changed_at"], value["unanswered"])
