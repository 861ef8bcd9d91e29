"""Ranks within an award: competition ranking, ties, and who stands within, at and beyond the cut."""

from hypothesis import given
from hypothesis import strategies as st

from votes.ranking import Cut, Standing, rank

VOTES = st.dictionaries(st.integers(1, 200), st.integers(0, 12), max_size=60)
PLACES = st.integers(1, 70)


def test_equal_votes_share_a_rank_and_the_next_rank_is_skipped() -> None:
    assert rank({1: 5, 2: 9, 3: 7, 4: 7}, places=4) == {
        2: Standing(1, False, Cut.WITHIN),
        3: Standing(2, True, Cut.WITHIN),
        4: Standing(2, True, Cut.WITHIN),
        1: Standing(4, False, Cut.WITHIN),
    }


def test_all_who_are_tied_for_the_last_place_are_neither_in_nor_out() -> None:
    assert rank({1: 9, 2: 7, 3: 7, 4: 7, 5: 1}, places=2) == {
        1: Standing(1, False, Cut.WITHIN),
        2: Standing(2, True, Cut.TIED_AT_CUT),
        3: Standing(2, True, Cut.TIED_AT_CUT),
        4: Standing(2, True, Cut.TIED_AT_CUT),
        5: Standing(5, False, Cut.BEYOND),
    }


def test_a_tie_that_ends_with_the_last_place_is_within() -> None:
    assert [standing.cut for standing in rank({1: 9, 2: 7, 3: 7, 4: 6}, places=3).values()] == [
        Cut.WITHIN,
        Cut.WITHIN,
        Cut.WITHIN,
        Cut.BEYOND,
    ]


def test_no_candidates_no_ranks() -> None:
    assert rank({}, places=3) == {}


@given(VOTES, PLACES)
def test_a_rank_is_one_more_than_how_many_have_more_votes(votes: dict[int, int], places: int) -> None:
    standings = rank(votes, places)
    assert {number: standing.rank for number, standing in standings.items()} == {
        number: 1 + sum(other > count for other in votes.values()) for number, count in votes.items()
    }


@given(VOTES, PLACES)
def test_tied_are_those_who_share_their_votes(votes: dict[int, int], places: int) -> None:
    counts = list(votes.values())
    assert {number for number, standing in rank(votes, places).items() if standing.tied} == {
        number for number, count in votes.items() if counts.count(count) > 1
    }


@given(VOTES, PLACES)
def test_the_cut_never_takes_in_more_than_there_are_places(votes: dict[int, int], places: int) -> None:
    standings = rank(votes, places)
    by_cut = {cut: [n for n, standing in standings.items() if standing.cut is cut] for cut in Cut}
    within, at_cut = len(by_cut[Cut.WITHIN]), len(by_cut[Cut.TIED_AT_CUT])
    assert within <= places
    assert at_cut == 0 or within < places < within + at_cut
    assert at_cut > 0 or within == min(places, len(votes))
    assert len({votes[number] for number in by_cut[Cut.TIED_AT_CUT]}) <= 1


@given(VOTES, PLACES)
def test_the_best_come_first_and_equals_by_number(votes: dict[int, int], places: int) -> None:
    order = list(rank(votes, places))
    assert order == sorted(order, key=lambda number: (-votes[number], number))
