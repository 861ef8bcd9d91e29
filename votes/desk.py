"""What polls ask of the staff today, as items for the desk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from flask import url_for

from foundation.clock import show_moment
from votes.overview import PollOverview, PollSummary, list_polls, poll_overview
from votes.phases import Phase

SOON = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class DeskItem:
    """One line of the desk; `kind` is urgent, due or running."""

    kind: str
    text: str
    detail: str
    button: str
    href: str


def desk_items() -> tuple[DeskItem, ...]:
    """Return what has to be done for polls, the pressing first, and then what runs."""
    items = [item for poll in list_polls() for item in _items_of(poll)]
    return tuple(sorted(items, key=lambda item: ("urgent", "due", "running").index(item.kind)))


def _items_of(poll: PollSummary) -> Iterator[DeskItem]:
    if poll.phase is Phase.DRAFT:
        yield from _draft_item(poll_overview(poll.slug))
    elif poll.phase is Phase.CLOSED:
        detail = f"{poll.voters:,}人已投票"
        yield DeskItem(
            "due", f"“{poll.title}”已结束，还没有认证", detail, "核对并认证", _page("certify_page", poll.slug)
        )
    elif poll.phase is Phase.OPEN:
        detail = f"{poll.voters:,}人已投票 · {show_moment(poll.closes_at)}结束"
        yield DeskItem("running", f"“{poll.title}”正在投票", detail, "看投票进度", _page("turnout_page", poll.slug))
    elif poll.phase is Phase.NOT_OPEN:
        detail = f"{show_moment(poll.opens_at)}自动开始"
        yield DeskItem("running", f"“{poll.title}”已批准开启", detail, "查看", _page("poll_page", poll.slug))


def _draft_item(poll: PollOverview) -> Iterator[DeskItem]:
    """A draft asks for attention once its opening is near, and even more when it is not ready then."""
    opens_at = poll.settings.opens_at
    if opens_at is None or opens_at > poll.now + SOON:
        return
    when = f"{show_moment(opens_at)}开始" if opens_at > poll.now else f"原定{show_moment(opens_at)}开始，时间已到"
    if poll.readiness.ready:
        yield DeskItem("due", f"“{poll.title}”等待确认开启", when, "核对并开启", _page("open_page", poll.slug))
    else:
        text = f"“{poll.title}”还有{len(poll.readiness.missing)}项没有准备好"
        yield DeskItem("urgent", text, when, "去补齐", _page("open_page", poll.slug))


def _page(name: str, slug: str) -> str:
    return url_for(f"polls_console.{name}", slug=slug)
