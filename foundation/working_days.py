"""Working days by the State Council's yearly notices, with what staff entered above them; pure.

The notices up to the last one that chinesecalendar carries are built in. Its tables are copied, never added to: it
takes a single entry of a year for the whole year. A notice may still move the last days of the year before it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, datetime, timedelta
from types import MappingProxyType

from chinese_calendar.constants import holidays, workdays  # type: ignore[import-untyped]

from foundation.errors import Conflict

_RESTS: frozenset[date] = frozenset(holidays)
_MADE_UP: frozenset[date] = frozenset(workdays)
BUILT_IN_YEARS = frozenset(day.year for day in _RESTS if (day.month, day.day) == (10, 1))
"""The years whose notice is built in: those whose National Day is."""

_SATURDAY = 5
_DAY = timedelta(days=1)


class UnknownYear(Conflict):
    """No notice for this year is known, and nobody guesses one; the sentence says where it is entered."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"还没有{year}年的放假安排，算不出工作日。"
            f"请按国务院办公厅的通知，在“设置”的“工作日历”里录入{year}年的放假和调休，再把{year}年标为已录全。"
        )
        self.year = year


@dataclass(frozen=True, slots=True)
class Overrides:
    """What staff entered: days that are (True) or are not working days, and years that were entered whole.

    In a year that is not built in, days count only once the year is among `whole_years`.
    """

    days: Mapping[date, bool] = field(default_factory=lambda: MappingProxyType({}))
    whole_years: frozenset[int] = frozenset()


NO_OVERRIDES = Overrides()


def is_known(year: int, overrides: Overrides = NO_OVERRIDES) -> bool:
    """Tell whether working days of `year` can be told."""
    return year in BUILT_IN_YEARS or year in overrides.whole_years


def is_working_day(day: date, overrides: Overrides = NO_OVERRIDES) -> bool:
    """Tell whether `day` is a working day; raises UnknownYear."""
    if isinstance(day, datetime):
        raise TypeError("a moment lies in another day elsewhere; say which day is meant")
    if not is_known(day.year, overrides):
        raise UnknownYear(day.year)
    entered = overrides.days.get(day)
    return is_working_day_as_built_in(day) if entered is None else entered


def is_working_day_as_built_in(day: date) -> bool:
    """Tell what the built-in notices, or in other years the weekday alone, say of `day`."""
    return day in _MADE_UP or (day.weekday() < _SATURDAY and day not in _RESTS)


def add_working_days(day: date, number: int, overrides: Overrides = NO_OVERRIDES) -> date:
    """Return the working day that is `number` working days after `day`, or before it where negative.

    The day itself does not count, whether it is a working day or not; 0 is the day itself. Raises UnknownYear where
    the way leads through a year that is not known.
    """
    step = _DAY if number > 0 else -_DAY
    left = abs(number)
    while left:
        if not date.min.year < day.year < MAXYEAR:
            raise UnknownYear(day.year)
        day += step
        left -= is_working_day(day, overrides)
    return day


def last_working_day_before(day: date, overrides: Overrides = NO_OVERRIDES) -> date:
    """Return the nearest working day before `day`; raises UnknownYear."""
    return add_working_days(day, -1, overrides)


def count_working_days(first: date, last: date, overrides: Overrides = NO_OVERRIDES) -> int:
    """Count the working days from `first` to `last`, both included; 0 where `last` is earlier. Raises UnknownYear."""
    return sum(is_working_day(day, overrides) for day in days_between(first, last))


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day from `first` to `last`, both included."""
    for number in range((last - first).days + 1):
        yield first + number * _DAY
