"""The inbox: every push has its effect once, whoever repeats it, and one of the rooms' handlers answers it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial

import orjson
import structlog
from flask import Flask, current_app
from psycopg.errors import LockNotAvailable
from sqlalchemy import exists, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from foundation.errors import AppError
from foundation.transaction import transaction
from wechat.account import current_account
from wechat.followers import note_event
from wechat.forgetting import person_digest
from wechat.messages import Article, NewsReply, Push, Reply, TextReply
from wechat.models import AnsweredPush, LatePush

__all__ = [
    "Article",
    "Handler",
    "NewsReply",
    "Push",
    "Reply",
    "StillHandled",
    "TextReply",
    "receive",
    "register_handler",
    "register_job_listener",
]

log = structlog.get_logger(__name__)
REMEMBERED = timedelta(days=1)
LOCK_WAIT = "4s"
_HANDLERS = "wechat_handlers"

Handler = Callable[[Push], Reply | None]
"""Answers a push or leaves it to the next; runs inside the push's transaction, which is undone where it raises.

One that takes seconds keeps nobody waiting but the person it answers: that answer then goes out later.
"""

Reader = Callable[[Push], Push | Reply]
"""Says what a push means before anybody is asked: the push in words that rooms know, or a reply at once."""

Listener = Callable[[Push], None]
"""Takes note of an event that the platform sends of its own accord (`push.news`), inside the push's transaction."""


class StillHandled(Exception):
    """The same push is being handled elsewhere, and that takes longer than one can wait."""


@dataclass(frozen=True, slots=True)
class _Handlers:
    read: Reader
    offered: list[Handler]
    last: tuple[Handler, ...]
    listeners: dict[str, list[Listener]] = field(default_factory=dict)


def init_inbox(app: Flask, read: Reader, *last: Handler) -> None:
    """Open the inbox; `last` are asked when none of the handlers that rooms offer has answered."""
    app.extensions[_HANDLERS] = _Handlers(read, [], last)


def register_handler(app: Flask, handler: Handler) -> None:
    """Have `handler` asked after those that were registered before it; the first to answer wins."""
    handlers: _Handlers = app.extensions[_HANDLERS]
    handlers.offered.append(handler)


def register_job_listener(app: Flask, event: str, listener: Listener) -> None:
    """Have `listener` told of every event of this name ("MASSSENDJOBFINISH", …), once each; all of them are told."""
    handlers: _Handlers = app.extensions[_HANDLERS]
    handlers.listeners.setdefault(event, []).append(listener)


def receive(push: Push) -> Reply | None:
    """Handle a push, or repeat the answer it had; None says nothing to the person. Raises StillHandled.

    The row that marks a push as handled is written in the transaction of its effects: a repeat that comes
    meanwhile waits for it, and one whose effects were rolled back is handled as if new. What a use case refuses is
    undone, and the sentence is the answer.
    """
    try:
        return _receive(push)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        log.warning("wechat_push_waited_too_long", kind=push.kind, name=push.event[:40])
        raise StillHandled from None


def identity_of(push: Push) -> bytes:
    """Return what names this push however often it is sent.

    A message has its MsgId. An event has none, and two real ones of one second differ in what they are about.
    """
    if push.kind != "event" and push.number:
        name = f"message {push.number}"
    else:
        number = push.news.job if push.news else push.number
        about = (push.openid, int(push.sent_at.timestamp()), push.kind, push.event, push.event_key, number)
        name = orjson.dumps(about).decode()
    return current_account().digest("push", name)


def take_answer(session: Session, identity: bytes) -> Reply | None:
    """Return the answer to a handled push, which goes out another way now: a repeat of the push gets none."""
    of_this = select(AnsweredPush.answer).filter_by(identity=identity).with_for_update()
    answer = session.execute(of_this).scalar_one_or_none()
    session.execute(update(AnsweredPush).filter_by(identity=identity).values(answer=None))
    return _read(answer)


def _receive(push: Push) -> Reply | None:
    try:
        return _once(push, _handle)
    except AppError as error:
        log.info("wechat_push_declined", kind=push.kind, name=push.event[:40], error=error.code)
        return _once(push, partial(_decline, TextReply(error.message)))


def _once(push: Push, handle: Handler) -> Reply | None:
    identity = identity_of(push)
    with transaction() as session:
        session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
        mine = insert(AnsweredPush).values(identity=identity, person=person_digest(push.openid))
        row = session.execute(mine.on_conflict_do_nothing().returning(AnsweredPush.id)).scalar_one_or_none()
        if row is None:
            return _repeat(session, identity)
        reply = handle(push)
        session.execute(update(AnsweredPush).filter_by(id=row).values(answer=_write(reply)))
        return reply


def _repeat(session: Session, identity: bytes) -> Reply | None:
    """Return the answer there was; none where it goes out another way."""
    # A statement of its own: the one that lost the race does not see the winner's row.
    is_late = exists().where(LatePush.identity == identity)
    query = select(AnsweredPush.answer).where(AnsweredPush.identity == identity, ~is_late)
    return _read(session.execute(query).scalar_one_or_none())


def _handle(push: Push) -> Reply | None:
    note_event(push)
    handlers: _Handlers = current_app.extensions[_HANDLERS]
    listeners = handlers.listeners.get(push.event, [])
    for listener in listeners:
        listener(push)
    meant = handlers.read(push)
    if not isinstance(meant, Push):
        return meant
    for handler in (*handlers.offered, *handlers.last):
        reply = handler(meant)
        if reply is not None:
            return reply
    if push.kind == "event" and not listeners:
        log.info("wechat_event_unanswered", name=push.event[:40])
    return None


def _decline(sentence: TextReply, push: Push) -> Reply | None:
    # Whatever a handler refuses, the person did follow or leave.
    note_event(push)
    return sentence if push.may_be_answered else None


def _write(reply: Reply | None) -> bytes | None:
    return None if reply is None else orjson.dumps(asdict(reply))


def _read(answer: bytes | None) -> Reply | None:
    if answer is None:
        return None
    value = orjson.loads(answer)
    if "text" in value:
        return TextReply(value["text"])
    return NewsReply(tuple(Article(**article) for article in value["articles"]))
