"""A filled-in spreadsheet of candidates read and checked as a whole: every fault is named with its row and column."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import TypeVar

from votes.grid import Cell, Grid, UnreadableSheet, read_grid
from votes.models import Candidate
from votes.rules import MAX_CANDIDATES
from votes.spreadsheet import (
    COLUMNS,
    EXAMPLE,
    MOST_CANDIDATE_ROWS,
    NO,
    SHEET,
    USUAL_BRIEF,
    USUAL_DEEDS,
    YES,
    read_heading,
)

T = TypeVar("T")
OnRow = Callable[[int, int, int], object]
MOST_ROWS_NAMED = 10
_HEADING_WITHIN = 10  # rows; a title may stand above the headings
_TITLES = {column.key: column.title for column in COLUMNS}
_EARLIER = {"同意公示": "consented"}  # headings of templates that people may still have
_KEYS = _EARLIER | {column.title: column.key for column in COLUMNS}
_REQUIRED = ("award", "name", "unit", "consented", "secrecy_reviewed")
_LINES = frozenset({"brief", "deeds"})
_CATEGORIES_DROPPED = frozenset({"Cc", "Cf", "Cs"})


def _model_length(column: str) -> int:
    length: int = Candidate.__table__.columns[column].type.length  # type: ignore[attr-defined]  # a String
    return length


LONGEST: Mapping[str, int] = {
    **{key: _model_length(key) for key in ("name", "unit", "post")},
    "brief": 1_000,
    "deeds": 10_000,
    "photo_file": 120,
}


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """A fault or a doubt: Excel's row (0: the file as a whole) and column (0-based, −1: the row as a whole)."""

    row: int
    column: int
    title: str
    message: str

    @property
    def place(self) -> str:
        """Excel's own name of the place: 第7行 C列."""
        if not self.row:
            return ""
        return f"第{self.row}行" + (f" {column_letters(self.column)}列" if self.column >= 0 else "")

    def __str__(self) -> str:
        where = " ".join(part for part in (self.place, self.title) if part)
        return f"{where}：{self.message}" if where else self.message


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One candidate as the sheet gives it; `row` is its row in Excel."""

    row: int
    number: int
    award: str
    name: str
    unit: str
    post: str
    brief: str
    deeds: str
    photo_file: str
    consented: bool
    secrecy_reviewed: bool


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What an import would bring. With one fault there are no rows; warnings leave the decision to a person."""

    rows: tuple[SheetRow, ...]
    faults: tuple[Remark, ...]
    warnings: tuple[Remark, ...]

    @property
    def photo_files(self) -> dict[str, int]:
        """Return the file names the sheet gives for photos, with the candidates' numbers."""
        return {row.photo_file: row.number for row in self.rows if row.photo_file}


def column_letters(index: int) -> str:
    """Return Excel's name of a column: 0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        letters = ascii_uppercase[digit] + letters
    return letters


def read_candidates(xlsx_bytes: bytes, award_names: Sequence[str], on_row: OnRow | None = None) -> ImportPreview:
    """Read a sheet of candidates for the awards named, and list everything that is wrong with it.

    `on_row(row, done, total)` is told which row of Excel is next, after how many of how many.
    """
    try:
        grid = read_grid(xlsx_bytes, SHEET)
    except UnreadableSheet as error:
        return ImportPreview((), (Remark(0, -1, "", error.message),), ())
    return check_grid(grid, award_names, on_row)


def check_grid(grid: Grid, award_names: Sequence[str], on_row: OnRow | None = None) -> ImportPreview:
    """Check a sheet's cells; the first row of `grid` is row 1."""
    heading, columns, faults = _read_headings(grid)
    if faults:
        return ImportPreview((), tuple(sorted(faults)), ())
    rows = [
        (number, {key: row[index] for key, index in columns.items()})
        for number, row in enumerate(grid[heading:], start=heading + 1)
        if any(clean_line(cell) for cell in row) and not _is_example(row, columns)
    ]
    if not rows or len(rows) > MOST_CANDIDATE_ROWS:
        return ImportPreview((), (Remark(0, -1, "", _wrong_size(len(rows))),), ())
    return _Check(columns, award_names, on_row or _tell_nobody).run(rows)


def _tell_nobody(_row: int, _done: int, _total: int) -> None:
    """Nobody waits to hear how far the reading is."""


def _wrong_size(rows: int) -> str:
    if not rows:
        return "表格里没有候选对象。"
    return f"一次最多导入{MOST_CANDIDATE_ROWS}行候选对象，现在有{rows}行。"


def _is_example(row: Sequence[Cell], columns: Mapping[str, int]) -> bool:
    return "number" in columns and clean_line(row[columns["number"]]) == EXAMPLE


