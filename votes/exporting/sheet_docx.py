"""The report as a Word document: A4 landscape, header rows repeated, no row split, signatures kept with the table."""

from decimal import Decimal
from typing import IO

from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH

from foundation.documents import (
    TABLE_CELL,
    TABLE_HEADING,
    Page,
    Style,
    add_table,
    end_with_a_paragraph,
    name_document,
    new_document,
)
from votes.exporting.report import TurnoutReport
from votes.exporting.tables import NOTHING, SIGNATURES, Cell, Table, foot_of, head_of, tables_of, title_of

_PAGE = Page(width=297, height=210, left=15, right=15, top=16, bottom=18, foot=9)
_STYLES = (
    Style("表题", "宋体", 18, bold=True, below=4),
    Style(TABLE_HEADING, "宋体", 10, bold=True),
    Style(TABLE_CELL, "宋体", 10),
    Style("表注", "仿宋", 12, above=3, below=3),
    Style("签字", "仿宋", 12, above=20, below=3),
)


def write(report: TurnoutReport, stream: IO[bytes], mark: str) -> None:
    """Write the document, the table to sign first and each further one on a new page; `stream` stays open.

    `mark`, who exports it, stands at the foot of every page.
    """
    document = new_document(_PAGE, _STYLES, mark)
    name_document(document, title_of(report), report.counted_at)
    for position, table in enumerate(tables_of(report)):
        _write_table(document, report, table, to_sign=position == 0)
    end_with_a_paragraph(document)
    document.save(stream)


def _write_table(document: Document, report: TurnoutReport, table: Table, *, to_sign: bool) -> None:
    name = title_of(report) if to_sign else f"{title_of(report)}（{table.name}）"
    title = document.add_paragraph(name, style="表题")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.page_break_before = not to_sign
    head = document.add_paragraph(_joined(head_of(report)), style="表注")
    title.paragraph_format.keep_with_next = head.paragraph_format.keep_with_next = True
    lines = ((table.note, "表注"), (_joined(foot_of(report)), "表注"), (SIGNATURES if to_sign else "", "签字"))
    rows = [[_text(cell) for cell in row] for row in table.rows]
    add_table(document, _PAGE, table.columns, rows, [(text, style) for text, style in lines if text])


def _joined(pairs: tuple[tuple[str, str], ...]) -> str:
    return "　　".join(f"{label}：{value}" for label, value in pairs)


def _text(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell}%"
    return NOTHING if cell is None else str(cell)
