"""Whom a notice is about: typed, pasted from a spreadsheet or a document, checked row by row; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from foundation.errors import InvalidInput
from foundation.ids import random_id
from publicity.notices.kinds import MOST_SUBJECTS

PERSON, ORGANISATION = "person", "organisation"
SUBJECT_KINDS = {PERSON: "个人", ORGANISATION: "组织"}
"""The kinds that are typed or pasted; rooms above bring kinds of their own."""

LENGTHS = {"name": 80, "text": 160, "heading": 60, "unit": 80}
LABELS = {"name": "姓名或组织名称", "text": "单位及职务", "heading": "奖项", "unit": "推荐单位"}


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject; `kind` and `key` name the same one in every version and every room.

    `heading` is the award it stands under, `text` unit and post, `unit` the 推荐单位.
    """

    kind: str
    key: str
    name: str
    text: str
    heading: str = ""
    unit: str = ""


_HAN = "〇\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\ue000-\uf8ff\uf900-\ufaff\U00020000-\U0003ffff"
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad\x00-\x08\x0b-\x1f\x7f]")
_BLANKS = "[ \u00a0\u3000]"
_BETWEEN_HAN = re.compile(f"(?<=[·{_HAN}]){_BLANKS}+(?=[·{_HAN}])")
_PADDED = re.compile(f"[{_HAN}](?:{_BLANKS}+[{_HAN}]){{1,3}}(?=$|{_BLANKS}|[\t,，])")
_NUMBERING = re.compile(
    r"\A\s*(?:[0-9０-９]{1,4}\s*[.．、。)）:：]|[(（]\s*(?:[0-9０-９]{1,4}|[一二三四五六七八九十百零]{1,5})\s*[)）]"
    rf"|[一二三四五六七八九十百零]{{1,5}}\s*[、.．]|[\u2460-\u2473\u3251-\u325f\u32b1-\u32bf]|[0-9０-９]{{1,4}}{_BLANKS}+)\s*"
)
_ONLY_NUMBER = re.compile(r"[0-9０-９]{1,4}[.．、]?")
_BRACKETED = re.compile(r"[【\[〔](?P<name>[^】\]〕]+)[】\]〕]\s*[:：]?")
_COUNT = re.compile(r"\s*[(（]\s*共?\s*[0-9０-９一二三四五六七八九十百]{1,5}\s*[名个人位]?\s*[)）]$")
_AWARD_ENDING = re.compile(r"(共产党员|基层党组织|党务工作者|先进典型|候选对象|推荐对象|预备人选)$")
_GROUPS = re.compile(r"(党组织|组织|集体)$")
_ORGANISATION = re.compile(
    r"(党委|党组|党工委|工委|党总支|总支部?|党支部|支部|委员会|党小组|党组织)(（[^（）]*）|\([^()]*\))?$"
)
_LONG_ORGANISATION = re.compile(
    r"(公司|集团|学校|中学|小学|大学|学院|医院|中心|协会|商会|合作社|社区|村|局|厅|处|厂|院|站|所)$"
)
_COLUMN_NAMES = {"序号", "编号", "姓名", "名称", "组织名称", "党组织名称", "基层党组织名称", "对象", "姓名（组织名称）"}
_MOST_PASTED = 200_000  # characters
_MOST_TOLD = 5


def read_pasted(text: str) -> tuple[Subject, ...]:
    """Return what the pasted lines name, each with a fresh key; a line that is an award's name heads what follows.

    Cells are parted by tabs, else by commas, else by several spaces: name, unit and post, 推荐单位. Raises
    InvalidInput for the field `pasted`, whose sentence names the lines.
    """
    if len(text) > _MOST_PASTED:
        raise InvalidInput("粘贴的内容太长，请分几次粘贴。", field="pasted")
    subjects: list[Subject] = []
    faults: list[str] = []
    seen: dict[tuple[str, str, str], int] = {}
    heading = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _INVISIBLE.sub("", raw).strip(" \u00a0\u3000")
        found = _heading_of(line.strip())
        if found is not None:
            heading = found
            continue
        cells = _cells_of(line)
        if not cells or cells[0] in _COLUMN_NAMES:
            continue
        fault = _fault_of(cells) or _seen_before(seen, heading, cells, number)
        if fault:
            faults.append(f"第{number}行{fault}")
        else:
            subjects.append(_subject(cells, heading))
    _refuse(faults, subjects)
    return tuple(subjects)


