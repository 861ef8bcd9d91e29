"""What makes a choice valid, and the bit set in which choices rest."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votes.rules import AwardRule, BallotRules, InvalidChoice, check_choices, check_nonce, count, pack, unpack

RULES = BallotRules(
    (
        AwardRule("组织", 0, 2, frozenset(range(1, 6))),
        AwardRule("党员", 1, 3, frozenset(range(6, 13))),
    ),
    frozenset({5, 12}),
)
NUMBERS = st.sets(st.integers(1, 400), max_size=120)


@pytest.mark.parametrize(
    ("choices", "fault"),
    [
        ([6], None),
        ([1, 2, 6, 7, 8], None),
        ([], InvalidChoice(None, "empty")),
        ([1], InvalidChoice("党员", "too_few")),
        ([1, 2, 3, 6], InvalidChoice("组织", "too_many")),
        ([6, 7, 8, 9], InvalidChoice("党员", "too_many")),
        ([6, 6], InvalidChoice("党员", "duplicate")),
        ([6, 99], InvalidChoice(None, "unknown")),
        ([6, 0], InvalidChoice(None, "unknown")),
        ([6, -1], InvalidChoice(None, "unknown")),
        ([5, 6], InvalidChoice("组织", "withdrawn")),
        (["6"], InvalidChoice(None, "malformed")),
        ([6.0], InvalidChoice(None, "malformed")),
        ([True], InvalidChoice(None, "malformed")),
        ("6", InvalidChoice(None, "malformed")),
        (None, InvalidChoice(None, "malformed")),
        ({"6": 1}, InvalidChoice(None, "malformed")),
    ],
)
def test_a_choice_is_valid_or_says_what_is_wrong(choices: object, fault: InvalidChoice | None) -> None:
    assert check_choices(RULES, choices) == fault


def test_withdrawals_leave_no_award_that_nobody_can_satisfy() -> None:
    rules = BallotRules((AwardRule("党员", 2, 3, frozenset({1, 2, 3})),), frozenset({2, 3}))

    assert check_choices(rules, [1]) is None


@pytest.mark.parametrize(
    ("nonce", "good"),
    [("0" * 32, True), ("a-b_C9xy", True), ("short", False), ("x" * 65, False), ("空" * 10, False), (7, False)],
)
def test_a_nonce_is_plain_text_of_a_sensible_length(nonce: object, good: bool) -> None:
    assert check_nonce(nonce) is good


@given(NUMBERS)
def test_packing_loses_nothing(numbers: set[int]) -> None:
    assert unpack(pack(numbers, 50)) == tuple(sorted(numbers))


@given(st.lists(NUMBERS, max_size=30))
def test_counting_packed_ballots_is_counting_choices(ballots: list[set[int]]) -> None:
    expected = Counter(number for ballot in ballots for number in ballot)

    assert count([pack(ballot, 50) for ballot in ballots], 50) == dict(expected)
