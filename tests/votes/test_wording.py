"""Numbers in sentences."""

import pytest

from votes.wording import list_numbers


@pytest.mark.parametrize(
    ("numbers", "written"),
    [([7], "7号"), ([2, 1], "1、2号"), ([3, 1, 2], "1—3号"), ([1, 2, 3, 7, 9, 10, 11], "1—3、7、9—11号")],
)
def test_runs_of_numbers_are_drawn_together(numbers: list[int], written: str) -> None:
    assert list_numbers(numbers) == written
