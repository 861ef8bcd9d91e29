"""Pages of other parts about a published notice, among the tabs of the console's pages about it."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, request

from publicity.notices.reading import NoticeHead
from staff.authority import current_actor, may

_TABS = "notice_tabs"


@dataclass(frozen=True, slots=True)
class NoticeTab:
    """A page of another part: its words, where it is for the notice under a key, and the act it needs."""

    words: str
    address: Callable[[str], str]
    act: str
    with_period: bool


@dataclass(frozen=True, slots=True)
class ShownTab:
    """A tab as it is drawn."""

    words: str
    address: str
    current: bool


def offer_notice_tab(
    app: Flask, words: str, address: Callable[[str], str], act: str, *, with_period: bool = True
) -> None:
    """Add a tab to published notices, or to those with a period alone; tabs stand in the order they were offered."""
    app.extensions.setdefault(_TABS, []).append(NoticeTab(words, address, act, with_period))


def notice_tabs(head: NoticeHead) -> tuple[ShownTab, ...]:
    """Return the tabs that the current actor may open for this notice."""
    offered: list[NoticeTab] = current_app.extensions.get(_TABS, [])
    if head.published_at is None:
        return ()
    open_to = [tab for tab in offered if may(current_actor(), tab.act) and (head.working_days or not tab.with_period)]
    addresses = [(tab.words, tab.address(head.key)) for tab in open_to]
    return tuple(ShownTab(words, address, request.path == address) for words, address in addresses)
