"""Kinds of values: what is typed, what rests and what is read are the same value; what fits no kind is told why."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staff.options.errors import InvalidOption
from staff.options.kinds import Choice, Day, DayOrNone, Kind, Line, Number, Paragraph, Single, Switch

COLOURS = {"red": "红", "gold": "金"}
WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
KINDS_AND_VALUES = st.one_of(
    st.tuples(st.just(Line(most=20)), WORDS),
    st.tuples(st.just(Line(most=20, required=False)), st.just("")),
    st.tuples(st.just(Paragraph(most=41)), st.tuples(WORDS, WORDS).map("\n".join)),
    st.tuples(st.just(Number(-0, 999_999_999)), st.integers(0, 999_999_999)),
    st.tuples(st.just(Switch()), st.booleans()),
    st.tuples(st.just(Choice(lambda: COLOURS)), st.sampled_from(sorted(COLOURS))),
    st.tuples(st.just(Day()), st.dates()),
    st.tuples(st.just(DayOrNone()), st.none() | st.dates()),
)


@given(KINDS_AND_VALUES)
def test_a_value_survives_its_form_and_its_rest(pair: tuple[Kind[Any], Any]) -> None:
    kind, value = pair

    assert kind.understand(kind.show(value), "示例") == value
    assert kind.from_json(json.loads(json.dumps(kind.to_json(value)))) == value


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        (Line(most=3), "", "请填写示例。"),
        (Line(most=3), "一二三四", "示例最多3个字，现在是4个。"),
        (Line(most=9), "一\n二", "示例只能是一行。"),
        (Paragraph(most=3), "", "请填写示例。"),
        (Paragraph(most=3), "一\n二\n三", "示例最多3个字，现在是5个。"),
        (Number(5, 1000, "次"), "", "示例要填整数，例如5。"),
        (Number(5, 1000, "次"), "二十", "示例要填整数，例如5。"),
        (Number(5, 1000, "次"), "-7", "示例要填整数，例如5。"),
        (Number(5, 1000, "次"), "1" * 10, "示例要填整数，例如5。"),
        (Number(5, 1000, "次"), "4", "示例要在5到1,000之间，现在是4。"),
        (Number(5, 1000, "次"), "1,001", "示例要在5到1,000之间，现在是1,001。"),
        (Choice(lambda: COLOURS), "blue", "示例请从列出的选项中选一个。"),
        (Day(), "", "请填写示例。"),
        (Day(), "2027-02-30", "示例要写成2027-01-01这样的日期。"),
        (DayOrNone(), "明天", "示例要写成2027-01-01这样的日期。"),
    ],
)
def test_what_is_no_value_is_told_why(kind: Single[Any], typed: str, sentence: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        kind.understand(({"value": typed},), "示例")

    assert caught.value.faults == {"value": sentence}


def test_a_number_may_be_typed_with_commas() -> None:
    assert Number(1, 1_000_000).read("120,000", "示例") == 120_000
    assert Number(1, 1_000_000).read("120，000", "示例") == 120_000


@pytest.mark.parametrize(
    ("kind", "resting"),
    [
        (Line(), 7),
        (Paragraph(), ["一"]),
        (Number(1, 9), "7"),
        (Number(1, 9), True),
        (Switch(), 1),
        (Choice(lambda: COLOURS), None),
        (Day(), "soon"),
        (DayOrNone(), 20270101),
    ],
)
def test_what_rests_in_another_shape_does_not_read(kind: Kind[Any], resting: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any sentence will do
        kind.from_json(resting)


def test_a_choice_that_is_no_longer_offered_reads_as_it_was_set() -> None:
    assert Choice(lambda: COLOURS).from_json("green") == "green"
    assert Choice(lambda: COLOURS).lines("green") == ("green",)


@pytest.mark.parametrize(
    ("kind", "value", "lines"),
    [
        (Line(), "一行", ("一行",)),
        (Line(required=False), "", ()),
        (Paragraph(), "第一行\n\n第三行", ("第一行", "", "第三行")),
        (Number(1, 200_000, "次"), 120_000, ("120,000次",)),
        (Switch("开", "关"), False, ("关",)),
        (Choice(lambda: COLOURS), "red", ("红",)),
        (Day(), date(2027, 1, 1), ("2027年1月1日 星期五",)),
        (DayOrNone(), None, ()),
    ],
)
def test_people_read_values_in_their_own_words(kind: Kind[Any], value: Any, lines: tuple[str, ...]) -> None:
    assert kind.lines(value) == lines