def _read_headings(grid: Grid) -> tuple[int, dict[str, int], list[Remark]]:
    """Find the row of headings; returns its number in Excel, the columns by key, and what is wrong with them."""
    for number, row in enumerate(grid[:_HEADING_WITHIN], start=1):
        titles = [read_heading(clean_line(cell)) for cell in row]
        if len(set(titles) & set(_KEYS)) >= 2:
            return number, *_check_headings(number, titles, grid)
    return 0, {}, [Remark(0, -1, "", f"前{_HEADING_WITHIN}行里找不到表头，请用模板的表头。")]


def _check_headings(number: int, titles: list[str], grid: Grid) -> tuple[dict[str, int], list[Remark]]:
    columns: dict[str, int] = {}
    faults = []
    for index, title in enumerate(titles):
        key = _KEYS.get(title)
        if key is None and title:
            faults.append(Remark(number, index, "表头", f"不认识“{_clip(title)}”这一列，请改成模板里的列名或删去。"))
        elif key is None and any(clean_line(row[index]) for row in grid[number:]):
            faults.append(Remark(number, index, "表头", "这一列有内容却没有表头。"))
        elif key in columns:
            faults.append(Remark(number, index, "表头", f"“{title}”与{column_letters(columns[key])}列重复。"))
        elif key is not None:
            columns[key] = index
    missing = [column for column in COLUMNS if column.key not in columns and not column.may_be_missing]
    faults.extend(Remark(number, -1, "表头", f"缺少“{column.title}”这一列。") for column in missing)
    return columns, faults


class _WrongCell(Exception):
    """What is wrong with one cell."""


@dataclass(slots=True)
class _Draft:
    """A row while it is being checked; what could not be read is None."""

    row: int
    has_number: bool
    number: int | None
    award: str | None
    texts: dict[str, str]
    flags: dict[str, bool]

    def same(self) -> tuple[str, str] | None:
        """Return what tells that two rows are the same candidate, however it is spaced and however wide."""
        name, unit = (_bare(self.texts.get(key, "")) for key in ("name", "unit"))
        return (name, unit) if name and unit else None


@dataclass(slots=True)
class _Check:
    """The checks of one sheet, and what they found."""

    columns: Mapping[str, int]
    award_names: Sequence[str]
    on_row: OnRow
    faults: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)

    def run(self, rows: Sequence[tuple[int, Mapping[str, Cell]]]) -> ImportPreview:
        drafts = []
        for done, (row, cells) in enumerate(rows):
            self.on_row(row, done, len(rows))
            drafts.append(self._read_row(row, cells))
        self._check_numbers(drafts)
        self._check_doubles(drafts)
        if self.faults:
            return ImportPreview((), tuple(sorted(self.faults)), tuple(sorted(self.warnings)))
        return ImportPreview(self._finish(drafts), (), tuple(sorted(self.warnings)))

    def _read_row(self, row: int, cells: Mapping[str, Cell]) -> _Draft:
        texts = {key: self._cell(row, key, cells.get(key, ""), _reader(key)) for key in LONGEST}
        flags = {key: self._cell(row, key, cells[key], _read_flag) for key in ("consented", "secrecy_reviewed")}
        award = self._cell(row, "award", cells["award"], self._read_award)
        number = self._cell(row, "number", cells.get("number", ""), _read_number)
        self._warn_of_length(row, "brief", texts["brief"], USUAL_BRIEF)
        self._warn_of_length(row, "deeds", texts["deeds"], USUAL_DEEDS)
        return _Draft(
            row=row,
            has_number=bool(clean_line(cells.get("number", ""))),
            number=number,
            award=award,
            texts={key: text for key, text in texts.items() if text is not None},
            flags={key: flag for key, flag in flags.items() if flag is not None},
        )

    def _cell(self, row: int, key: str, cell: Cell, read: Callable[[Cell], T]) -> T | None:
        try:
            return read(cell)
        except _WrongCell as wrong:
            self._fault(row, key, str(wrong))
            return None

    def _read_award(self, cell: Cell) -> str:
        text = _filled(clean_line(cell))
        for name in self.award_names:
            if _bare(name) == _bare(text):
                return name
        raise _WrongCell(f"没有“{_clip(text)}”这个奖项，可以填：{'、'.join(self.award_names)}。")

    def _check_numbers(self, drafts: Sequence[_Draft]) -> None:
        self._check_all_or_none([draft.row for draft in drafts if draft.has_number], drafts)
        seen: dict[int, int] = {}
        for draft in drafts:
            if draft.number in seen:
                self._fault(draft.row, "number", f"与第{seen[draft.number]}行的编号{draft.number}重复。")
            elif draft.number is not None:
                seen[draft.number] = draft.row

    def _check_all_or_none(self, filled: Sequence[int], drafts: Sequence[_Draft]) -> None:
        """Numbers are given in every row or in none; the fewer rows are named, in one fault."""
        empty = [draft.row for draft in drafts if not draft.has_number]
        if filled and empty:
            few, said = (filled, "填了") if len(filled) <= len(empty) else (empty, "没有填")
            rows = "、".join(map(str, few[:MOST_ROWS_NAMED])) + ("等" if len(few) > MOST_ROWS_NAMED else "")
            message = f"只有第{rows}行{said}编号，共{len(few)}行。编号要么每行都填，要么全部留空。"
            self._fault(few[0], "number", message)

    def _check_doubles(self, drafts: Sequence[_Draft]) -> None:
        seen: dict[tuple[str, str], dict[str, int]] = {}
        for draft in drafts:
            same = draft.same()
            if same is None or draft.award is None:
                continue
            rows = seen.setdefault(same, {})
            if draft.award in rows:
                self._fault(draft.row, "name", f"与第{rows[draft.award]}行重复（奖项、姓名或名称、推荐单位都相同）。")
            elif rows:
                text = f"与第{next(iter(rows.values()))}行同名同单位，奖项不同，请确认是否要参评两项。"
                self._warn(draft.row, "name", text)
            rows.setdefault(draft.award, draft.row)

    def _warn_of_length(self, row: int, key: str, text: str | None, usual: tuple[int, int]) -> None:
        if text is not None and not usual[0] <= (length := len("".join(text.split()))) <= usual[1]:
            now = f"现在有{length}字" if length else "还没有填写"
            self._warn(row, key, f"{now}，一般为{usual[0]}至{usual[1]}字。")

    def _finish(self, drafts: Sequence[_Draft]) -> tuple[SheetRow, ...]:
        """Turn faultless drafts into rows in the order of their numbers, which run from 1 where none was given."""
        positions = {name: position for position, name in enumerate(self.award_names)}
        listed = sorted(drafts, key=lambda draft: (draft.number or 0, positions[draft.award or ""], draft.row))
        return tuple(
            SheetRow(
                row=draft.row,
                number=draft.number or number,
                award=draft.award or "",
                **draft.texts,
                consented=draft.flags["consented"],
                secrecy_reviewed=draft.flags["secrecy_reviewed"],
            )
            for number, draft in enumerate(listed, start=1)
        )

    def _fault(self, row: int, key: str, message: str) -> None:
        self.faults.append(Remark(row, self.columns.get(key, -1), _TITLES[key], message))

    def _warn(self, row: int, key: str, message: str) -> None:
        self.warnings.append(Remark(row, self.columns.get(key, -1), _TITLES[key], message))


