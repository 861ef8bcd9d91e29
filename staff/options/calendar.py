"""The calendar that staff keep above the built-in notices, and what follows from it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date

from flask import url_for

from foundation.clock import database_now, local_day
from foundation.transaction import transaction
from foundation.working_days import (
    BUILT_IN_YEARS,
    Overrides,
    add_working_days,
    count_working_days,
    days_between,
    is_known,
    is_working_day,
    is_working_day_as_built_in,
    last_working_day_before,
)
from staff.actors import Actor
from staff.acts import allows
from staff.desk import DeskItem
from staff.options.acts import CALENDAR
from staff.options.kinds import Choice, Day, DayOrNone, Line, Number
from staff.options.registry import Group, Preview, declare_option
from staff.options.tables import ROWS, Column, Table, field_of

WORK, REST = "work", "rest"
KINDS = {REST: "休息日", WORK: "工作日"}
MOST_DAYS_IN_A_ROW = 31
NOTICE_EXPECTED_FROM = (11, 15)
# Days off in every year since 2008, whatever else a notice says.
STATUTORY = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """Days that are, or are not, working days: from `first` to `last`, or `first` alone; `source` is the notice."""

    first: date
    last: date | None
    kind: str
    source: str

    @property
    def days(self) -> Iterator[date]:
        return days_between(self.first, self.last or self.first)


@dataclass(frozen=True, slots=True)
class WholeYear:
    """A year of which everything in the notice `source` was entered."""

    year: int
    source: str


def _check_days(entries: tuple[CalendarEntry, ...]) -> Mapping[str, str]:
    faults: dict[str, str] = {}
    seen: dict[date, int] = {}
    for row, entry in enumerate(entries):
        last = entry.last or entry.first
        if last < entry.first:
            faults[field_of(row, "last")] = "最后一天不能早于第一天。"
        elif (last - entry.first).days >= MOST_DAYS_IN_A_ROW:
            faults[field_of(row, "last")] = f"一条最多{MOST_DAYS_IN_A_ROW}天。"
        else:
            twice = next((day for day in entry.days if day in seen), None)
            if twice:
                faults[field_of(row, "first")] = f"{twice.isoformat()}在第{seen[twice] + 1}条里已经有了。"
            seen |= {day: seen.get(day, row) for day in entry.days}
    years = {year.year for year in WHOLE_YEARS.value()}
    lacking = _lacking(years, entries)
    if lacking and not faults:
        faults[ROWS] = (
            f"{lacking}年已标为录全，{lacking}年的法定节假日不能删去。要删，先取消“已录全的年份”里的{lacking}年。"
        )
    return faults


def _check_years(years: tuple[WholeYear, ...]) -> Mapping[str, str]:
    entered = DAYS.value()
    often = Counter(year.year for year in years)
    faults: dict[str, str] = {}
    for row, year in enumerate(years):
        if year.year in BUILT_IN_YEARS:
            faults[field_of(row, "year")] = f"{year.year}年的安排程序里已经有了，不用标。"
        elif often[year.year] > 1:
            faults[field_of(row, "year")] = f"{year.year}年写了两次。"
        elif _lacking({year.year}, entered):
            faults[field_of(row, "year")] = (
                f"“放假和调休”里还没有{year.year}年的元旦、劳动节和国庆节，请先按通知录全再标。"
            )
    return faults


def _lacking(years: set[int], entries: tuple[CalendarEntry, ...]) -> int | None:
    """Return a year of which days that are off in any year were not entered."""
    off = {day for entry in entries if entry.kind == REST for day in entry.days}
    return next((y for y in sorted(years) if any(date(y, month, day) not in off for month, day in STATUTORY)), None)


def _show_days(entries: tuple[CalendarEntry, ...]) -> Mapping[str, object]:
    changed = sum(is_working_day_as_built_in(day) != (e.kind == WORK) for e in entries for day in e.days)
    entered = sorted({day.year for entry in entries for day in entry.days} - BUILT_IN_YEARS)
    whole = {year.year for year in WHOLE_YEARS.value()}
    return {
        "built_in": (min(BUILT_IN_YEARS), max(BUILT_IN_YEARS)),
        "changed": changed,
        "entered": [(year, year in whole) for year in entered],
    }


DAYS = declare_option(
    "calendar.days",
    "放假和调休",
    Table(
        CalendarEntry,
        (
            Column("first", "第一天", Day()),
            Column("last", "最后一天", DayOrNone()),
            Column("kind", "算作", Choice(lambda: KINDS)),
            Column("source", "依据", Line(most=120), wide=True),
        ),
        "放假和调休",
        most=60,
        order=lambda entry: entry.first,
    ),
    (),
    group=Group.CALENDAR,
    act=CALENDAR,
    hint="程序自带国务院办公厅历年的放假通知，这里录入新一年的通知，或更正个别日子。一条可以是一天，也可以是连着的几天；"
    "只有一天时，最后一天空着。调休上班的周末，算作选“工作日”。",
    check=_check_days,
    preview=Preview("staff/options/_calendar.html", _show_days),
    remark="已经公布的期限不会自己改变，请逐项核对。",
)

WHOLE_YEARS = declare_option(
    "calendar.years",
    "已录全的年份",
    Table(
        WholeYear,
        (Column("year", "年份", Number(MINYEAR + 1, MAXYEAR - 1)), Column("source", "依据", Line(most=120), wide=True)),
        "年份",
        order=lambda year: year.year,
    ),
    (),
    group=Group.CALENDAR,
    act=CALENDAR,
    hint="程序里没有的年份，要先在“放假和调休”里按通知录全，再在这里写上年份，才会用来推算期限。没有写上的年份一律不猜。",
    check=_check_years,
)


def calendar_overrides() -> Overrides:
    """Return what staff entered, as foundation.working_days takes it."""
    days = {day: entry.kind == WORK for entry in DAYS.value() for day in entry.days}
    return Overrides(days, frozenset(year.year for year in WHOLE_YEARS.value()))


def working_day_after(day: date, number: int) -> date:
    """Return the working day that is `number` working days after `day`, which does not count; raises UnknownYear."""
    return add_working_days(day, number, calendar_overrides())


def working_day_before(day: date) -> date:
    """Return the last working day before `day`, on which one is reminded of it; raises UnknownYear."""
    return last_working_day_before(day, calendar_overrides())


def working_days_from(first: date, last: date) -> int:
    """Count the working days from `first` to `last`, both included; raises UnknownYear."""
    return count_working_days(first, last, calendar_overrides())


def is_at_work(day: date) -> bool:
    """Tell whether `day` is a working day; raises UnknownYear."""
    return is_working_day(day, calendar_overrides())


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Ask for next year's notice once it is due, and for this year's as long as it is not there."""
    if not allows(actor, CALENDAR):
        return ()
    with transaction() as session:
        today, overrides = local_day(database_now(session)), calendar_overrides()
    wanted = [today.year] + [today.year + 1] * ((today.month, today.day) >= NOTICE_EXPECTED_FROM)
    return tuple(
        DeskItem(
            "due",
            f"{year}年的放假安排还没有录入",
            f"涉及{year}年的工作日期限现在算不出来",
            "去录入",
            url_for("options.see_calendar", name=DAYS.name),
        )
        for year in wanted
        if not is_known(year, overrides)
    )
