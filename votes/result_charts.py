"""Results as figures for a chart: a bar for each candidate, the best first; the tables beside it say the same."""

from dataclasses import dataclass

from votes.ranking import Cut
from votes.results import AwardResult, CandidateResult, PollResults

MOST_NAMED = 30
"""With more candidates, bars stand by rank and without names, which nobody could read."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A candidate's bar; `cut` is within, tied_at_cut or beyond."""

    name: str
    votes: int
    cut: str


@dataclass(frozen=True, slots=True)
class ResultChart:
    """An award's chart: `named` bars lie, each beside its name; others stand in the order of their rank."""

    award: str
    places: int
    named: bool
    bars: tuple[Bar, ...]

    def as_json(self) -> dict[str, object]:
        bars = [{"name": bar.name, "votes": bar.votes, "cut": bar.cut} for bar in self.bars]
        return {"award": self.award, "named": self.named, "bars": bars}


def charts_of(results: PollResults) -> tuple[ResultChart, ...]:
    """Return a chart for each award in which somebody stands; who has withdrawn has no bar."""
    charts = (_chart(award) for award in results.awards)
    return tuple(chart for chart in charts if chart.bars)


def _chart(award: AwardResult) -> ResultChart:
    bars = tuple(_bar(candidate) for candidate in award.candidates if not candidate.withdrawn)
    return ResultChart(award.name, award.places, len(bars) <= MOST_NAMED, bars)


def _bar(candidate: CandidateResult) -> Bar:
    cut = candidate.standing.cut if candidate.standing else Cut.BEYOND
    return Bar(f"{candidate.number}号 {candidate.name}", candidate.votes, cut.value)
