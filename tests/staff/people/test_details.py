"""What is known of somebody, which of it goes with which role, and until when an account works."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.forms import InvalidFields
from staff.people.details import PersonDetails, last_day_of, masked_phone, place_of, plain_phone, read_details
from staff.roles import Role

NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)
TYPED = {
    "display_name": " 示例新人 ",
    "role": "investigator",
    "unit": "示例县委",
    "last_day": "2026-04-30",
    "phone": "",
}


def faults(**changed: str) -> dict[str, str]:
    with pytest.raises(InvalidFields) as refused:
        read_details({**TYPED, **changed}, NOW)
    return refused.value.faults


def test_typed_details_become_plain_values() -> None:
    typed = {**TYPED, "phone": "+86 138-0000 5678"}
    assert read_details(typed, NOW) == PersonDetails(
        "示例新人", Role.INVESTIGATOR, "示例县委", date(2026, 4, 30), "13800005678"
    )


def test_only_outsiders_belong_to_a_unit() -> None:
    assert read_details({**TYPED, "role": "office"}, NOW).unit is None
    assert faults(unit="") == {"unit": "考察组要写明单位，最多80个字。"}


def test_every_fault_is_told_at_its_field() -> None:
    assert faults(display_name="", role="king", last_day="tomorrow", phone="12345") == {
        "display_name": "请填姓名，最多40个字。",
        "role": "请选择角色。",
        "last_day": "请按年-月-日填写日期，例如2026-04-30。",
        "phone": "手机号要11位数字，以1开头；不填也可以。",
    }


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("", "考察组账号要有截止日期，考察结束后自动停用。"),
        ("2026-03-31", "截止日期已过，请填今天或以后的日期。"),
        ("2029-04-01", "截止日期最长三年，到期可以再延。"),
    ],
)
def test_investigators_are_here_for_a_time(day: str, sentence: str) -> None:
    assert faults(last_day=day) == {"last_day": sentence}


def test_today_is_the_first_last_day_even_where_it_is_yesterday_in_utc() -> None:
    late_evening_in_utc = datetime(2026, 4, 29, 17, tzinfo=UTC)  # the 30th in Jiaozuo
    assert read_details(TYPED, late_evening_in_utc).last_day == date(2026, 4, 30)


def test_an_account_works_through_the_whole_of_its_last_day() -> None:
    details = PersonDetails("示例新人", Role.OFFICE, None, date(2026, 4, 30))
    assert details.valid_until == datetime(2026, 4, 30, 16, tzinfo=UTC)  # midnight in Jiaozuo


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_the_last_day_comes_back_from_the_moment_it_became(day: date) -> None:
    assert last_day_of(PersonDetails("示例", Role.OFFICE, None, day).valid_until) == day


def test_without_a_last_day_there_is_no_end() -> None:
    assert (PersonDetails("示例", Role.OFFICE).valid_until, last_day_of(None)) == (None, None)


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z"), st.sampled_from(["", "+86", "+86 ", "  "]))
def test_a_number_is_known_in_whatever_grouping_and_shown_without_its_middle(number: str, before: str) -> None:
    assert plain_phone(f"{before}{number[:3]}-{number[3:7]} {number[7:]}") == number
    assert masked_phone(number.encode()) == f"{number[:3]}****{number[7:]}"


def test_the_longest_stay_is_three_years() -> None:
    last = (NOW + timedelta(days=3 * 365)).date()
    assert read_details({**TYPED, "last_day": last.isoformat()}, NOW).last_day == last


def test_a_place_names_the_unit_where_there_is_one() -> None:
    assert [place_of(Role.UNIT, "示例县委"), place_of(Role.LEADER, None)] == ["推荐单位，示例县委", "部领导"]
