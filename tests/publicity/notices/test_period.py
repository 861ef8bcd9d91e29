"""The period of a notice: exactly so many working days, from one to another, by the calendar and what staff entered."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.working_days import NO_OVERRIDES, Overrides, UnknownYear, count_working_days, is_working_day
from publicity.notices.kinds import Phase
from publicity.notices.period import Period, days_left, period_of, phase_of

DAY = timedelta(days=1)
KNOWN_DAYS = st.dates(date(2017, 1, 1), date(2026, 7, 1))
LENGTHS = st.integers(1, 60)
ENTERED = st.dictionaries(st.dates(date(2017, 1, 1), date(2026, 12, 31)), st.booleans(), max_size=40).map(Overrides)


@given(KNOWN_DAYS, LENGTHS, st.booleans(), ENTERED)
def test_a_period_has_exactly_its_working_days_and_begins_and_ends_on_one(
    published_on: date, length: int, own_day: bool, entered: Overrides
) -> None:
    period = period_of(published_on, length, entered, own_day=own_day)

    assert count_working_days(period.first, period.last, entered) == length
    assert is_working_day(period.first, entered)
    assert is_working_day(period.last, entered)
    earliest = published_on if own_day else published_on + DAY
    assert period.first >= earliest
    assert count_working_days(earliest, period.first - DAY, entered) == 0


@given(KNOWN_DAYS, LENGTHS, ENTERED)
def test_counting_the_day_itself_gains_a_day_only_on_a_working_day(
    published_on: date, length: int, entered: Overrides
) -> None:
    with_it = period_of(published_on, length, entered, own_day=True)
    without = period_of(published_on, length, entered)

    assert (with_it == without) is not is_working_day(published_on, entered)


@given(KNOWN_DAYS, LENGTHS, st.booleans(), st.data())
def test_the_days_left_go_down_by_one_on_each_working_day(
    published_on: date, length: int, own_day: bool, data: st.DataObject
) -> None:
    period = period_of(published_on, length, own_day=own_day)
    today = data.draw(st.dates(published_on - 3 * DAY, period.last + 3 * DAY))

    left = days_left(period, today)

    assert left == (length if today <= period.first else count_working_days(today, period.last))
    assert left - days_left(period, today + DAY) == (period.first <= today <= period.last and is_working_day(today))


@pytest.mark.parametrize(
    ("published_on", "own_day", "period"),
    [
        (date(2017, 6, 5), False, Period(date(2017, 6, 6), date(2017, 6, 12))),
        (date(2017, 6, 5), True, Period(date(2017, 6, 5), date(2017, 6, 9))),
        (date(2017, 6, 3), False, Period(date(2017, 6, 5), date(2017, 6, 9))),
        (date(2017, 6, 3), True, Period(date(2017, 6, 5), date(2017, 6, 9))),
        (date(2017, 3, 31), False, Period(date(2017, 4, 1), date(2017, 4, 10))),  # a Saturday that was worked
        (date(2017, 5, 24), False, Period(date(2017, 5, 25), date(2017, 6, 1))),  # 端午节, and the Saturday before it
        (date(2017, 9, 29), False, Period(date(2017, 9, 30), date(2017, 10, 12))),
    ],
)
def test_periods_of_five_days_are_as_the_notices_say(published_on: date, own_day: bool, period: Period) -> None:
    assert period_of(published_on, 5, own_day=own_day) == period


def test_a_day_that_staff_entered_moves_the_end() -> None:
    flood = Overrides({date(2017, 6, 7): False})

    assert period_of(date(2017, 6, 5), 5, flood) == Period(date(2017, 6, 6), date(2017, 6, 13))


@pytest.mark.parametrize("published_on", [date(2026, 12, 25), date(2026, 12, 31), date(2027, 3, 1)])
def test_a_period_that_reaches_into_an_unknown_year_is_refused(published_on: date) -> None:
    with pytest.raises(UnknownYear) as caught:
        period_of(published_on, 5)

    assert caught.value.year == 2027


def test_a_period_that_was_fixed_is_still_read_when_its_year_is_taken_out_of_the_calendar() -> None:
    period = Period(date(2027, 1, 4), date(2027, 1, 8))

    assert days_left(period, date(2027, 1, 6), NO_OVERRIDES) == 3


@pytest.mark.parametrize(
    ("published", "has_period", "concluded", "today", "phase"),
    [
        (False, False, False, date(2017, 6, 5), Phase.DRAFT),
        (True, False, False, date(2017, 6, 5), Phase.STANDING),
        (True, True, False, date(2017, 6, 5), Phase.RUNNING),
        (True, True, False, date(2017, 6, 12), Phase.RUNNING),
        (True, True, False, date(2017, 6, 13), Phase.OVER),
        (True, True, True, date(2017, 6, 13), Phase.CONCLUDED),
    ],
)
def test_a_notice_runs_until_its_last_day_is_over(
    published: bool, has_period: bool, concluded: bool, today: date, phase: Phase
) -> None:
    period = Period(date(2017, 6, 6), date(2017, 6, 12)) if has_period else None

    assert phase_of(published=published, period=period, concluded=concluded, today=today) is phase
