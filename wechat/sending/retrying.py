"""May a call that failed be made again, and how: what every error of the platform means for whoever sends.

never: the same call fails the same way, or might have its effect twice. later: it had no effect and may succeed another
time, when the quota is new, the person wrote again or the operator mended the settings. same id: nobody knows whether
it had its effect; the same function is called again with the same key, which finds out and never sends twice.
"""

from typing import Literal

from wechat.errors import (
    Busy,
    Misconfigured,
    NoMassQuota,
    OutsideWindow,
    QuotaReached,
    TokenRefused,
    TooEarly,
    Unreachable,
    WeChatError,
    WindowUsedUp,
)

Retry = Literal["never", "later", "same id"]
EFFECT_UNKNOWN = (Unreachable, Busy, TooEarly)
_LATER = (QuotaReached, NoMassQuota, OutsideWindow, WindowUsedUp, TokenRefused, Misconfigured)


def retry_of(error: WeChatError, *, has_key: bool = True) -> Retry:
    """Say whether to try again; customer messages have no key, so what is unknown there stays so."""
    if isinstance(error, EFFECT_UNKNOWN):
        return "same id" if has_key else "never"
    return "later" if isinstance(error, _LATER) else "never"
