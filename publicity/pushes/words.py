"""A push in words: what it says, when it begins, how it stands."""

from collections.abc import Mapping
from datetime import datetime, time
from types import MappingProxyType

from foundation.clock import local, show_moment
from publicity.pushes.channels import Channel
from publicity.pushes.contents import Content, is_article
from publicity.pushes.templates_set import in_order

QUIET_FROM, QUIET_UNTIL = time(22), time(7)
STATE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "draft": "草稿",
        "asked": "等待批准",
        "approved": "已批准",
        "planning": "正在准备",
        "running": "发送中",
        "paused": "已暂停",
        "finished": "已结束",
        "cancelled": "已取消",
        "failed": "没有发成",
    }
)
"""The states of a push; one that is asked for rests as a draft."""

BADGES: Mapping[str, str] = MappingProxyType(
    {
        "draft": "draft",
        "asked": "warning",
        "approved": "certified",
        "planning": "warning",
        "running": "warning",
        "paused": "warning",
        "finished": "open",
        "cancelled": "draft",
        "failed": "alarm",
    }
)


def disturbs(moment: datetime) -> bool:
    """Tell whether a message at this moment would ring at night: from 22:00 to 7:00."""
    here = local(moment).time()
    return here >= QUIET_FROM or here < QUIET_UNTIL


def start_words(starts_at: datetime | None, now: datetime) -> str:
    """Say when a push begins; one that would begin at night says so."""
    if starts_at is None:
        return "批准后立即开始" + _at_night(now, "现在")
    if starts_at <= now:
        return f"原定{show_moment(starts_at, year=True)}，时间已过，批准后立即开始"
    return show_moment(starts_at, year=True) + _at_night(starts_at, "这个时间")


def content_lines(channel: str, content: Content) -> list[tuple[str, str]]:
    """Return what a push says, part by part, for whoever decides about it."""
    if channel == Channel.TEMPLATE:
        fields = in_order(content["fields"], content["template_id"])
        return [("内容", "；".join(f"{name}：{text}" for name, text in fields.items()))]
    if is_article(channel, content):
        return [("文章标题", content["title"]), ("摘要", content["digest"])]
    if channel == Channel.ONCE:
        return [("标题", content["title"]), ("内容", content["text"])]
    return [("内容", content["text"])]


def _at_night(moment: datetime, which: str) -> str:
    return f"（{which}在22:00到7:00之间，可能打扰读者休息）" if disturbs(moment) else ""
