"""What a notice says: its title and text written from kind, list and office, and filled with list and days; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType

from markupsafe import Markup, escape

from publicity.notices.kinds import WITH_PERIOD, Kind
from publicity.notices.office import OFFICE_LABELS, Office
from publicity.notices.period import Period
from publicity.notices.subjects import ORGANISATION, Subject, kind_by_name

LIST, PERIOD, DAY = "〔名单〕", "〔公示期〕", "〔发布日期〕"
"""What stands in a text for the list, the period and the day of publication, until somebody reads it."""

LATER = "发布后填入"
NOBODY = "（名单中的对象均已撤下。）"
LIST_PARAGRAPH = f"<p>{LIST}</p>"
MOST_TITLE = 120  # characters

_WHAT: Mapping[Kind, str] = MappingProxyType(
    {Kind.UNIT: "初步推荐对象", Kind.CANDIDATES: "候选对象", Kind.FINAL: "预备人选"}
)
_HOW: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.UNIT: "根据市级“十佳百优”先进典型推荐工作安排，采取自下而上推荐和自上而下审核相结合的方式，"
        "经党员选、群众评、组织推，逐级遴选，并征求有关部门意见，研究提出了{}。",
        Kind.CANDIDATES: "根据市级“十佳百优”先进典型推荐工作安排，在各推荐单位逐级推荐、党委集体研究上报的基础上，"
        "经逐一审查把关，好中选优，差额提出了{}。",
        Kind.FINAL: "根据市级“十佳百优”先进典型推荐工作安排，经逐级推荐、审查把关、网上评议和深入考察，综合各方面情况，"
        "并征求有关部门意见，研究提出了{}。",
    }
)
_WHY = "为充分听取各方面意见，接受党员、群众监督，现予公示。"
_RAISE = (
    "公示期间，党员、群众可以通过来信、来电、来访、电子邮件等方式，或者在本公示的网页上，向受理单位反映公示对象的情况和问题。"
    "信函以到达日邮戳为准。"
)
_HONEST = (
    "反映问题要客观公正、实事求是，并告知或签署本人真实姓名、单位和联系电话，以便核实；以单位名义反映的，要加盖公章。"
    "对反映人的情况严格保密。"
)
_ABOUT_POLLS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.OPENING: (
            "“十佳百优”先进典型网上评议开始的公告",
            "市级“十佳百优”先进典型候选对象网上评议现在开始，欢迎党员、群众参加。",
        ),
        Kind.CLOSING: (
            "“十佳百优”先进典型网上评议结束的公告",
            "市级“十佳百优”先进典型候选对象网上评议已经结束，感谢党员、群众参加。",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Days:
    """When a version was published and which days its period covers; nothing where that is to come."""

    published_on: date | None = None
    period: Period | None = None
    working_days: int = 0


def write_title(kind: Kind, subjects: Sequence[Subject] = ()) -> str:
    """Return the title that follows from the kind and the awards in the list; a plain announcement has none."""
    if kind in _ABOUT_POLLS:
        return _ABOUT_POLLS[kind][0]
    return f"关于{_named(kind, subjects)}的公示" if kind in _WHAT else ""


def write_body(kind: Kind, subjects: Sequence[Subject], office: Office, issuer: str, lines: Sequence[str] = ()) -> str:
    """Return the text as HTML with its tokens; `issuer` is the issuing organ, `lines` are paragraphs from a room above.

    A plain announcement is written by hand, so that its text is empty.
    """
    if kind in WITH_PERIOD:
        paragraphs = _public_notice(kind, subjects, office, lines)
    elif kind in _ABOUT_POLLS:
        paragraphs = [_ABOUT_POLLS[kind][1], *lines]
    else:
        return ""
    signature = [issuer] if issuer else []
    return "".join(f"<p>{escape(text)}</p>" for text in (*paragraphs, *signature, DAY))


def fill(body: str, subjects: Sequence[Subject], days: Days) -> Markup:
    """Return a cleaned text as it is read: with the list, the period and the day of publication in place."""
    return Markup(str(render_list(subjects)).join(fill_days(body, days).split(LIST_PARAGRAPH)))  # noqa: S704


def fill_days(body: str, days: Days) -> str:
    """Return a cleaned text with the period and the day of publication in place, and the list still to come."""
    period = LATER if days.period is None else show_period(days.period, days.working_days)
    day = LATER if days.published_on is None else show_date(days.published_on)
    return body.replace(PERIOD, period).replace(DAY, day)


def render_list(subjects: Sequence[Subject]) -> Markup:
    """Return the list by award, each award numbered from 1, in nothing but the tags that a text may have."""
    if not subjects:
        return Markup("<p>{}</p>").format(NOBODY)
    parts = []
    for heading, members in groupby(subjects, key=lambda subject: subject.heading):
        group = list(members)
        title = Markup("<h3>{}</h3>").format(f"{heading}（{_count(group)}）") if heading else Markup()
        items = Markup().join(_item(subject) for subject in group)
        parts.append(title + Markup("<ol>{}</ol>").format(items))
    return Markup().join(parts)


def show_period(period: Period, working_days: int) -> str:
    """Write a period the way a notice does: 2017年6月5日至6月9日（5个工作日）."""
    if period.first == period.last:
        return f"{show_date(period.first)}（{working_days}个工作日）"
    same_year = period.first.year == period.last.year
    last = f"{period.last.month}月{period.last.day}日" if same_year else show_date(period.last)
    return f"{show_date(period.first)}至{last}（{working_days}个工作日）"


def show_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _public_notice(kind: Kind, subjects: Sequence[Subject], office: Office, lines: Sequence[str]) -> list[str]:
    contact = [
        f"{OFFICE_LABELS[name]}：{text}"
        for name in ("name", "hours", "phone", "address", "email")
        if (text := getattr(office, name))
    ]
    first = _HOW[kind].format(_named(kind, subjects)) + _WHY
    return [first, *lines, LIST, f"公示期：{PERIOD}。", _RAISE, _HONEST, *contact]


def _named(kind: Kind, subjects: Sequence[Subject]) -> str:
    """Name the awards of a list with what they are at this stage: 十佳共产党员、优秀共产党员候选对象."""
    awards = list(dict.fromkeys(subject.heading for subject in subjects if subject.heading))
    named = "、".join(awards)
    return f"{named if 0 < len(named) <= 60 else '市级“十佳百优”先进典型'}{_WHAT[kind]}"


def _count(group: Sequence[Subject]) -> str:
    organisations = all(ORGANISATION in (one.kind, kind_by_name(one.name, one.heading)) for one in group)
    return f"{len(group)}{'个' if organisations else '名'}"


def _item(subject: Subject) -> Markup:
    if not subject.text:
        return Markup("<li>{}</li>").format(subject.name)
    return Markup("<li><strong>{}</strong>　{}</li>").format(subject.name, subject.text)
