"""What polls ask of the staff today, as items for the desk."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from flask import url_for

from foundation.clock import show_moment
from staff.actors import Actor
from staff.acts import allows
from staff.approvals.requesting import subjects_asked_for
from staff.desk import DeskItem
from votes.overview import PollSummary, drafts_opening_within, polls_in_sight
from votes.phases import Phase
from votes.steps import CERTIFY, OPEN

SOON = timedelta(days=3)


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return what has to be done for polls by whoever runs them, and to all who may see them what runs."""
    if not allows(actor, "polls.see"):
        return ()
    polls = polls_in_sight(SOON)
    to_do = _to_do(polls) if allows(actor, "polls.edit") else ()
    return (*to_do, *(_running(poll) for poll in polls if poll.phase in {Phase.OPEN, Phase.NOT_OPEN}))


def _to_do(polls: Sequence[PollSummary]) -> Iterator[DeskItem]:
    asked = subjects_asked_for(OPEN, CERTIFY)
    yield from _drafts([poll for poll in polls if (OPEN, poll.slug) not in asked])
    yield from _to_certify([poll for poll in polls if (CERTIFY, poll.slug) not in asked])


def _drafts(polls: Sequence[PollSummary]) -> Iterator[DeskItem]:
    """A draft asks for attention once its opening is near, and even more when it is not ready then."""
    now, due = drafts_opening_within(SOON)
    for poll in polls:
        if poll.opens_at is None or poll.slug not in due:
            continue
        when = show_moment(poll.opens_at)
        detail = f"{when}开始" if poll.opens_at > now else f"原定{when}开始，时间已到"
        missing = len(due[poll.slug].missing)
        page = _page("open_page", poll.slug)
        if missing:
            yield DeskItem("urgent", f"“{poll.title}”还有{missing}项没有准备好", detail, "去补齐", page)
        else:
            yield DeskItem("due", f"“{poll.title}”可以申请开启", detail, "核对并申请", page)


def _to_certify(polls: Sequence[PollSummary]) -> Iterator[DeskItem]:
    for poll in polls:
        if poll.phase is Phase.CLOSED:
            page = _page("certify_page", poll.slug)
            detail = f"{poll.voters:,}人已投票"
            yield DeskItem("due", f"“{poll.title}”已结束，还没有认证", detail, "核对并申请认证", page)


def _running(poll: PollSummary) -> DeskItem:
    if poll.phase is Phase.OPEN:
        detail = f"{poll.voters:,}人已投票 · {show_moment(poll.closes_at)}结束"
        return DeskItem("running", f"“{poll.title}”正在投票", detail, "看投票进度", _page("turnout_page", poll.slug))
    detail = f"{show_moment(poll.opens_at)}自动开始"
    return DeskItem("running", f"“{poll.title}”已批准开启", detail, "查看", _page("poll_page", poll.slug))


def _page(name: str, slug: str) -> str:
    return url_for(f"polls_console.{name}", slug=slug)
