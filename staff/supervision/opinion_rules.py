"""How an opinion goes from hand to hand, and when an answer is late. Pure."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

DEFAULT_DAYS = 3
MOST_DAYS = 30


class State(StrEnum):
    """Asked and not answered, answered, asked again, settled for good."""

    OPEN = "open"
    ANSWERED = "answered"
    REOPENED = "reopened"
    SETTLED = "settled"


STATE_NAMES: Mapping[State, str] = MappingProxyType(
    {
        State.OPEN: "等待答复",
        State.ANSWERED: "已答复，待了结",
        State.REOPENED: "等待再次答复",
        State.SETTLED: "已了结",
    }
)
UNANSWERED = frozenset({State.OPEN, State.REOPENED})
_NEXT: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.OPEN: frozenset({State.ANSWERED}),
        State.ANSWERED: frozenset({State.SETTLED, State.REOPENED}),
        State.REOPENED: frozenset({State.ANSWERED}),
        State.SETTLED: frozenset(),
    }
)


def may_become(state: State, target: State) -> bool:
    """Tell whether an opinion may go from one state to another in one turn."""
    return target in _NEXT[state]


def is_overdue(state: State, due_on: date | None, today: date) -> bool:
    """Tell whether an answer is still missing after its last day, all days those of Asia/Shanghai."""
    return state in UNANSWERED and due_on is not None and today > due_on
