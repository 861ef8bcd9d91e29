"""The rules a voter reads before the first choice, written from the poll's times and limits. Pure."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Protocol

from foundation.clock import local, show_moment


class AwardLimits(Protocol):
    """What the rules say of an award."""

    name: str
    for_organisations: bool
    min_choices: int
    max_choices: int


class PollTerms(Protocol):
    """What the rules say of a poll."""

    opens_at: datetime | None
    closes_at: datetime | None
    period: str
    followers_only: bool
    candidate_order: str
    draw_seed: str | None


# Source: the selection's default rules. It is a ballot per WeChat account, which the text never makes one per person.
_ALWAYS = (
    "不收费，不需转发。",
    "投票结果是评选参考之一，不直接决定表彰对象。",
    "凡以主办方名义收费刷票的均为诈骗，请勿相信，请举报。",
    "帮家人投票请用家人自己的微信。",
    "未满14周岁请勿参与。",
)


def write_rules(poll: PollTerms, awards: Sequence[AwardLimits]) -> str:
    """Return the rules, one sentence a line."""
    often = "每天限投一次" if poll.period == "daily" else "限投一次"
    lines = [f"投票时间：{_window(poll)}。", f"每个微信号{often}，提交后不可修改。"]
    if poll.followers_only:
        lines.append("投票前请先关注本公众号。")
    if awards:
        lines.append(_limits(awards))
    if poll.candidate_order == "drawn" and poll.draw_seed:
        lines.append(f"候选对象的先后由抽签排定，抽签号码：{poll.draw_seed}。")
    return "\n".join([*lines, *_ALWAYS])


def _window(poll: PollTerms) -> str:
    if poll.opens_at is None or poll.closes_at is None:
        return "另行公布"
    another_year = local(poll.opens_at).year != local(poll.closes_at).year
    return f"{show_moment(poll.opens_at, year=True)}至{show_moment(poll.closes_at, year=another_year)}"


def _limits(awards: Sequence[AwardLimits]) -> str:
    """Name awards with equal limits together: 甲、乙各最多选10个（名），丙最多选100名，可少选。"""
    clauses = []
    for (least, most), alike in groupby(awards, lambda award: (award.min_choices, award.max_choices)):
        together = list(alike)
        each = "各" if len(together) > 1 else ""
        clauses.append("、".join(award.name for award in together) + each + _how_many(least, most, _measure(together)))
    fewer = "，可少选" if all(award.min_choices == 0 for award in awards) else ""
    return "，".join(clauses) + fewer + "。"


def _how_many(least: int, most: int, measure: str) -> str:
    if least == 0:
        return f"最多选{most}{measure}"
    return f"须选{most}{measure}" if least == most else f"须选{least}至{most}{measure}"


def _measure(awards: Sequence[AwardLimits]) -> str:
    kinds = {award.for_organisations for award in awards}
    if len(kinds) == 2:
        return "个（名）"
    return "个" if kinds == {True} else "名"
