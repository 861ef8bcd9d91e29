"""The report as a workbook: A4 landscape, the sheet to sign first, every text a string and never a formula."""

from decimal import Decimal
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from foundation.documents import Column
from foundation.spreadsheets import lines_in, readable
from votes.exporting.report import TurnoutReport
from votes.exporting.tables import (
    NOTHING,
    SIGNATURES,
    Cell,
    Table,
    foot_of,
    head_of,
    tables_of,
    title_of,
)

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_format_properties": {"font_name": "宋体", "font_size": 10.5},
}
_A4 = 9
_FONT = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter"}
_BORDERED = {**_FONT, "border": 1, "text_wrap": True}
_HEADING_ROW = 2
_LINE = 15.0  # points that one line of text needs
_DIGITS = 2.0  # a column is measured in digits, which are half as wide as Chinese characters
_PADDING = 1.0


class _Formats:
    """The workbook's cell formats, made once."""

    def __init__(self, book: Workbook) -> None:
        def made(**properties: object) -> Format:
            return book.add_format(properties)

        self.title = made(**{**_FONT, "font_size": 18, "bold": True, "align": "center"})
        self.line = made(**{**_FONT, "text_wrap": True})
        self.heading = made(**{**_BORDERED, "bold": True, "align": "center", "bg_color": "#F2F2F2"})
        self.text = {align: made(**_BORDERED, align=align) for align in ("left", "center", "right")}
        self.share = made(**_BORDERED, align="right", num_format="0.00%")


def write(report: TurnoutReport, stream: IO[bytes], mark: str) -> None:
    """Write the workbook, a sheet per table, each with the mark of who exports it; `stream` stays open."""
    book = Workbook(stream, _OPTIONS)
    book.set_properties({"title": f"{title_of(report)}　{report.title}", "created": report.counted_at})
    formats = _Formats(book)
    for position, table in enumerate(tables_of(report)):
        _write_table(book.add_worksheet(table.name), formats, report, table, mark, to_sign=position == 0)
    book.close()


def _write_table(
    sheet: Worksheet, formats: _Formats, report: TurnoutReport, table: Table, mark: str, *, to_sign: bool
) -> None:
    """Write from top to bottom: in constant memory a finished row cannot be reached again."""
    below = _HEADING_ROW + len(table.rows) + 1
    lines = [line for line in (table.note, _joined(foot_of(report))) if line]
    marked = below + len(lines) + (1 if to_sign else 0)
    _set_page(sheet, table.columns, marked)
    name = title_of(report) if to_sign else f"{title_of(report)}（{table.name}）"
    _write_line(sheet, 0, table.columns, name, formats.title, spare=16)
    _write_line(sheet, 1, table.columns, _joined(head_of(report)), formats.line, spare=6)
    _write_headings(sheet, table.columns, formats)
    for row, cells in enumerate(table.rows, start=_HEADING_ROW + 1):
        _write_row(sheet, row, cells, table.columns, formats)
    for row, line in enumerate(lines, start=below):
        _write_line(sheet, row, table.columns, line, formats.line, spare=6)
    if to_sign:
        _write_line(sheet, below + len(lines), table.columns, SIGNATURES, formats.line, spare=36)
    _write_line(sheet, marked, table.columns, readable(mark), formats.line, spare=6)


def _joined(pairs: tuple[tuple[str, str], ...]) -> str:
    return "　　".join(f"{label}：{value}" for label, value in pairs)


def _set_page(sheet: Worksheet, columns: tuple[Column, ...], last_row: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, _HEADING_ROW)
    sheet.print_area(0, 0, last_row, len(columns) - 1)
    sheet.set_footer("&C第 &P 页　共 &N 页")
    sheet.freeze_panes(_HEADING_ROW + 1, 0)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, column.width * _DIGITS + _PADDING)


def _write_line(
    sheet: Worksheet, row: int, columns: tuple[Column, ...], text: str, line: Format, *, spare: float
) -> None:
    """Write a line across all columns, as high as it needs: merged cells do not grow by themselves."""
    width = sum(column.width for column in columns)
    sheet.set_row(row, _LINE * lines_in(text, width) + spare)
    sheet.merge_range(row, 0, row, len(columns) - 1, "", line)
    sheet.write_string(row, 0, text, line)


def _write_headings(sheet: Worksheet, columns: tuple[Column, ...], formats: _Formats) -> None:
    lines = max(lines_in(column.folded_heading, column.width) for column in columns)
    sheet.set_row(_HEADING_ROW, _LINE * lines + 4)
    for index, column in enumerate(columns):
        sheet.write_string(_HEADING_ROW, index, column.folded_heading, formats.heading)


def _write_row(
    sheet: Worksheet, row: int, cells: tuple[Cell, ...], columns: tuple[Column, ...], formats: _Formats
) -> None:
    """Write a row as high as its longest text: not every program fits rows to wrapped text on opening."""
    texts = ((cell, column.width) for cell, column in zip(cells, columns, strict=True) if isinstance(cell, str))
    sheet.set_row(row, _LINE * max((lines_in(text, width) for text, width in texts), default=1) + 4)
    for index, cell in enumerate(cells):
        plain = formats.text[columns[index].align]
        if isinstance(cell, Decimal):
            sheet.write_number(row, index, float(cell / 100), formats.share)
        elif isinstance(cell, int):
            sheet.write_number(row, index, cell, plain)
        else:
            sheet.write_string(row, index, NOTHING if cell is None else cell, plain)
