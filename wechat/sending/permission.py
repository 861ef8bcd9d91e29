"""May the account do this at all, and what works where it may not."""

from wechat.account import Account, current_account
from wechat.errors import NotPermitted
from wechat.rights import RIGHTS


def permitted(right: str) -> Account:
    """Return the account where it has the right; raises NotPermitted, which says what to use instead."""
    account = current_account()
    if not account.may(right):
        missing = RIGHTS[right]
        raise NotPermitted(f"这个公众号没有“{missing.label}”的权限。替代办法：{missing.instead}。")
    return account
