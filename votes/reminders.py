"""What is remembered in time: on the last working day before a poll opens or closes, the desk says so."""

from collections.abc import Iterator
from datetime import date, datetime

from flask import url_for
from sqlalchemy import select

from foundation.clock import database_now, local_day, show_moment
from foundation.transaction import transaction
from foundation.working_days import UnknownYear
from staff.actors import Actor
from staff.acts import allows
from staff.desk import DeskItem
from staff.options.calendar import working_day_before
from votes.models import Poll


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return a line for each poll that opens or closes before anybody is at work again."""
    if not allows(actor, "polls.edit"):
        return ()
    query = select(Poll.slug, Poll.title, Poll.state, Poll.opens_at, Poll.closes_at)
    with transaction() as session:
        today = local_day(database_now(session))
        polls = session.execute(query.where(Poll.state.in_(("draft", "open"))).order_by(Poll.id)).all()
    return tuple(
        DeskItem("due", f"“{title}”{what}", "今天是此前最后一个工作日", "去看看", _page(slug))
        for slug, title, state, opens_at, closes_at in polls
        for what in _before_work_again(state, opens_at, closes_at, today)
    )


def _before_work_again(state: str, opens_at: datetime | None, closes_at: datetime | None, today: date) -> Iterator[str]:
    if opens_at and _is_last_chance(opens_at, today):
        yield f"{show_moment(opens_at)}开始"
    if state == "open" and closes_at and _is_last_chance(closes_at, today):
        yield f"{show_moment(closes_at)}结束"


def _is_last_chance(moment: datetime, today: date) -> bool:
    """Tell whether `today` is the last working day before `moment`; where nobody knows, it is not."""
    day = local_day(moment)
    try:
        return day > today and working_day_before(day) == today
    except UnknownYear:
        return False


def _page(slug: str) -> str:
    return url_for("polls_console.poll_page", slug=slug)