def kind_by_name(name: str, heading: str = "") -> str:
    """Tell a person from an organisation by how the name, or else the heading, ends; staff may correct it."""
    if _ORGANISATION.search(name) or _GROUPS.search(heading):
        return ORGANISATION
    return ORGANISATION if len(name) > 4 and "·" not in name and _LONG_ORGANISATION.search(name) else PERSON


def closed_up(name: str) -> str:
    """Return a name without the blanks that pad it: 王　示 is 王示."""
    return _BETWEEN_HAN.sub("", " ".join(_INVISIBLE.sub("", name).replace("\u3000", " ").split()))


def new_subject(name: str, text: str = "", *, heading: str = "", unit: str = "", kind: str = "") -> Subject:
    """Return a typed subject with a fresh key; its kind follows from its name where none is given."""
    name = closed_up(name)
    return Subject(kind or kind_by_name(name, heading), random_id(), name, text.strip(), heading.strip(), unit.strip())


def check_subjects(subjects: Sequence[Subject], *, twice_under_awards: bool = False) -> dict[str, str]:
    """Return a sentence for each field that cannot be used; fields are named subjects-<row>-<field>.

    With `twice_under_awards` somebody may stand under two awards, as long as a unit still proposes them for both.
    """
    faults: dict[str, str] = {}
    if len(subjects) > MOST_SUBJECTS:
        faults["subjects"] = f"最多{MOST_SUBJECTS:,}个对象，现在是{len(subjects):,}个。"
    seen: dict[tuple[str, ...], int] = {}
    keys: dict[tuple[str, str], int] = {}
    for row, subject in enumerate(subjects):
        faults |= {f"subjects-{row}-{field}": text for field, text in _check(subject).items()}
        same = (*_same(subject), subject.heading if twice_under_awards else "")
        first = min(seen.setdefault(same, row), keys.setdefault((subject.kind, subject.key), row))
        if first != row:
            faults.setdefault(f"subjects-{row}-name", f"“{subject.name}”和第{first + 1}个重复了。")
    return faults


def settle_keys(wanted: Sequence[Subject], known: Sequence[Subject]) -> tuple[Subject, ...]:
    """Return the subjects under the keys by which they were known.

    Who stands there again by name and text keeps the key, pasted anew or not; whom another was written over has one
    of their own.
    """
    by_key = {(subject.kind, subject.key): subject for subject in known}
    by_words = {(*_same(subject), subject.heading): subject for subject in reversed(known)}
    taken = {(one.kind, one.key) for one in wanted if _stays(one, by_key.get((one.kind, one.key)))}
    settled = []
    for subject in wanted:
        own = (subject.kind, subject.key)
        twin = by_words.get((*_same(subject), subject.heading))
        if own in taken:
            settled.append(subject)
        elif twin is not None and (twin.kind, twin.key) not in taken:
            taken.add((twin.kind, twin.key))
            settled.append(replace(subject, kind=twin.kind, key=twin.key))
        elif own in by_key:
            settled.append(replace(subject, kind=kind_by_name(subject.name, subject.heading), key=random_id()))
        else:
            settled.append(subject)
    return tuple(settled)


def is_same_subject(before: Subject, after: Subject) -> bool:
    """Tell whether two rows under one key can be one subject: the name stands, or a slip in it was put right."""
    if _plain(before.name) == _plain(after.name):
        return True
    alike = SequenceMatcher(None, _plain(before.name), _plain(after.name), autojunk=False).ratio()
    return _plain(before.text) == _plain(after.text) and alike >= 0.5


def _stays(subject: Subject, known: Subject | None) -> bool:
    return known is not None and is_same_subject(known, subject)


def _plain(text: str) -> str:
    return "".join(text.split())


def _same(subject: Subject) -> tuple[str, str]:
    return _plain(subject.name), _plain(subject.text)


