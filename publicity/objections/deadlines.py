"""By when an objection has to be settled, in working days, and how much of that is left."""

from dataclasses import dataclass
from datetime import date, timedelta

from foundation.clock import show_day
from foundation.working_days import UnknownYear
from staff.options.acts import PUBLICITY
from staff.options.calendar import working_day_after, working_days_from
from staff.options.kinds import Number
from staff.options.registry import Group, declare_option

SOON = 3
"""With so many working days left an objection is on the desk."""

_DAY = timedelta(days=1)

DAYS = declare_option(
    "objections.days",
    "反映件办理期限",
    Number(1, 60, "个工作日"),
    10,
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="从收到的第二天算起，到认定属实、不属实或决定不予受理为止。只用于以后收到的反映件，已经收到的期限不变。",
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day, and how many working days are left until then; below 0 where it has passed.

    Without a day, or without what is left, no notice tells the working days of that year.
    """

    day: date | None
    left: int | None

    @property
    def overdue(self) -> bool:
        return self.left is not None and self.left < 0

    @property
    def soon(self) -> bool:
        return self.left is not None and self.left <= SOON

    @property
    def words(self) -> str:
        if self.day is None:
            return "算不出，请先录入工作日历"
        return f"{show_day(self.day)}到期" + (f"，{self.left_words}" if self.left_words else "")

    @property
    def left_words(self) -> str:
        if self.left is None:
            return ""
        if self.left < 0:
            return f"已超期{-self.left}个工作日"
        return f"还有{self.left}个工作日" if self.left else "今天到期"


def due_after(day: date) -> date | None:
    """Return the last day for what came on `day`, None while no notice tells the working days.

    Nobody is turned away because the calendar is not entered yet.
    """
    try:
        return working_day_after(day, DAYS.value())
    except UnknownYear:
        return None


def deadline_of(due_on: date | None, arrived_on: date, today: date) -> Deadline:
    """Return the deadline of an open objection as of `today`, worked out now where it could not be then."""
    day = due_on or due_after(arrived_on)
    return Deadline(day, None if day is None else _left(day, today))


def _left(day: date, today: date) -> int | None:
    try:
        if today <= day:
            return working_days_from(today + _DAY, day)
        return -max(1, working_days_from(day + _DAY, today))
    except UnknownYear:
        return None
