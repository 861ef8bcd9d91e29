"""Who stands where within an award: competition ranking (1, 2, 2, 4), ties and the cut marked. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby


class Cut(StrEnum):
    """Where a rank lies with regard to the award's places."""

    WITHIN = "within"
    TIED_AT_CUT = "tied_at_cut"
    BEYOND = "beyond"


@dataclass(frozen=True, slots=True)
class Standing:
    """A rank counted from 1; `tied` when somebody else has as many votes."""

    rank: int
    tied: bool
    cut: Cut


def rank(votes: Mapping[int, int], places: int) -> dict[int, Standing]:
    """Rank candidate numbers by their votes, the best first and equal votes by number.

    Where more stand at the last place than there is room for, all of them are `TIED_AT_CUT`: neither in nor out.
    """
    sharing = Counter(votes.values())
    best_first = sorted(votes, key=lambda number: (-votes[number], number))
    standings: dict[int, Standing] = {}
    for count, group in groupby(best_first, key=votes.__getitem__):
        first = len(standings) + 1
        last = len(standings) + sharing[count]
        standing = Standing(first, sharing[count] > 1, _cut(first, last, places))
        standings.update(dict.fromkeys(group, standing))
    return standings


def _cut(first: int, last: int, places: int) -> Cut:
    if last <= places:
        return Cut.WITHIN
    return Cut.TIED_AT_CUT if first <= places else Cut.BEYOND
