"""Whoever raises an objection in WeChat: known by a keyed digest, so that they find their own again."""

from wechat.account import current_account

PURPOSE = "notices"
"""For what somebody is known who came to a notice by a personal link."""


def person_digest(openid: str) -> bytes:
    """Return by what the objections of a person are found; it leads back to nobody."""
    return current_account().digest("objection", openid)
