"""One sending from plan to answer: written down, called once, marked; what is unknown is asked again by the same id."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog

from foundation.clock import database_now
from foundation.errors import Conflict
from foundation.transaction import transaction
from wechat.errors import AlreadySent, Unreachable, WeChatError
from wechat.sending.ledger import Job, Kind, Numbers, Order, note_refused, note_sent, plan
from wechat.sending.retrying import EFFECT_UNKNOWN

log = structlog.get_logger(__name__)
Answer = dict[str, Any]

ID_LASTS: dict[Kind, timedelta] = {
    "mass": timedelta(hours=23),
    "template": timedelta(minutes=9),
    "preview": timedelta.max,
}
"""How long the same call has no second effect: the platform keeps a clientmsgid for 24 hours and a client_msg_id for 10
minutes, each here with a margin; a second preview hurts nobody."""

_NUMBERS: dict[Kind, tuple[str, str]] = {
    "mass": ("msg_id", "msg_data_id"),
    "preview": ("msg_id", ""),
    "template": ("msgid", ""),
    "draft": ("media_id", ""),
    "publication": ("publish_id", "msg_data_id"),
}


class OutcomeUnknown(Conflict):
    """It was sent, or was not, too long ago for the platform to know the id again: a person has to look and decide."""

    def __init__(self) -> None:
        super().__init__("上一次发送的结果不明，再发可能会重复。请先到公众平台查看有没有发出，再用新的编号重发。")


def deliver(order: Order, call: Callable[[], Answer], *, before: Callable[[], None] | None = None) -> Job:
    """Send what `order` plans by `call`, unless that was done; returns its row, not to be called inside a transaction.

    `before` is asked before something new is sent, and raises where it may not be. Raises WeChatError (retry_of says
    whether to try again) and OutcomeUnknown.
    """
    job, mine = plan(order)
    if job.state != "planned":
        return job
    if not mine:
        _still_known(job)
    elif before is not None:
        asked_first(order.key, before)
    return make_call(order, call)


def make_call(order: Order, call: Callable[[], Answer]) -> Job:
    """Make the call of something planned and mark what came of it; what nobody knows stays planned."""
    try:
        answer = call()
    except AlreadySent as error:
        answer = dict(error.answer)
    except EFFECT_UNKNOWN:
        log.warning("wechat_sending_unknown", kind=order.kind)
        raise
    except WeChatError as error:
        note_refused(order.key, f"errcode {error.errcode}")
        raise
    return note_sent(order.key, numbers_of(order.kind, answer))


def numbers_of(kind: Kind, answer: Answer) -> Numbers:
    number, data_id = (str(answer.get(name) or "") or None for name in _NUMBERS[kind])
    if _NUMBERS[kind][0] and number is None:
        # A success without its number is no answer of the platform's; the same id brings the number.
        raise Unreachable
    return Numbers(number, data_id)


def _still_known(job: Job) -> None:
    with transaction() as session:
        age = database_now(session) - job.planned_at
    if age > ID_LASTS.get(job.kind, timedelta(0)):
        raise OutcomeUnknown


def asked_first(key: str, before: Callable[[], None]) -> None:
    """Ask whether what is planned may be sent; if `before` raises, the key may be tried anew."""
    try:
        before()
    except Exception:
        note_refused(key, "not allowed")
        raise
