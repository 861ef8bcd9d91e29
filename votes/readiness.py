"""What a draft still lacks before it may be opened, and what is worth a second look. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class AwardToCheck(Protocol):
    """What readiness asks of an award."""

    id: int
    name: str
    places: int
    min_choices: int
    max_choices: int


class CandidateToCheck(Protocol):
    """What readiness asks of a candidate."""

    award_id: int
    consented: bool
    secrecy_reviewed: bool
    photo: str | None
    withdrawn_at: datetime | None


class PollToCheck(Protocol):
    """What readiness asks of a poll."""

    opens_at: datetime | None
    closes_at: datetime | None
    candidate_order: str
    draw_seed: str | None
    enquiry_phone: str
    supervision_phone: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The candidates who have not withdrawn, counted: per award's id, and those who lack something."""

    per_award: Mapping[int, int]
    without_consent: int = 0
    without_review: int = 0
    without_photo: int = 0


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to see to; `about` says where: settings, awards or candidates, and which of these it concerns."""

    about: str
    text: str
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is missing stops the opening; what is doubtful is only said."""

    missing: tuple[Concern, ...]
    doubts: tuple[Concern, ...]

    @property
    def ready(self) -> bool:
        return not self.missing


def count_standing(candidates: Iterable[CandidateToCheck]) -> Standing:
    """Count the candidates who stand."""
    standing = [candidate for candidate in candidates if candidate.withdrawn_at is None]
    return Standing(
        per_award=Counter(candidate.award_id for candidate in standing),
        without_consent=sum(not candidate.consented for candidate in standing),
        without_review=sum(not candidate.secrecy_reviewed for candidate in standing),
        without_photo=sum(candidate.photo is None for candidate in standing),
    )


def check_readiness(poll: PollToCheck, awards: Sequence[AwardToCheck], standing: Standing, now: datetime) -> Readiness:
    """Look the draft over as it stands at `now`."""
    missing = [*_settings_missing(poll, now), *_awards_missing(awards, standing), *_candidates_missing(standing)]
    doubts = [*_settings_doubted(poll, now), *_awards_doubted(awards, standing), *_candidates_doubted(standing)]
    return Readiness(tuple(missing), tuple(doubts))


def _settings_missing(poll: PollToCheck, now: datetime) -> Iterable[Concern]:
    if poll.opens_at is None or poll.closes_at is None:
        times = (("开始时间", poll.opens_at), ("结束时间", poll.closes_at))
        blank = "和".join(name for name, at in times if at is None)
        yield Concern("settings", f"还没有填{blank}。")
    elif poll.closes_at <= now:
        yield Concern("settings", "结束时间已经过去，请改成以后的时间。")
    if poll.candidate_order == "drawn" and not poll.draw_seed:
        yield Concern("settings", "候选对象按抽签排列，还没有填抽签号码。")


def _awards_missing(awards: Sequence[AwardToCheck], standing: Standing) -> Iterable[Concern]:
    if not awards:
        yield Concern("awards", "还没有设奖项。")
    for award in awards:
        there, least = standing.per_award.get(award.id, 0), max(1, award.min_choices)
        if there < least:
            held = f"有{there}名" if there else "还没有"
            yield Concern("candidates", f"“{award.name}”{held}候选对象，至少要{least}名。")


def _candidates_missing(standing: Standing) -> Iterable[Concern]:
    if standing.without_consent:
        yield Concern("candidates", f"{standing.without_consent}名候选对象还没有登记同意公开。", "consented")
    if standing.without_review:
        yield Concern("candidates", f"{standing.without_review}名候选对象还没有登记保密审查。", "secrecy_reviewed")


def _settings_doubted(poll: PollToCheck, now: datetime) -> Iterable[Concern]:
    if poll.opens_at is not None and poll.opens_at <= now:
        yield Concern("settings", "开始时间已到，部领导批准后立即开始投票。")
    if not poll.enquiry_phone or not poll.supervision_phone:
        yield Concern("settings", "咨询电话或监督电话没有填，投票人看不到。")


def _awards_doubted(awards: Sequence[AwardToCheck], standing: Standing) -> Iterable[Concern]:
    for award in awards:
        there = standing.per_award.get(award.id, 0)
        if 0 < there <= award.places:
            yield Concern("awards", f"“{award.name}”有{there}名候选对象、{award.places}个名额，没有差额。")
        if there and award.max_choices > there:
            yield Concern("awards", f"“{award.name}”最多可选{award.max_choices}，多于候选对象人数。")


def _candidates_doubted(standing: Standing) -> Iterable[Concern]:
    if standing.without_photo:
        yield Concern("candidates", f"{standing.without_photo}名候选对象没有照片，页面上显示占位图。", "photo")
