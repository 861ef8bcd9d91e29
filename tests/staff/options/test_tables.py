"""A table as a value: rows in the order staff gave them or in their own, each cell with its own fault."""

import json
from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from staff.options.errors import InvalidOption
from staff.options.forms import is_only_shown_again, read_typed
from staff.options.kinds import Choice, Day, Line, Number
from staff.options.tables import Column, Table


@dataclass(frozen=True)
class Bus:
    """A line of a bus, its first day, its seats."""

    line: str
    since: date
    seats: int
    colour: str = "red"


COLUMNS = (
    Column("line", "线路", Line(most=4)),
    Column("since", "首班", Day()),
    Column("seats", "座位", Number(1, 99)),
    Column("colour", "颜色", Choice(lambda: {"red": "红", "blue": "蓝"})),
)
BUSES = Table(Bus, COLUMNS, "线路", most=3)
BY_DAY = replace(BUSES, order=lambda bus: bus.since)
EARLY, LATE = Bus("甲", date(2026, 1, 1), 30), Bus("乙", date(2026, 5, 1), 40, "blue")
ROWS = st.lists(
    st.builds(Bus, st.sampled_from("甲乙丙"), st.dates(), st.integers(1, 99), st.sampled_from(["red", "blue"])),
    max_size=3,
).map(tuple)


def form(*rows: tuple[str, str, str], **more: str) -> MultiDict[str, str]:
    cells = {
        f"rows-{number}-{name}": text
        for number, row in enumerate(rows)
        for name, text in zip(("line", "since", "seats"), row, strict=True)
    }
    return MultiDict(cells | {f"rows-{number}-colour": "red" for number in range(len(rows))} | more)


@given(ROWS)
def test_rows_survive_their_form_and_their_rest(rows: tuple[Bus, ...]) -> None:
    assert BUSES.understand(BUSES.show(rows), "示例") == rows
    assert BUSES.from_json(json.loads(json.dumps(BUSES.to_json(rows)))) == rows


@given(ROWS)
def test_rows_with_an_order_of_their_own_rest_in_it(rows: tuple[Bus, ...]) -> None:
    assert BY_DAY.from_json(BY_DAY.to_json(rows)) == tuple(sorted(rows, key=lambda bus: bus.since))


def test_each_cell_is_told_its_own_fault() -> None:
    typed = read_typed(BUSES, form(("甲", "2026-01-01", "30"), ("", "2026-13-01", "100")))

    with pytest.raises(InvalidOption) as caught:
        BUSES.understand(typed, "示例")

    assert caught.value.faults == {
        "rows-1-line": "请填写线路。",
        "rows-1-since": "首班要写成2027-01-01这样的日期。",
        "rows-1-seats": "座位要在1到99之间，现在是100。",
    }


def test_too_many_rows_are_refused_together() -> None:
    with pytest.raises(InvalidOption) as caught:
        BUSES.understand(BUSES.show([EARLY] * 4), "示例")

    assert caught.value.faults == {"rows": "线路最多3条，现在是4条。"}


def test_an_emptied_row_and_a_removed_row_are_gone() -> None:
    sent = form(("甲", "2026-01-01", "30"), ("", "", ""), ("乙", "2026-05-01", "40"), **{"rows-0-remove": "1"})

    assert [cells["line"] for cells in read_typed(BUSES, sent)] == ["乙"]


def test_a_row_moves_up_past_those_that_are_gone() -> None:
    sent = form(("甲", "2026-01-01", "30"), ("", "", ""), ("乙", "2026-05-01", "40"), up="2")

    assert [cells["line"] for cells in read_typed(BUSES, sent)] == ["乙", "甲"]
    assert is_only_shown_again(sent)
    assert not is_only_shown_again(form(("甲", "2026-01-01", "30")))


@pytest.mark.parametrize("resting", [{}, "甲", ["甲"], [{"line": "甲"}], [{"line": "甲", "since": "x", "seats": 1}]])
def test_rows_that_rest_in_another_shape_do_not_read(resting: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any sentence will do
        BUSES.from_json(resting)  # type: ignore[arg-type]  # whatever JSON holds


def test_people_read_a_row_as_a_line() -> None:
    assert BUSES.lines((EARLY, LATE)) == (
        "线路：甲 · 首班：2026年1月1日 星期四 · 座位：30 · 颜色：红",
        "线路：乙 · 首班：2026年5月1日 星期五 · 座位：40 · 颜色：蓝",
    )
