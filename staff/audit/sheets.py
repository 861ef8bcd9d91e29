"""The trail as a file: a workbook or CSV, the watermark above and below, every text a string and never a formula."""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from foundation.clock import local
from foundation.spreadsheets import harmless, lines_in, readable
from staff.acts import words_of
from staff.audit.reading import AuditLine
from staff.audit.wording import field_words, result_words
from staff.roles import ROLE_NAMES, Role

TITLE = "操作记录"
MOST_ROWS = 1_000_000  # what a sheet holds, and some lines above and below
_WIDTHS: Mapping[str, float] = MappingProxyType(
    {
        "序号": 4,
        "时间": 6,
        "谁": 7,
        "角色": 5,
        "做了什么": 7,
        "对象": 15,
        "涉及的项目": 8,
        "结果": 4,
        "事由": 10,
        "申请人": 6,
        "网段": 6,
        "请求号": 9,
    }
)
"""Headings with their widths in Chinese characters."""

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_A4 = 9
_FONT = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter", "text_wrap": True}
_LINE = 15.0  # points that one line of text needs
_DIGITS = 2.0  # a column is measured in digits, which are half as wide as Chinese characters
_HEADING_ROW = 3

Rows = Iterable[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands in the file: what was chosen, where the chain stood, the watermark, and the rows."""

    chosen: str
    head: str
    watermark: str
    rows: Rows


def row_of(seq: int, line: AuditLine, show_network: Callable[[str], str]) -> tuple[str, ...]:
    """Return the cells of one act under the headings."""
    return (
        str(seq),
        f"{local(line.at):%Y-%m-%d %H:%M:%S}",
        f"{line.person}（{line.actor}）" if line.person != line.actor else line.actor,
        ROLE_NAMES[Role(line.role)] if line.role in set(Role) else line.role or "",
        words_of(line.act),
        line.object,
        "、".join(field_words(name, line.act) for name in line.fields),
        result_words(line.result),
        line.purpose,
        line.asker or "",
        show_network(line.network) if line.network else "",
        line.request_id or "",
    )


def write_csv(sheet: Sheet, path: Path) -> None:
    """Write UTF-8 with a byte order mark, lines ended by CR LF."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        write_row = csv.writer(file, lineterminator="\r\n").writerow
        for line in (TITLE, sheet.watermark, sheet.chosen, sheet.head):
            write_row([harmless(line)])
        write_row(_WIDTHS)
        for row in sheet.rows:
            write_row([harmless(readable(cell)) for cell in row])
        write_row([harmless(sheet.watermark)])


def write_xlsx(sheet: Sheet, path: Path) -> None:
    """Write an A4 landscape sheet; memory does not grow with its rows."""
    with Workbook(str(path), _OPTIONS) as book:
        page = book.add_worksheet(TITLE)
        title = book.add_format({**_FONT, "font_size": 18, "bold": True, "align": "center"})
        plain = book.add_format(_FONT)
        heading = book.add_format({**_FONT, "bold": True, "align": "center", "bg_color": "#F2F2F2", "border": 1})
        cell = book.add_format({**_FONT, "border": 1})
        _set_page(page, sheet)
        _write_line(page, 0, TITLE, title, 31)
        _write_line(page, 1, sheet.watermark, plain, 21)
        _write_line(page, 2, f"{sheet.chosen}　　{sheet.head}", plain, 21)
        page.write_row(_HEADING_ROW, 0, _WIDTHS, heading)
        last = _HEADING_ROW
        for last, row in enumerate(sheet.rows, start=_HEADING_ROW + 1):
            _write_cells(page, last, row, cell)
        _write_line(page, last + 1, sheet.watermark, plain, 21)


WRITERS: Mapping[str, Callable[[Sheet, Path], None]] = MappingProxyType({"xlsx": write_xlsx, "csv": write_csv})


def _set_page(page: Worksheet, sheet: Sheet) -> None:
    page.set_landscape()
    page.set_paper(_A4)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    page.fit_to_pages(1, 0)
    page.repeat_rows(_HEADING_ROW)
    page.set_footer(f"&L&8{sheet.watermark.replace('&', '&&')}&R第 &P 页　共 &N 页")
    page.freeze_panes(_HEADING_ROW + 1, 0)
    for index, width in enumerate(_WIDTHS.values()):
        page.set_column(index, index, width * _DIGITS + 1)


def _write_line(page: Worksheet, row: int, text: str, line: Format, height: float) -> None:
    page.set_row(row, height)
    page.merge_range(row, 0, row, len(_WIDTHS) - 1, "", line)
    page.write_string(row, 0, readable(text), line)


def _write_cells(page: Worksheet, row: int, texts: tuple[str, ...], cell: Format) -> None:
    """Write a row as high as its longest text: not every program fits rows to wrapped text on opening."""
    shown = [readable(text) for text in texts]
    lines = max(lines_in(text, width) for text, width in zip(shown, _WIDTHS.values(), strict=True))
    page.set_row(row, _LINE * lines + 4)
    for index, text in enumerate(shown):
        page.write_string(row, index, text, cell)
