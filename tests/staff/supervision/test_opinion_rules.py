"""The way of an opinion from hand to hand, without a database."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from staff.supervision.opinion_rules import STATE_NAMES, UNANSWERED, State, is_overdue, may_become

DAYS = st.dates(date(2017, 1, 1), date(2040, 1, 1))


def test_the_only_ways_an_opinion_goes() -> None:
    ways = {(start, target) for start in State for target in State if may_become(start, target)}
    assert ways == {
        (State.OPEN, State.ANSWERED),
        (State.ANSWERED, State.SETTLED),
        (State.ANSWERED, State.REOPENED),
        (State.REOPENED, State.ANSWERED),
    }
    assert set(STATE_NAMES) == set(State)


@given(st.lists(st.sampled_from(State), max_size=30))
def test_nothing_is_settled_that_was_not_answered_last(wishes: list[State]) -> None:
    gone = [State.OPEN]
    for wish in wishes:
        if may_become(gone[-1], wish):
            gone.append(wish)
    questions = sum(state in UNANSWERED for state in gone)
    answers = gone.count(State.ANSWERED)
    assert questions - answers == (gone[-1] in UNANSWERED)
    assert State.SETTLED not in gone[:-1]
    assert gone[-1] is not State.SETTLED or gone[-2] is State.ANSWERED


@given(st.sampled_from(State), DAYS, st.integers(-40, 40))
def test_an_answer_is_late_from_the_day_after_its_last_day(state: State, due_on: date, later: int) -> None:
    assert is_overdue(state, due_on, due_on + timedelta(days=later)) == (state in UNANSWERED and later > 0)
