"""Periods against an independent calendar: every day of publication from 2017, 1 to 15 working days, both ways."""

from bisect import bisect_left, bisect_right
from datetime import date, timedelta

import holidays as independent
import pytest

from foundation.working_days import days_between
from publicity.notices.period import Period, period_of

FIRST, LAST = date(2017, 1, 1), date(2026, 12, 31)
LENGTHS = range(1, 16)
DISPUTED: dict[date, str] = {}
"""Days on which the two calendars differ, with which of them is right by the notice; there are none."""


def working_days() -> list[date]:
    calendar = independent.country_holidays("CN", years=range(2016, 2028))
    return [day for day in days_between(FIRST, LAST) if calendar.is_working_day(day)]


@pytest.mark.parametrize("own_day", [False, True])
def test_every_period_is_what_an_independent_calendar_says(own_day: bool) -> None:
    works = working_days()
    differences: dict[tuple[date, int], Period] = {}
    compared = 0
    for published_on in days_between(FIRST, LAST):
        start = bisect_left(works, published_on) if own_day else bisect_right(works, published_on)
        for length in LENGTHS:
            if start + length > len(works):
                break
            expected = Period(works[start], works[start + length - 1])
            found = period_of(published_on, length, own_day=own_day)
            compared += 1
            if found != expected and not DISPUTED.keys() & set(days_between(published_on, expected.last)):
                differences[published_on, length] = found

    assert differences == {}
    assert compared == sum((_last_start(works, length, own_day) - FIRST).days + 1 for length in LENGTHS)


def _last_start(works: list[date], length: int, own_day: bool) -> date:
    """Return the last day of publication whose period of `length` days ends within the calendar."""
    return works[-length] if own_day else works[-length] - timedelta(days=1)
