"""The report's sentences and tables, laid out once for whoever writes them down."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from foundation.clock import local, show_moment
from foundation.documents import Column
from publicity.conclusion.report import End, NoticeReport, ReportedVersion
from publicity.notices.kinds import Change
from publicity.objections.figures import ObjectionFigures
from publicity.objections.rules import OPEN
from publicity.pushes.figures import PushFigures

TITLE = "公示情况报告"
SIGNATURES = "　　".join(f"{who}：{'_' * 12}" for who in ("制表人", "复核人"))
NOTHING = "—"
CHANGES: Mapping[Change, str] = MappingProxyType(
    {
        Change.FIRST: "首次发布",
        Change.SUBJECTS: "增补或更换公示对象，公示期重新起算",
        Change.WITHDRAWAL: "撤下公示对象，公示期不变",
        Change.MISPRINT: "更正文字，公示期不变",
    }
)
"""What a version is to the one before."""

_SUBJECTS = (Column("序号", 3, "center"), Column("奖项", 8), Column("姓名（名称）", 9), Column("单位及职务", 12),
             Column("推荐单位", 7))  # fmt: skip
_VERSIONS = (Column("版本", 4, "center"), Column("发布时间", 8), Column("变动", 9), Column("说明", 11),
             Column("公示期", 10))  # fmt: skip
_MEDIA = (Column("序号", 3, "center"), Column("媒体", 10), Column("刊登日期", 8), Column("凭据", 18))
_PUSHES = (Column("渠道", 5), Column("对象", 6), Column("时间", 7), Column("应发", 4, "right"),
           Column("送达", 4, "right"), Column("拒收", 3, "right"), Column("取关", 3, "right"),
           Column("失败", 3, "right"), Column("不明", 3, "right"), Column("重发", 3, "right"))  # fmt: skip
_OBJECTIONS = (Column("序号", 3, "center"), Column("到达日期", 7), Column("反映对象", 9), Column("方式", 4, "center"),
               Column("署名", 4, "center"), Column("结果", 5, "center"), Column("情况", 10))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, paragraphs, and a table below them; no table without rows."""

    heading: str
    paragraphs: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def standing_of(report: NoticeReport) -> str:
    """Say as of when the report is, and whether the notice is over."""
    moment = _moment(report.as_of)
    if report.end is None:
        return f"公示尚未结束。本报告反映截至{moment}的情况，公示结束后应重新生成。"
    return f"公示已经结束，现将公示情况报告如下。本报告根据截至{moment}的记录生成。"


def sections_of(report: NoticeReport) -> tuple[Section, ...]:
    """Return the seven parts of the report."""
    return (
        Section("一、公示的缘由和程序", report.origin or ("见公示正文。",)),
        _subjects(report),
        _period(report),
        _media(report),
        _pushes(report),
        _objections(report),
        Section("七、公示结论", tuple(_conclusion(report))),
    )


def closing_of(report: NoticeReport) -> tuple[str, ...]:
    """Return what stands below the signatures: the office and the day."""
    return tuple(line for line in (report.office, _day(local(report.as_of).date())) if line)


def _subjects(report: NoticeReport) -> Section:
    headings = Counter(subject.heading for subject in report.subjects)
    said = f"公示对象共{len(report.subjects)}个（名）"
    if any(headings):
        said += "，其中" + "、".join(f"{heading or '其他'}{count}" for heading, count in headings.items())
    rows = tuple(
        (str(number), subject.heading, subject.name, subject.text, subject.unit)
        for number, subject in enumerate(report.subjects, start=1)
    )
    return Section("二、公示对象", (f"{said}。",), _SUBJECTS, rows)


def _period(report: NoticeReport) -> Section:
    period = report.versions[-1].period
    said = [f"公示期自{_day(period.first)}起，至{_day(period.last)}止，共{report.working_days}个工作日。"]
    restarts = [version for version in report.versions if version.change is Change.SUBJECTS]
    if restarts:
        numbers = "、".join(f"第{version.number}版" for version in restarts)
        said.append(f"期间因增补或更换公示对象，公示期重新起算{len(restarts)}次（{numbers}），以最后一次为准。")
    rows = tuple(_version(version) for version in report.versions)
    return Section("三、公示期", tuple(said), _VERSIONS, rows)


