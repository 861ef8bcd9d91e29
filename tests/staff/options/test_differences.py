"""What a version changed, line by line."""

from hypothesis import given
from hypothesis import strategies as st

from staff.options.differences import Difference, differences

LINES = st.lists(st.sampled_from(["甲", "乙", "丙", ""]), max_size=8)


def test_what_went_stands_before_what_came() -> None:
    assert differences(["头", "旧", "尾"], ["头", "新", "尾", "后记"]) == (
        Difference(added=False, line="旧"),
        Difference(added=True, line="新"),
        Difference(added=True, line="后记"),
    )


@given(LINES)
def test_nothing_differs_from_itself(lines: list[str]) -> None:
    assert differences(lines, lines) == ()


@given(LINES, LINES)
def test_the_differences_account_for_every_line(old: list[str], new: list[str]) -> None:
    found = differences(old, new)

    went = sorted(change.line for change in found if not change.added)
    came = sorted(change.line for change in found if change.added)
    assert sorted(old + came) == sorted(new + went)
