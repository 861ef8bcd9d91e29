"""The calendar that staff keep: what is entered counts, a year only once it is whole."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from foundation.working_days import UnknownYear
from staff.accounts import Account
from staff.actors import Actor
from staff.desk import DeskItem
from staff.options.calendar import (
    DAYS,
    WHOLE_YEARS,
    CalendarEntry,
    WholeYear,
    calendar_overrides,
    desk_items,
    is_at_work,
    working_day_after,
    working_day_before,
    working_days_from,
)
from staff.options.errors import InvalidOption
from staff.options.setting import set_option
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import actor_of, make_staff
from tests.staff.options.factories_options import set_to

NOTICE = "示例通知"


def rest(first: date, last: date | None = None) -> CalendarEntry:
    return CalendarEntry(first, last, "rest", NOTICE)


def work(first: date) -> CalendarEntry:
    return CalendarEntry(first, None, "work", NOTICE)


HOLIDAYS = (
    rest(date(2027, 1, 1), date(2027, 1, 3)),
    rest(date(2027, 5, 1), date(2027, 5, 5)),
    work(date(2027, 5, 8)),
    rest(date(2027, 10, 1), date(2027, 10, 7)),
)
YEAR = (WholeYear(2027, NOTICE),)


def enter(office: Actor, days: tuple[CalendarEntry, ...] | None = None, years: tuple[WholeYear, ...] = ()) -> None:
    """Enter days, or years, through the form."""
    if days is None:
        set_option(WHOLE_YEARS.name, WHOLE_YEARS.kind.show(years), office, based_on=0, reason="新通知")
    else:
        set_option(DAYS.name, DAYS.kind.show(days), office, based_on=0, reason="新通知")


def faults(
    office: Actor, days: tuple[CalendarEntry, ...] | None = None, years: tuple[WholeYear, ...] = ()
) -> Mapping[str, str]:
    with pytest.raises(InvalidOption) as caught:
        enter(office, days, years)
    return caught.value.faults


def test_without_entries_the_built_in_notices_hold(app: Flask) -> None:
    assert working_day_after(date(2017, 3, 31), 5) == date(2017, 4, 10)
    assert working_day_before(date(2017, 4, 15)) == date(2017, 4, 14)
    assert working_days_from(date(2017, 4, 1), date(2017, 4, 10)) == 5
    assert is_at_work(date(2017, 4, 1))


def test_an_entered_day_moves_a_deadline(office: Actor) -> None:
    enter(office, (rest(date(2017, 4, 5)),))

    assert working_day_after(date(2017, 3, 31), 5) == date(2017, 4, 11)


def test_a_year_counts_once_it_was_entered_whole(office: Actor) -> None:
    enter(office, HOLIDAYS)
    with pytest.raises(UnknownYear):
        working_day_after(date(2027, 4, 30), 1)

    enter(office, years=YEAR)

    assert working_day_after(date(2027, 4, 30), 3) == date(2027, 5, 8)
    assert working_day_after(date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert calendar_overrides().whole_years == {2027}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((rest(date(2027, 5, 5), date(2027, 5, 1)),), {"rows-0-last": "最后一天不能早于第一天。"}),
        ((rest(date(2027, 1, 1), date(2027, 2, 1)),), {"rows-0-last": "一条最多31天。"}),
        (
            (rest(date(2027, 5, 1), date(2027, 5, 5)), work(date(2027, 5, 5))),
            {"rows-1-first": "2027-05-05在第1条里已经有了。"},
        ),
    ],
)
def test_days_that_contradict_each_other_are_refused(
    office: Actor, days: tuple[CalendarEntry, ...], expected: Mapping[str, str]
) -> None:
    assert faults(office, days) == expected


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ((WholeYear(2026, NOTICE),), {"rows-0-year": "2026年的安排程序里已经有了，不用标。"}),
        ((*YEAR, *YEAR), dict.fromkeys(("rows-0-year", "rows-1-year"), "2027年写了两次。")),
        (
            (WholeYear(2028, NOTICE),),
            {"rows-0-year": "“放假和调休”里还没有2028年的元旦、劳动节和国庆节，请先按通知录全再标。"},
        ),
    ],
)
def test_a_year_is_not_whole_for_the_saying(
    office: Actor, years: tuple[WholeYear, ...], expected: Mapping[str, str]
) -> None:
    set_to(DAYS, HOLIDAYS)

    assert faults(office, years=years) == expected


def test_the_days_of_a_whole_year_are_not_taken_away(office: Actor) -> None:
    set_to(WHOLE_YEARS, YEAR)

    assert faults(office, HOLIDAYS[:2]) == {
        "rows": "2027年已标为录全，2027年的法定节假日不能删去。要删，先取消“已录全的年份”里的2027年。"
    }


def on_the_desk(app: Flask, actor: Actor) -> tuple[DeskItem, ...]:
    with app.test_request_context():
        return desk_items(actor)


class TestDesk:
    def test_from_mid_november_next_years_notice_is_asked_for(
        self, app: Flask, office: Actor, database_clock: DatabaseClock
    ) -> None:
        told = []
        for day in (14, 15):
            database_clock.set(datetime(2026, 11, day, 4, tzinfo=UTC))
            told.append([item.text for item in on_the_desk(app, office)])
        set_to(DAYS, HOLIDAYS)
        set_to(WHOLE_YEARS, YEAR)

        assert told == [[], ["2027年的放假安排还没有录入"]]
        assert on_the_desk(app, office) == ()

    def test_a_year_that_has_begun_without_its_notice_is_asked_for(
        self, app: Flask, office: Actor, database_clock: DatabaseClock
    ) -> None:
        database_clock.set(datetime(2027, 2, 1, 4, tzinfo=UTC))

        (item,) = on_the_desk(app, office)

        assert (item.kind, item.text, item.href) == (
            "due",
            "2027年的放假安排还没有录入",
            "/console/options/calendar/calendar.days",
        )

    def test_who_does_not_keep_the_calendar_is_not_asked(self, app: Flask, database_clock: DatabaseClock) -> None:
        database_clock.set(datetime(2027, 2, 1, 4, tzinfo=UTC))
        supervisor: Account = make_staff("jiandu", "示例监督员", Role.SUPERVISOR)

        assert on_the_desk(app, actor_of(supervisor)) == ()
