"""The templates of template messages that staff have set, and what of a notice goes into each of their fields."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from foundation.clock import local_day
from foundation.errors import InvalidInput
from publicity.notices.kinds import KIND_NAMES
from publicity.notices.reading import NoticePage
from publicity.pushes.contents import shorten
from staff.options.acts import TEXTS
from staff.options.kinds import Line, Paragraph
from staff.options.registry import Group, declare_option
from staff.options.tables import Column, Table, field_of
from wechat.sending.fields import NOT_SHOWN, THING_CHARACTERS, check_field

_LINE = re.compile(r"([a-z_]+\d*)\s*[:：=]\s*(.+)")
_MOMENT = re.compile(r"(?:time|date)\d*")
_SAMPLE_DAY = "2017年6月5日"


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """A template of the account: its name among us, its id at the platform, a line `thing1：标题` for each field."""

    name: str
    template_id: str
    fields: str

    @property
    def sources(self) -> dict[str, str]:
        """What goes into each field that is shown: the name of one of VALUES, or words that are always the same."""
        found = (_LINE.fullmatch(line.strip()) for line in self.fields.splitlines())
        return {match[1]: match[2].strip() for match in found if match and match[1] not in NOT_SHOWN}


def _both_ends(page: NoticePage) -> tuple[date, date] | None:
    head = page.head
    return None if head.first_day is None or head.last_day is None else (head.first_day, head.last_day)


def _whole_day(day: date | None) -> str:
    return "" if day is None else f"{day.year}年{day.month}月{day.day}日"


def _period(page: NoticePage, name: str) -> str:
    ends = _both_ends(page)
    if ends is None:
        return ""
    if _MOMENT.fullmatch(name):
        return "~".join(map(_whole_day, ends))
    return "至".join(f"{day.month}月{day.day}日" for day in ends)


def _published_on(page: NoticePage, _name: str) -> str:
    return _whole_day(local_day(page.head.published_at)) if page.head.published_at else ""


VALUES: Mapping[str, tuple[str, Callable[[NoticePage, str], str]]] = MappingProxyType(
    {
        "标题": ("关于示例预备人选的公示", lambda page, _name: page.head.title),
        "种类": ("预备人选公示", lambda page, _name: KIND_NAMES[page.head.kind]),
        "公示期": ("6月5日至6月9日", _period),
        "开始日期": (_SAMPLE_DAY, lambda page, _name: _whole_day(page.head.first_day)),
        "截止日期": (_SAMPLE_DAY, lambda page, _name: _whole_day(page.head.last_day)),
        "发布日期": (_SAMPLE_DAY, _published_on),
        "受理单位": ("示例组织一科", lambda page, _name: page.office.name),
        "受理电话": ("0000-12380", lambda page, _name: page.office.phone),
    }
)
"""What of a notice may stand in a field: a sample to check a template by, and how it is read for a field's name."""


def values_for(template: TemplateSet, page: NoticePage) -> dict[str, str]:
    """Return what is written into each field of a template; a `thing` is made to fit, the rest people mend."""
    return {name: _value(name, source, page) for name, source in template.sources.items()}


def template_by_id(template_id: str) -> TemplateSet | None:
    """Return the template that is set under an id of the platform's."""
    return next((one for one in TEMPLATES.value() if one.template_id == template_id), None)


def in_order(fields: Mapping[str, str], template_id: str) -> dict[str, str]:
    """Return the values of a template's fields in the order in which staff set them; the database keeps none."""
    template = template_by_id(template_id)
    known = [name for name in template.sources if name in fields] if template else []
    return {name: fields[name] for name in (*known, *sorted(set(fields) - set(known)))}


def _value(name: str, source: str, page: NoticePage) -> str:
    text = VALUES[source][1](page, name) if source in VALUES else source
    return shorten(text, THING_CHARACTERS) if name.startswith("thing") else text


def _check(templates: tuple[TemplateSet, ...]) -> dict[str, str]:
    faults: dict[str, str] = {}
    for row, template in enumerate(templates):
        fault = _fault_of(template.fields)
        if fault:
            faults[field_of(row, "fields")] = fault
        elif template.template_id in {other.template_id for other in templates[:row]}:
            faults[field_of(row, "template_id")] = "这个模板ID上面已经有了。"
    return faults


def _fault_of(fields: str) -> str:
    """Return what is wrong with the lines of a template, by the platform's rules on each kind of field."""
    seen: set[str] = set()
    for line in filter(None, map(str.strip, fields.splitlines())):
        match = _LINE.fullmatch(line)
        if match is None:
            return f"“{line}”看不懂，要写成“thing1：标题”这样，一行一个。"
        name, source = match[1], match[2].strip()
        if name in seen:
            return f"“{name}”写了两次。"
        seen.add(name)
        fault = _misfit(name, source)
        if fault:
            return fault
    return "" if seen - NOT_SHOWN else "至少要有一个会显示的字段，例如“thing1：标题”。"


def _misfit(name: str, source: str) -> str:
    """Return why what is named, or said, cannot stand in a field; what is always the same has to fit as it is."""
    try:
        sent = check_field(name, _sample(name, source))
    except InvalidInput as error:
        return f"{error.message.rstrip('。')}，不能填“{source}”。"
    if source not in VALUES and sent != source:
        return f"“{name}”最多{THING_CHARACTERS}个字，“{source}”有{len(source)}个字。"
    return ""


def _sample(name: str, source: str) -> str:
    if source not in VALUES:
        return source
    if source == "公示期" and _MOMENT.fullmatch(name):
        return f"{_SAMPLE_DAY}~{_SAMPLE_DAY}"
    return VALUES[source][0]


TEMPLATES = declare_option(
    "pushes.templates",
    "推送用的模板消息模板",
    Table(
        row=TemplateSet,
        columns=(
            Column("name", "名称", Line(20)),
            Column("template_id", "模板ID", Line(64)),
            Column("fields", "字段", Paragraph(600), wide=True),
        ),
        what="模板",
        most=25,
    ),
    (),
    group=Group.PUBLICITY,
    act=TEXTS,
    hint="在公众平台“广告与服务—模板消息”里选好模板，把模板ID抄在这里。字段一行一个，写成“thing1：标题”；冒号后面可以用"
    + "、".join(VALUES)
    + "，写别的就原样发出。",
    check=_check,
)
