"""Pushes that take longer than the platform waits: promised, finished beside the web, and answered in the chat.

The platform hears `success` only once the push rests in the database, so that it is handled in the end whatever dies
meanwhile. The inbox sees to it that this has one effect; the answer goes out at most once.
"""

from datetime import timedelta

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from wechat.account import current_account
from wechat.errors import WeChatError
from wechat.followers import follower_digest
from wechat.inbox import StillHandled, identity_of, receive, take_answer
from wechat.messages import Push, Reply, parse_xml, read_push
from wechat.models import Follower, LatePush
from wechat.sending.customer import send_customer_message

log = structlog.get_logger(__name__)
FIRST_LOOK = timedelta(minutes=1)
_MOST_DOUBLINGS = 8


def promise(push: Push, message: bytes) -> int | None:
    """Write down that `push` will be handled; `message` is its XML. Returns the number to finish it by, if it waits."""
    identity = identity_of(push)
    mine = insert(LatePush).values(identity=identity, message=message, due_at=func.clock_now() + FIRST_LOOK)
    with transaction() as session:
        number = session.execute(mine.on_conflict_do_nothing().returning(LatePush.id)).scalar_one_or_none()
        if number is None:
            number = session.scalar(select(LatePush.id).filter_by(identity=identity))
    log.info("wechat_push_promised", kind=push.kind, name=push.event[:40])
    return number


def finish(number: int) -> None:
    """Handle a promised push, if nobody has, and send its answer, if the account may and the person still follows.

    May be called again at any point. Where the push is still being handled nothing happens: another look follows.
    """
    push = _promised(number)
    if push is None:
        return
    try:
        receive(push)
    except StillHandled:
        return
    with transaction() as session:
        reply = _take_over(session, number, push)
    if reply is not None:
        _send(push.openid, reply)


def take_due() -> tuple[int, ...]:
    """Return the promised pushes that it is time to look after, each time after a longer while."""
    doubled = func.power(2, func.least(LatePush.tries, _MOST_DOUBLINGS))
    due = update(LatePush).where(LatePush.due_at <= func.clock_now())
    later = due.values(tries=LatePush.tries + 1, due_at=func.clock_now() + FIRST_LOOK * doubled)
    with transaction() as session:
        return tuple(session.execute(later.returning(LatePush.id)).scalars())


def _promised(number: int) -> Push | None:
    with transaction() as session:
        message = session.scalar(select(LatePush.message).filter_by(id=number))
    return None if message is None else read_push(parse_xml(message))


def _take_over(session: Session, number: int, push: Push) -> Reply | None:
    """End the promise and return the answer that is to be sent; of several who come here, only one gets it."""
    ended = session.execute(delete(LatePush).filter_by(id=number).returning(LatePush.identity)).scalar_one_or_none()
    follows = session.scalar(select(Follower.follows).filter_by(digest=follower_digest(push.openid)))
    if ended is None or follows is False or not current_account().may("customer_message"):
        return None
    return take_answer(session, ended)


def _send(openid: str, reply: Reply) -> None:
    try:
        send_customer_message(openid, reply)
    except WeChatError as error:
        log.warning("wechat_late_answer_not_sent", kind=type(error).__name__, errcode=error.errcode)