def _version(version: ReportedVersion) -> tuple[str, ...]:
    published = f"第{version.number}版", _moment(version.published_at), CHANGES[version.change]
    return (*published, version.note or NOTHING, f"{_day(version.period.first)}至{_day(version.period.last)}")


def _media(report: NoticeReport) -> Section:
    said = f"同时在{len(report.media)}处刊登或张贴，凭据见下表。" if report.media else "没有登记其他媒体。"
    rows = tuple(
        (str(number), medium.name, _day(medium.appeared_on), _evidence(medium.address, medium.filename))
        for number, medium in enumerate(report.media, start=1)
    )
    return Section("四、公示媒体", (f"公示全文公布在公示页：{report.address}。{said}",), _MEDIA, rows)


def _evidence(address: str, filename: str) -> str:
    scan = f"扫描件：{filename}" if filename else ""
    return "\n".join(part for part in (address, scan) if part) or NOTHING


def _pushes(report: NoticeReport) -> Section:
    if not report.pushes:
        return Section("五、推送情况", ("没有通过公众号推送。",))
    said = f"通过公众号推送{len(report.pushes)}次，送达{sum(push.reached for push in report.pushes):,}人次。"
    unknown = sum(push.unknown for push in report.pushes)
    if unknown:
        said += f"另有{unknown:,}条没有得到微信的应答，不知道是否收到，没有计入送达。"
    repeats = sum(push.repeats for push in report.pushes)
    if repeats:
        said += f"因一时没有得到应答而以同一编号重发{repeats:,}条，微信按编号去掉重复的。"
    return Section("五、推送情况", (said,), _PUSHES, tuple(_push(push) for push in report.pushes))


def _push(push: PushFigures) -> tuple[str, ...]:
    ended = show_moment(push.ended_at) if push.ended_at else "没有结束"
    when = f"{show_moment(push.begun_at)}至{ended}"
    not_reached = (push.refused + push.blocked, push.unfollowed, push.failed, push.unknown)
    counts = (push.total, push.reached, *not_reached, push.repeats)
    return (push.channel, push.audience, when, *(f"{count:,}" for count in counts))


def _objections(report: NoticeReport) -> Section:
    if not report.objections:
        return Section("六、反映情况及办理结果", ("没有收到反映。",))
    rows = tuple(
        (
            str(number),
            _day(one.arrived_on),
            f"{one.subject_name}（{one.subject_unit}）" if one.subject_unit else one.subject_name,
            one.way_words,
            one.raised_as_words,
            one.state_words,
            one.result or NOTHING,
        )
        for number, one in enumerate(report.objections, start=1)
    )
    return Section("六、反映情况及办理结果", (_objections_counted(report.objections),), _OBJECTIONS, rows)


def _objections_counted(objections: tuple[ObjectionFigures, ...]) -> str:
    ways = _counted(one.way_words for one in objections)
    signed = _counted(one.raised_as_words for one in objections)
    settled = [one for one in objections if one.state not in OPEN]
    said = f"共收到反映{len(objections)}件：按方式分，{ways}；按署名分，{signed}。"
    if settled:
        said += f"已办结{len(settled)}件，其中{_counted(one.state_words for one in settled)}。"
    waiting = len(objections) - len(settled)
    return said + (f"尚未办结{waiting}件。" if waiting else "全部办结。")


def _counted(words: Iterable[str]) -> str:
    return "、".join(f"{word}{count}件" for word, count in Counter(words).items())


def _conclusion(report: NoticeReport) -> Iterator[str]:
    if report.end is None:
        yield "公示尚未结束，暂无结论。"
    else:
        yield from _ended(report.end)


def _ended(end: End) -> Iterator[str]:
    yield f"公示期满，{_moment(end.at)}由{end.by}办理结束。"
    if end.reason:
        yield f"结束时仍有反映没有办结，由部领导决定结束，理由：{end.reason}"
    else:
        yield "结束时没有未办结的反映。"


def _moment(at: datetime) -> str:
    return show_moment(at, year=True)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