def _heading_of(line: str) -> str | None:
    """Return the award that a line names for those below it, None for a line that is about somebody."""
    bracketed = _BRACKETED.fullmatch(line)
    if bracketed:
        return bracketed["name"].strip()
    bare = _NUMBERING.sub("", line, count=1)
    without_colon = bare.rstrip(":： \u3000")
    counted = _COUNT.sub("", without_colon)
    is_heading = bare != without_colon and bare.rstrip()[-1:] in {":", "："}
    is_award = bool(_AWARD_ENDING.search(counted)) and not re.search(r"\s", counted)
    if not (is_heading or is_award or counted != without_colon) or not counted or re.search("[\t,，]", counted):
        return None
    return _BRACKETED.sub(lambda found: found["name"], counted).strip()


def _cells_of(line: str) -> list[str]:
    """Part a line into its cells, without numbering and without what pads names."""
    if "\t" in line:
        cells = [cell.strip() for cell in line.split("\t")]
        if _ONLY_NUMBER.fullmatch(cells[0]):
            cells = cells[1:]
    else:
        line = _NUMBERING.sub("", line, count=1)
        line = _PADDED.sub(lambda found: re.sub(_BLANKS, "", found[0]), line, count=1) if _PADDED.match(line) else line
        cells = [cell.strip() for cell in _parted(line)]
    while cells and not cells[-1]:
        cells.pop()
    if cells:
        cells[0] = closed_up(_NUMBERING.sub("", cells[0], count=1))
    return cells


def _parted(line: str) -> list[str]:
    if re.search("[,，]", line):
        return re.split("[,，]", line)
    if re.search(f"{_BLANKS}{{2,}}|\u3000", line):
        return re.split(f"{_BLANKS}{{2,}}|\u3000", line)
    return re.split(f"(?<=[{_HAN}）)]){_BLANKS}(?=[{_HAN}])", line, maxsplit=1)


def _fault_of(cells: Sequence[str]) -> str:
    if len(cells) > 3:
        return f"有{len(cells)}栏，最多三栏：姓名或组织名称、单位及职务、推荐单位。"
    if len(cells[0]) < 2:
        return f"的姓名“{cells[0]}”只有一个字，请核对。" if cells[0] else "没有姓名或组织名称。"
    for cell, field in zip(cells, ("name", "text", "unit"), strict=False):
        if len(cell) > LENGTHS[field]:
            return f"的{LABELS[field]}太长，最多{LENGTHS[field]}个字。"
    return ""


def _seen_before(seen: dict[tuple[str, str, str], int], heading: str, cells: Sequence[str], number: int) -> str:
    words = (heading, _plain(cells[0]), _plain(cells[1]) if len(cells) > 1 else "")
    first = seen.setdefault(words, number)
    return f"的“{cells[0]}”和第{first}行重复了。" if first != number else ""


def _subject(cells: Sequence[str], heading: str) -> Subject:
    name, text, unit = (*cells, "", "")[:3]
    return new_subject(name, text, heading=heading[: LENGTHS["heading"]], unit=unit)


def _refuse(faults: Sequence[str], subjects: Sequence[Subject]) -> None:
    if faults:
        more = f"另有{len(faults) - _MOST_TOLD}行也要改。" if len(faults) > _MOST_TOLD else ""
        raise InvalidInput("".join(faults[:_MOST_TOLD]) + more, field="pasted")
    if len(subjects) > MOST_SUBJECTS:
        raise InvalidInput(f"最多{MOST_SUBJECTS:,}个对象，粘贴了{len(subjects):,}个。", field="pasted")


def _check(subject: Subject) -> dict[str, str]:
    faults = {}
    if not subject.name:
        faults["name"] = "请填写姓名或组织名称。"
    if not subject.kind or not subject.key or len(subject.kind) > 20 or len(subject.key) > 80:
        faults["kind"] = "请选个人或组织。"
    for field, most in LENGTHS.items():
        text = getattr(subject, field)
        if len(text) > most:
            faults[field] = f"{LABELS[field]}太长，最多{most}个字。"
        elif _INVISIBLE.search(text) or "\n" in text or "\t" in text:
            faults[field] = f"{LABELS[field]}里有看不见的字符，请删去重打。"
    return faults