def clean_line(cell: Cell) -> str:
    """Return a cell as one line of text: 3.0 as 3, no control or invisible characters, single spaces."""
    if isinstance(cell, bool):
        return YES if cell else NO
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    return " ".join(_visible(text).split())


def clean_lines(cell: Cell) -> str:
    """Return a cell as text whose line breaks stay, without blank lines at either end."""
    return (
        "\n".join(clean_line(line) for line in str(cell).splitlines()).strip()
        if isinstance(cell, str)
        else clean_line(cell)
    )


def clean_name(cell: Cell) -> str:
    """Return a name without the spaces that pad short names to the width of longer ones: 张 三 → 张三."""
    line = clean_line(cell)
    parts = line.split()
    padded = all(len(part) == 1 and unicodedata.category(part) == "Lo" for part in parts)
    return "".join(parts) if padded else line


def _visible(text: str) -> str:
    return "".join(c for c in text if c.isspace() or unicodedata.category(c) not in _CATEGORIES_DROPPED)


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _clip(text: str) -> str:
    return text if len(text) <= 20 else text[:20] + "…"


def _filled(text: str) -> str:
    if not text:
        raise _WrongCell("不能为空。")
    return text


def _reader(key: str) -> Callable[[Cell], str]:
    """Return what reads a text column and refuses what is missing or too long."""
    clean = clean_name if key == "name" else clean_lines if key in _LINES else clean_line

    def read(cell: Cell) -> str:
        text = _filled(clean(cell)) if key in _REQUIRED else clean(cell)
        if len(text) > LONGEST[key]:
            raise _WrongCell(f"最多{LONGEST[key]}个字，现在有{len(text)}个字。")
        return text

    return read


def _read_number(cell: Cell) -> int | None:
    text = _bare(clean_line(cell))
    if not text:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,12}(\.0*)?", text):
        raise _WrongCell(f"“{_clip(text)}”不是整数。")
    number = int(text.partition(".")[0])
    if not 1 <= number <= MAX_CANDIDATES:
        raise _WrongCell(f"编号要在1到{MAX_CANDIDATES}之间，现在是{number}。")
    return number


def _read_flag(cell: Cell) -> bool:
    text = _filled(_bare(clean_line(cell)))
    if text not in {YES, NO}:
        raise _WrongCell(f"只能填“{YES}”或“{NO}”，现在是“{_clip(text)}”。")
    return text == YES
