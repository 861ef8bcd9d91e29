"""The sheet before whoever ends a notice: how far it is, what is open, and what had better be looked at first."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from foundation.clock import local
from foundation.transaction import transaction
from publicity.conclusion.concluding import Readiness, conclusion_readiness
from publicity.conclusion.report import End, NoticeReport, build_report
from publicity.notices.kinds import Phase
from publicity.objections.figures import ObjectionFigures
from publicity.objections.rules import OPEN


@dataclass(frozen=True, slots=True)
class ConclusionSheet:
    """What the page shows; `settled` counts the objections by their result, `doubts` are sentences that stop nobody."""

    readiness: Readiness
    open: tuple[ObjectionFigures, ...] = ()
    settled: tuple[tuple[str, int], ...] = ()
    versions: int = 0
    media: int = 0
    pushes: int = 0
    doubts: tuple[str, ...] = ()
    end: End | None = None

    @property
    def reportable(self) -> bool:
        return self.versions > 0

    @property
    def objections(self) -> int:
        return len(self.open) + sum(count for _, count in self.settled)


def conclusion_sheet(key: str) -> ConclusionSheet:
    """Return the sheet; of a notice without a period, or not published, it says no more than that. Raises NotFound."""
    with transaction():
        readiness = conclusion_readiness(key)
        if readiness.head.phase in (Phase.DRAFT, Phase.STANDING):
            return ConclusionSheet(readiness)
        report = build_report(key)
    settled = Counter(one.state_words for one in report.objections if one.state not in OPEN)
    return ConclusionSheet(
        readiness=readiness,
        open=tuple(one for one in report.objections if one.state in OPEN),
        settled=tuple(settled.items()),
        versions=len(report.versions),
        media=len(report.media),
        pushes=len(report.pushes),
        doubts=tuple(_doubts(report)),
        end=report.end,
    )


def _doubts(report: NoticeReport) -> Iterator[str]:
    if not report.media:
        yield "还没有登记媒体和凭据，报告里会写“没有登记其他媒体”。"
    under_way = [push for push in report.pushes if push.ended_at is None]
    if under_way:
        yield f"还有{len(under_way)}次推送没有结束，报告里的数字以后还会变。"
    today = local(report.as_of).date()
    if report.end is None and report.versions[-1].period.last < today:
        yield "来信以到达日邮戳为准：公示期内寄出的信可能还在路上，请先查收。"
