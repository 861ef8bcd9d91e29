"""The tables of a report, laid out once for every format that a person reads."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from foundation.clock import local
from foundation.documents import Column
from foundation.spreadsheets import readable
from votes.exporting.report import TallyReport, TurnoutReport
from votes.phases import Phase

Cell = str | int | Decimal | None
"""Text, a number, a share in per cent, or nothing to say."""

SIGNATURES = "　　".join(f"{who}（签字）：{'_' * 20}" for who in ("制表人", "复核人", "监督人"))
_PHASES = {
    Phase.DRAFT: "尚未开放",
    Phase.NOT_OPEN: "投票尚未开始",
    Phase.OPEN: "投票进行中，结果未认证",
    Phase.CLOSED: "投票已结束，结果未认证",
    Phase.CERTIFIED: "结果已认证",
}
NOTHING = "—"
HIDDEN_NOTE = "本投票结果认证前不公布得票情况，本表只列投票人数。"
UNIT_NOTE = "按选票顺序列出，不排名；含已退出者的得票。仅供主办部门内部使用。"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under columns; `note` is a sentence for the reader, or empty."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


_SHEET = (
    Column("序号", 3, "center"),
    Column("奖项", 7),
    Column("编号", 3, "center"),
    Column("姓名（组织名称）", 11),
    Column("单位及职务", 15),
    Column("推荐单位", 9),
    Column("得票数", 4, "right"),
    Column("得票率（占有效票）", 6, "right"),
    Column("名次", 3, "center"),
    Column("备注", 7),
)
_RANKING = (
    Column("奖项", 8),
    Column("名额", 3, "center"),
    Column("名次", 3, "center"),
    Column("编号", 3, "center"),
    Column("姓名（组织名称）", 17),
    Column("推荐单位", 14),
    Column("得票数", 4, "right"),
    Column("得票率（占有效票）", 6, "right"),
    Column("备注", 8),
)
_UNITS = (
    Column("推荐单位", 20),
    Column("奖项", 14),
    Column("候选对象数", 6, "right"),
    Column("得票数合计", 6, "right"),
)


def title_of(report: TurnoutReport) -> str:
    """Return the sheet's own title."""
    return "网上评议得票情况汇总表" if isinstance(report, TallyReport) else "网上评议投票人数统计表"


def counted_at(report: TurnoutReport) -> str:
    """Write when it was counted, to the second, in Asia/Shanghai."""
    here = local(report.counted_at)
    return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M:%S}"


def head_of(report: TurnoutReport) -> tuple[tuple[str, str], ...]:
    """Return the head as pairs: which poll, when counted, up to which ballot, and how far the poll is."""
    return (
        ("投票", readable(report.title)),
        ("统计时间", counted_at(report)),
        ("选票范围", f"截至第 {report.last_number} 票" if report.last_number else "尚无选票"),
        ("状态", _PHASES[report.phase]),
    )


def foot_of(report: TurnoutReport) -> tuple[tuple[str, str], ...]:
    """Return the foot as pairs: the numbers that the signatures stand for."""
    voters = ("投票人数", str(report.voters))
    if not isinstance(report, TallyReport):
        return (voters, ("统计时间", counted_at(report)))
    counts = (("有效", str(report.valid)), ("作废", str(report.voided)))
    return (voters, *counts, ("统计时间", counted_at(report)))


def tables_of(report: TurnoutReport) -> tuple[Table, ...]:
    """Return the tables, the one to sign first; a report without votes has turnout alone."""
    if not isinstance(report, TallyReport):
        return (_turnout_table(report, HIDDEN_NOTE),)
    return (
        _table("汇总表", _SHEET, _sheet_rows(report)),
        _table("排名", _RANKING, _ranking_rows(report)),
        _table("按推荐单位", _UNITS, _unit_rows(report), UNIT_NOTE),
        _turnout_table(report),
    )


def _table(name: str, columns: tuple[Column, ...], rows: Iterable[tuple[Cell, ...]], note: str = "") -> Table:
    shown = tuple(tuple(readable(cell) if isinstance(cell, str) else cell for cell in row) for row in rows)
    return Table(name, columns, shown, note)


def _sheet_rows(report: TallyReport) -> Iterator[tuple[Cell, ...]]:
    for award in report.awards:
        for row in award.rows:
            who = (row.position, award.name, row.number, row.name, row.post, row.unit)
            yield (*who, row.votes, row.share, row.rank, row.remark)


def _ranking_rows(report: TallyReport) -> Iterator[tuple[Cell, ...]]:
    for award in report.awards:
        for row in award.best_first:
            who = (award.name, award.places, row.rank, row.number, row.name, row.unit)
            yield (*who, row.votes, row.share, row.remark)


def _unit_rows(report: TallyReport) -> Iterator[tuple[Cell, ...]]:
    for unit in report.units:
        yield (unit.unit, unit.award, unit.candidates, unit.votes)


def _turnout_table(report: TurnoutReport, note: str = "") -> Table:
    voters = "投票人次" if report.daily else "投票人数"
    columns = (
        Column("日期", 10),
        Column("时段", 10, "center"),
        Column(voters, 6, "right"),
        Column("累计", 6, "right"),
    )
    return _table("分时投票人数", columns, _turnout_rows(report), note)


def _turnout_rows(report: TurnoutReport) -> Iterator[tuple[Cell, ...]]:
    so_far = 0
    for hour in report.hours:
        so_far += hour.ballots
        began = local(hour.began)
        until = began + timedelta(hours=1)
        day = f"{began.year}年{began.month}月{began.day}日"
        yield (day, f"{began:%H:%M}–{until:%H:%M}", hour.ballots, so_far)
