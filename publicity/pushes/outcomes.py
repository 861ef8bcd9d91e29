"""What an answer of the platform means for one delivery, and for the whole push; pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from wechat.errors import (
    InvalidArgument,
    Misconfigured,
    NoMassQuota,
    NotAFollower,
    NotPermitted,
    QuotaReached,
    RecipientBlocked,
    RecipientRefused,
    TokenRefused,
    WeChatError,
    refusal,
)
from wechat.sending.recipients import UNKNOWN_OPENID
from wechat.sending.retrying import EFFECT_UNKNOWN, retry_of

State = Literal[
    "waiting", "sending", "sent", "delivered", "blocked", "refused", "unfollowed", "failed", "unknown", "cancelled"
]
REACHED: tuple[State, ...] = ("sent", "delivered")
PERSON_SAYS = (NotAFollower, RecipientBlocked, RecipientRefused)
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0  # seconds until a doubtful message is sent again, doubled each time
SHORT_REST = 60.0  # seconds; settings are wrong, or no token is taken


@dataclass(frozen=True, slots=True)
class Stop:
    """That the whole push stands still: for good (`fails`), until `until` or for `seconds`, or until a person looks."""

    reason: str
    fails: bool = False
    until: datetime | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended: the delivery's state from now on, and whether nobody knows if the message arrived.

    One that waits is not tried again before `wait` seconds are over.
    """

    state: State
    number: str | None = None
    errcode: int | None = None
    in_doubt: bool = False
    wait: float = 0.0
    stop: Stop | None = None

    @property
    def concerns_the_person(self) -> bool:
        return self.state in ("blocked", "refused", "unfollowed") or self.errcode == UNKNOWN_OPENID


def outcome_of(error: WeChatError, *, tries: int, doubted: bool, has_id: bool) -> Outcome:
    """Return what an error means; `doubted` tells that an earlier try may have arrived, `has_id` that the platform
    knows a repeat.
    """
    if isinstance(error, EFFECT_UNKNOWN):
        if retry_of(error, has_key=has_id) == "never":
            return Outcome("unknown", errcode=error.errcode, in_doubt=True)
        wait = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
        return Outcome("waiting", errcode=error.errcode, in_doubt=True, wait=wait)
    stop = _stop(error)
    if stop is not None and not stop.fails:
        return Outcome("waiting", errcode=error.errcode, in_doubt=doubted, stop=stop)
    return Outcome(_ended(error), errcode=error.errcode, stop=stop)


def _stop(error: WeChatError) -> Stop | None:
    """Return what the error means for everybody else; an argument that is wrong for one is wrong for all."""
    if isinstance(error, QuotaReached):
        return Stop(error.message, until=error.until, seconds=SHORT_REST)
    if isinstance(error, NoMassQuota):
        return Stop(error.message, fails=True)
    if isinstance(error, TokenRefused | Misconfigured):
        return Stop(error.message, seconds=SHORT_REST)
    if isinstance(error, NotPermitted):
        return Stop(error.message)
    if isinstance(error, InvalidArgument) and error.errcode != UNKNOWN_OPENID:
        return Stop(error.message, fails=True)
    return None


def _ended(error: WeChatError) -> State:
    if isinstance(error, NotAFollower):
        return "unfollowed"
    if isinstance(error, RecipientBlocked):
        return "blocked"
    return "refused" if isinstance(error, RecipientRefused) else "failed"


_WORDS = {
    -1: "微信系统繁忙",
    40001: "访问凭证无效",
    40003: "微信说没有这个人",
    40037: "模板编号不对",
    43004: "已取消关注",
    43019: "在公众号的黑名单里",
    43101: "拒收这类消息",
    45009: "当天次数已用完",
    45011: "发得太快",
    45015: "不在48小时内，不能主动发",
    45047: "48小时内的条数已用完",
    47003: "模板的内容填得不对",
    48001: "公众号没有这项权限",
}


def words_of_errcode(errcode: int | None) -> str:
    """Say what a code of the platform's means to whoever reads a report."""
    if errcode is None:
        return "没有收到微信的应答"
    return _WORDS.get(errcode, f"微信返回错误{errcode}")


def may_be_retried(errcode: int | None) -> bool:
    """Tell whether a delivery that failed with this code may succeed another time: it says nothing of the message."""
    if errcode is None:
        return False
    error = refusal(errcode)
    return type(error) is WeChatError or retry_of(error) == "later"
