"""The ways a notice is told and to whom, with their words; pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Channel(StrEnum):
    """By what means a push travels."""

    MASS = "mass"
    TEMPLATE = "template"
    ONCE = "once"
    CUSTOMER = "customer"
    PUBLICATION = "publication"
    DRAFT = "draft"


class Audience(StrEnum):
    """Whom a push is for; never those who have or have not voted."""

    ALL = "all"
    TAG = "tag"
    TESTERS = "testers"


CHANNEL_NAMES: Mapping[Channel, str] = MappingProxyType(
    {
        Channel.MASS: "群发",
        Channel.TEMPLATE: "模板消息",
        Channel.ONCE: "一次性订阅消息",
        Channel.CUSTOMER: "客服消息",
        Channel.PUBLICATION: "发布文章",
        Channel.DRAFT: "加入今日图文草稿",
    }
)
AUDIENCE_NAMES: Mapping[Audience, str] = MappingProxyType(
    {Audience.ALL: "全部关注者", Audience.TAG: "一个标签", Audience.TESTERS: "测试人员"}
)
PER_FOLLOWER = frozenset({Channel.TEMPLATE, Channel.ONCE, Channel.CUSTOMER})
"""Channels over which everybody gets a message of their own."""

TO_NOBODY = frozenset({Channel.PUBLICATION, Channel.DRAFT})
"""Channels that lay an article down and tell no follower."""


def audience_words(channel: str, audience: str, tag_name: str) -> str:
    """Return for whom a push is, as pages and reports call it."""
    if channel in TO_NOBODY:
        return "不通知个人"
    if channel == Channel.ONCE:
        return "订阅了下一条公示消息的人"
    if audience == Audience.TAG:
        return f"标签“{tag_name}”"
    return AUDIENCE_NAMES[Audience(audience)]
