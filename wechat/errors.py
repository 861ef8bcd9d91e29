"""What can go wrong between the service and WeChat, each with the sentence a person may read."""

import re
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

from foundation.errors import AppError, NotAllowed, Unavailable

LATER = "微信暂时没有应答，请稍后再试。"
MINUTE_USED_UP = 45011
NO_MENU = 46003
_REFUSED_ADDRESS = re.compile(r"invalid ip ([0-9a-fA-F.:]+)")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ForgedPush(NotAllowed):
    """The platform did not sign this, or not now: whoever sent it learns nothing more."""


class MalformedPush(AppError):
    """The platform's signature is right and what it signed cannot be read."""

    status = 400
    code = "malformed"


class WeChatError(Unavailable):
    """A call to the platform did not do what it should.

    `errcode` is the platform's own, if it gave one, and `answer` all it said, which may hold ids of messages and must
    not be logged.
    """

    def __init__(
        self, message: str = LATER, *, errcode: int | None = None, answer: Mapping[str, Any] = _NOTHING
    ) -> None:
        super().__init__(message)
        self.errcode = errcode
        self.answer = answer


class Unreachable(WeChatError):
    """No answer, or one that is not the platform's: the call may or may not have had its effect."""


class Busy(WeChatError):
    """The platform asks to try again (-1)."""


class TokenRefused(WeChatError):
    """The platform does not take our access token (40001, 40014, 42001), a renewed one included."""


class CodeRefused(WeChatError):
    """The code of a sign-in is unknown, used or too old (40029, 40163, 42003)."""


class NotPermitted(WeChatError):
    """The account has no right to this call (48001), or it was taken away (48004)."""


class QuotaReached(WeChatError):
    """The day's or the minute's calls are used up (45009, 45011); `until` is when they may be made again."""

    until: datetime | None = None


class Misconfigured(WeChatError):
    """The account's settings are wrong (40013, 40125, 40164, 40243): only an operator can help."""

    @property
    def ip(self) -> str | None:
        """Our address as the platform sees it, where that is what it refuses (40164)."""
        found = _REFUSED_ADDRESS.search(str(self.answer.get("errmsg", "")))
        try:
            return str(ip_address(found[1])) if found else None
        except ValueError:
            return None


class NotAFollower(WeChatError):
    """Nobody can write to them, for they do not follow the account (43004)."""


class RecipientBlocked(WeChatError):
    """The account has put them on its list of the blocked (43019)."""


class RecipientRefused(WeChatError):
    """They do not want this kind of message (43101)."""


class OutsideWindow(WeChatError):
    """They have not spoken to the account lately enough for a customer message (45015)."""


class WindowUsedUp(WeChatError):
    """They got as many customer messages as one may send before they speak again (45047)."""


class AlreadySent(WeChatError):
    """A message of this clientmsgid went out within the day (45065); `answer["msg_id"]` is the message it became."""


class TooEarly(WeChatError):
    """The same mass message was tried less than a minute ago (45066); the first try may still go out."""


class NoMassQuota(WeChatError):
    """There is no mass message left to send in this period (45028)."""


class InvalidArgument(WeChatError):
    """The platform cannot use what we sent: sending it again does not help."""


_SENTENCES: dict[type[WeChatError], str] = {
    NotPermitted: "这个公众号没有使用这项功能的权限。",
    QuotaReached: "今天可用的次数已经用完，请明天再试。",
    Misconfigured: "公众号的设置有误，请联系管理员核对 AppID、AppSecret 和 IP 白名单。",
    NotAFollower: "对方没有关注公众号，收不到消息。",
    RecipientBlocked: "对方在公众号的黑名单里，收不到消息。",
    RecipientRefused: "对方没有同意接收这类消息。",
    OutsideWindow: "对方最近没有和公众号说过话，现在不能主动发消息。",
    WindowUsedUp: "能主动发给对方的消息已经用完，要等对方再说话。",
    AlreadySent: "这条消息已经发过了。",
    TooEarly: "刚刚发过一次，请过一分钟再看结果。",
    NoMassQuota: "这段时间的群发次数已经用完。",
    InvalidArgument: "微信没有接受这项内容，请检查后再试。",
}
_KINDS: dict[int, type[WeChatError]] = {
    -1: Busy,
    **dict.fromkeys((40001, 40014, 42001), TokenRefused),
    **dict.fromkeys((40029, 40163, 42003), CodeRefused),
    **dict.fromkeys((48001, 48004), NotPermitted),
    **dict.fromkeys((45009, MINUTE_USED_UP), QuotaReached),
    **dict.fromkeys((40013, 40125, 40164, 40243), Misconfigured),
    43004: NotAFollower,
    43019: RecipientBlocked,
    43101: RecipientRefused,
    45015: OutsideWindow,
    45047: WindowUsedUp,
    45065: AlreadySent,
    45066: TooEarly,
    45028: NoMassQuota,
    # Of these the first are about the call itself, and a mistake of ours.
    **dict.fromkeys((40002, 40066, 41001, 41002, 41004, 41008, 43001, 43002, 43003, 44002, 47001), InvalidArgument),
    **dict.fromkeys((40003, 40004, 40007, 40032, 40037, 40097, 41030, 45001, 45002, 45067, 47003), InvalidArgument),
    **dict.fromkeys((*range(40015, 40028), 40054, 40055, 65303, 65316, 65317), InvalidArgument),
}


def refusal(errcode: int, answer: Mapping[str, Any] = _NOTHING) -> WeChatError:
    """Return the error that stands for the platform's `errcode`."""
    kind = _KINDS.get(errcode, WeChatError)
    sentence = "用得太频繁了，请过一分钟再试。" if errcode == MINUTE_USED_UP else _SENTENCES.get(kind, LATER)
    return kind(sentence, errcode=errcode, answer=answer)
