"""What can go wrong between the service and WeChat, each with the sentence a person may read."""

from foundation.errors import AppError, NotAllowed, Unavailable

LATER = "微信暂时没有应答，请稍后再试。"


class ForgedPush(NotAllowed):
    """The platform did not sign this, or not now: whoever sent it learns nothing more."""


class MalformedPush(AppError):
    """The platform's signature is right and what it signed cannot be read."""

    status = 400
    code = "malformed"


class WeChatError(Unavailable):
    """A call to the platform did not do what it should; `errcode` is the platform's own, if it gave one."""

    def __init__(self, message: str = LATER, *, errcode: int | None = None) -> None:
        super().__init__(message)
        self.errcode = errcode


class Unreachable(WeChatError):
    """No answer, or one that is not the platform's: the call may or may not have had its effect."""


class Busy(WeChatError):
    """The platform asks to try again (-1)."""


class TokenRefused(WeChatError):
    """The platform does not take our access token (40001, 40014, 42001)."""


class CodeRefused(WeChatError):
    """The code of a sign-in is unknown, used or too old (40029, 40163, 42003)."""


class NotPermitted(WeChatError):
    """The account has no right to this call (48001, 48004)."""


class QuotaReached(WeChatError):
    """The day's or the minute's calls are used up (45009, 45011)."""


class Misconfigured(WeChatError):
    """The account's settings are wrong (40013, 40125, 40164, 40243): only an operator can help."""


_SENTENCES: dict[type[WeChatError], str] = {
    NotPermitted: "这个公众号没有使用这项功能的权限。",
    QuotaReached: "今天可用的次数已经用完，请明天再试。",
    Misconfigured: "公众号的设置有误，请联系管理员核对 AppID、AppSecret 和 IP 白名单。",
}
_KINDS: dict[int, type[WeChatError]] = {
    -1: Busy,
    40001: TokenRefused,
    40014: TokenRefused,
    42001: TokenRefused,
    40029: CodeRefused,
    40163: CodeRefused,
    42003: CodeRefused,
    48001: NotPermitted,
    48004: NotPermitted,
    45009: QuotaReached,
    45011: QuotaReached,
    40013: Misconfigured,
    40125: Misconfigured,
    40164: Misconfigured,
    40243: Misconfigured,
}


def refusal(errcode: int) -> WeChatError:
    """Return the error that stands for the platform's `errcode`."""
    kind = _KINDS.get(errcode, WeChatError)
    return kind(_SENTENCES.get(kind, LATER), errcode=errcode)
