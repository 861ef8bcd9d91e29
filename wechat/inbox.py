"""The inbox: every push has its effect once, whoever repeats it, and one of the rooms' handlers answers it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

import orjson
import structlog
from flask import Flask, current_app
from psycopg.errors import LockNotAvailable
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from foundation.errors import AppError
from foundation.transaction import transaction
from wechat.account import current_account
from wechat.followers import note_event
from wechat.messages import Article, NewsReply, Push, Reply, TextReply
from wechat.models import AnsweredPush

__all__ = ["Article", "Handler", "NewsReply", "Push", "Reply", "TextReply", "receive", "register_handler"]

log = structlog.get_logger(__name__)
REMEMBERED = timedelta(days=1)
LOCK_WAIT = "4s"
_HANDLERS = "wechat_handlers"

Handler = Callable[[Push], Reply | None]
"""Answers a push or leaves it to the next; runs inside the push's transaction and calls nobody outside."""

Reader = Callable[[Push], Push | Reply]
"""Says what a push means before anybody is asked: the push in words that rooms know, or a reply at once."""


@dataclass(frozen=True, slots=True)
class _Handlers:
    read: Reader
    offered: list[Handler]
    last: tuple[Handler, ...]


def init_inbox(app: Flask, read: Reader, *last: Handler) -> None:
    """Open the inbox; `last` are asked when none of the handlers that rooms offer has answered."""
    app.extensions[_HANDLERS] = _Handlers(read, [], last)


def register_handler(app: Flask, handler: Handler) -> None:
    """Have `handler` asked after those that were registered before it; the first to answer wins."""
    handlers: _Handlers = app.extensions[_HANDLERS]
    handlers.offered.append(handler)


def receive(push: Push) -> Reply | None:
    """Handle a push, or repeat the answer it had; None says nothing to the person.

    The row that marks a push as handled is written in the transaction of its effects: a repeat that comes
    meanwhile waits for it, and one whose effects were rolled back is handled as if new.
    """
    try:
        with transaction() as session:
            return _handle_once(session, push)
    except AppError as error:
        log.info("wechat_push_declined", kind=push.kind, name=push.event[:40], error=error.code)
        # Whatever a handler refuses, the person did follow or leave.
        note_event(push)
        return TextReply(error.message)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        log.warning("wechat_push_waited_too_long", kind=push.kind, name=push.event[:40])
        return None


def identity_of(push: Push) -> bytes:
    """Return what names this push however often it is sent.

    A message has its MsgId. An event has none, and two real ones of one second differ in what they are about.
    """
    if push.kind != "event" and push.number:
        name = f"message {push.number}"
    else:
        about = (push.openid, int(push.sent_at.timestamp()), push.kind, push.event, push.event_key, push.number)
        name = orjson.dumps(about).decode()
    return current_account().digest("push", name)


def _handle_once(session: Session, push: Push) -> Reply | None:
    session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
    identity = identity_of(push)
    mine = insert(AnsweredPush).values(identity=identity).on_conflict_do_nothing()
    row = session.execute(mine.returning(AnsweredPush.id)).scalar_one_or_none()
    if row is None:
        # A statement of its own: the one that lost the race does not see the winner's row.
        return _read(session.execute(select(AnsweredPush.answer).filter_by(identity=identity)).scalar_one())
    reply = _handle(push)
    session.execute(update(AnsweredPush).filter_by(id=row).values(answer=_write(reply)))
    return reply


def _handle(push: Push) -> Reply | None:
    note_event(push)
    handlers: _Handlers = current_app.extensions[_HANDLERS]
    meant = handlers.read(push)
    if not isinstance(meant, Push):
        return meant
    for handler in (*handlers.offered, *handlers.last):
        reply = handler(meant)
        if reply is not None:
            return reply
    if push.kind == "event":
        log.info("wechat_event_unanswered", name=push.event[:40])
    return None


def _write(reply: Reply | None) -> bytes | None:
    return None if reply is None else orjson.dumps(asdict(reply))


def _read(answer: bytes | None) -> Reply | None:
    if answer is None:
        return None
    value = orjson.loads(answer)
    if "text" in value:
        return TextReply(value["text"])
    return NewsReply(tuple(Article(**article) for article in value["articles"]))
