"""Time: stored in UTC, shown and cut into days in Asia/Shanghai.

What is decided by time is decided by the database's `clock_now()`; this module is for showing and for caches.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.transaction import known

SHANGHAI = ZoneInfo("Asia/Shanghai")
Clock = Callable[[], datetime]
_WEEKDAYS = "一二三四五六日"


def utc_now() -> datetime:
    return datetime.now(UTC)


def database_now(session: Session) -> datetime:
    """Return the time by which the database decides, fixed within one transaction, so that it is asked once in each."""
    moment: datetime = known(session, "now", lambda: session.execute(select(func.clock_now())).scalar_one())
    return moment.astimezone(UTC)


def local(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI)


def local_day(moment: datetime) -> date:
    return local(moment).date()


def show_moment(moment: datetime | None, *, year: bool = False) -> str:
    """Write a moment the way a notice does: 4月25日 18:00."""
    if moment is None:
        return "—"
    here = local(moment)
    day = f"{here.month}月{here.day}日 {here:%H:%M}"
    return f"{here.year}年{day}" if year else day


def show_day(day: date) -> str:
    return f"{day.month}月{day.day}日 星期{_WEEKDAYS[day.weekday()]}"
