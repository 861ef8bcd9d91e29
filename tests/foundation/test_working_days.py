"""Working days: by the notices, against an independent calendar, with what staff entered above them."""

from datetime import UTC, date, datetime, timedelta

import holidays as independent
import pytest
from chinese_calendar.constants import holidays as library_rests  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from foundation.working_days import (
    BUILT_IN_YEARS,
    Overrides,
    UnknownYear,
    add_working_days,
    count_working_days,
    days_between,
    is_working_day,
    last_working_day_before,
)

FIRST, LAST = date(2017, 1, 1), date(2026, 12, 31)
KNOWN_DAYS = st.dates(FIRST + timedelta(days=400), LAST - timedelta(days=400))
DIFFERENCES: dict[date, str] = {}
"""Days on which the two calendars differ, and which of them is right by the notice."""

ONE_DAY = timedelta(days=1)
NEW_YEAR_2027 = Overrides({date(2027, 1, 1): False}, frozenset({2027}))


def test_every_day_from_2017_to_2026_is_what_an_independent_calendar_says() -> None:
    calendar = independent.country_holidays("CN", years=range(2016, 2028))
    differing = {day for day in days_between(FIRST, LAST) if is_working_day(day) != calendar.is_working_day(day)}

    assert differing == DIFFERENCES.keys()


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2017, 3, 31), True),
        (date(2017, 4, 1), True),  # a Saturday that was worked for 清明节
        (date(2017, 4, 2), False),
        (date(2017, 4, 3), False),
        (date(2017, 4, 4), False),
        (date(2017, 4, 5), True),
        (date(2017, 4, 15), False),
        (date(2026, 2, 14), True),  # a Saturday that was worked for 春节
        (date(2026, 10, 1), False),
    ],
)
def test_days_off_and_days_made_up_are_as_in_the_notices(day: date, works: bool) -> None:
    assert is_working_day(day) is works


def test_the_fifth_working_day_after_31_march_2017_is_10_april() -> None:
    assert add_working_days(date(2017, 3, 31), 5) == date(2017, 4, 10)
    assert count_working_days(date(2017, 4, 1), date(2017, 4, 10)) == 5


def test_a_deadline_on_a_rest_day_is_reminded_of_on_the_last_working_day_before() -> None:
    deadlines = [date(2017, 3, 25), date(2017, 4, 15), date(2017, 4, 30), date(2017, 4, 4)]

    assert [last_working_day_before(day) for day in deadlines] == [
        date(2017, 3, 24),
        date(2017, 4, 14),
        date(2017, 4, 28),
        date(2017, 4, 1),
    ]


@given(KNOWN_DAYS, st.integers(1, 60))
def test_adding_working_days_ends_on_one_and_counts_what_lies_between(day: date, number: int) -> None:
    end = add_working_days(day, number)

    assert is_working_day(end)
    assert count_working_days(day + ONE_DAY, end) == number
    assert count_working_days(day + ONE_DAY, end - ONE_DAY) == number - 1


@given(KNOWN_DAYS, st.integers(1, 60))
def test_going_back_is_the_mirror_of_going_on(day: date, number: int) -> None:
    start = add_working_days(day, -number)

    assert is_working_day(start)
    assert count_working_days(start, day - ONE_DAY) == number
    assert add_working_days(start, number) == (day if is_working_day(day) else add_working_days(day, 1))


@given(KNOWN_DAYS, st.integers(0, 30), st.integers(0, 30))
def test_days_add_up(day: date, some: int, more: int) -> None:
    assert add_working_days(add_working_days(day, some), more) == add_working_days(day, some + more)


@given(KNOWN_DAYS)
def test_no_working_days_on_is_the_day_itself(day: date) -> None:
    assert add_working_days(day, 0) == day


@given(KNOWN_DAYS, st.integers(0, 40), st.integers(0, 40))
def test_counting_two_neighbouring_spans_is_counting_the_whole(day: date, some: int, more: int) -> None:
    middle, last = day + some * ONE_DAY, day + (some + more) * ONE_DAY

    assert count_working_days(day, last) == count_working_days(day, middle) + count_working_days(middle + ONE_DAY, last)


def test_nothing_is_counted_backwards() -> None:
    assert count_working_days(date(2017, 4, 10), date(2017, 4, 9)) == 0


@given(st.dictionaries(KNOWN_DAYS, st.booleans(), max_size=20), KNOWN_DAYS)
def test_what_staff_entered_goes_before_the_notice_on_that_day_and_no_other(
    entered: dict[date, bool], day: date
) -> None:
    assert is_working_day(day, Overrides(entered)) is entered.get(day, is_working_day(day))


def test_a_day_that_staff_entered_moves_the_deadline() -> None:
    flood = Overrides({date(2017, 4, 5): False})

    assert add_working_days(date(2017, 3, 31), 5, flood) == date(2017, 4, 11)


@pytest.mark.parametrize("year", [2003, 2027])
def test_a_year_without_a_notice_is_refused_and_the_way_to_enter_it_is_named(year: int) -> None:
    with pytest.raises(UnknownYear) as caught:
        is_working_day(date(year, 6, 1))

    assert (caught.value.year, caught.value.status) == (year, 409)
    assert caught.value.message == (
        f"还没有{year}年的放假安排，算不出工作日。"
        f"请按国务院办公厅的通知，在“设置”的“工作日历”里录入{year}年的放假和调休，再把{year}年标为已录全。"
    )


def test_a_span_that_reaches_into_an_unknown_year_is_refused() -> None:
    for day, number in ((date(2026, 12, 29), 5), (date(2004, 1, 2), -3)):
        with pytest.raises(UnknownYear):
            add_working_days(day, number)
    with pytest.raises(UnknownYear):
        count_working_days(date(2026, 12, 29), date(2027, 1, 1))
    assert add_working_days(date(2026, 12, 29), 2) == date(2026, 12, 31)


@pytest.mark.parametrize(("day", "number"), [(date(1, 1, 2), -3), (date(9999, 12, 30), 3)])
def test_the_ends_of_the_calendar_are_unknown_too(day: date, number: int) -> None:
    with pytest.raises(UnknownYear):
        add_working_days(day, number, Overrides({}, frozenset({1, 9999})))


def test_single_entries_do_not_open_a_year() -> None:
    entered = {date(2027, 1, 1): False, date(2027, 1, 4): True}

    for day in (*entered, date(2027, 1, 5)):
        with pytest.raises(UnknownYear):
            is_working_day(day, Overrides(entered))


def test_a_year_that_was_entered_whole_goes_by_weekdays_and_its_entries() -> None:
    assert [is_working_day(date(2027, 1, day), NEW_YEAR_2027) for day in range(1, 5)] == [False, False, False, True]
    assert add_working_days(date(2026, 12, 29), 5, NEW_YEAR_2027) == date(2027, 1, 6)


def test_an_entry_in_the_librarys_own_table_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(library_rests, date(2027, 10, 1), "National Day")

    with pytest.raises(UnknownYear):
        is_working_day(date(2027, 6, 1))
    assert max(BUILT_IN_YEARS) == 2026


def test_a_moment_is_no_day() -> None:
    with pytest.raises(TypeError):
        is_working_day(datetime(2017, 4, 4, tzinfo=UTC))
