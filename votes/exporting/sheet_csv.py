"""The report as CSV for spreadsheets: UTF-8 with a byte order mark, lines ended by CR LF, no cell a formula.

Head, tables and foot follow one another, parted by empty lines; the last line says who exported it.
"""

import csv
import io
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import IO

from foundation.spreadsheets import harmless
from votes.exporting.report import TurnoutReport
from votes.exporting.tables import NOTHING, Cell, foot_of, head_of, tables_of, title_of


def write(report: TurnoutReport, stream: IO[bytes], mark: str) -> None:
    """Write the CSV with the mark of who exports it; `stream` stays open."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
    try:
        write_row = csv.writer(text, lineterminator="\r\n").writerow
        _write_rows(report, write_row)
        write_row([harmless(mark)])
    finally:
        text.detach()


def _write_rows(report: TurnoutReport, write_row: Callable[[list[str]], object]) -> None:
    write_row([title_of(report)])
    for pair in head_of(report):
        write_row(_texts(pair))
    for table in tables_of(report):
        write_row([])
        write_row([table.name, *([table.note] if table.note else [])])
        write_row([column.heading for column in table.columns])
        for row in table.rows:
            write_row(_texts(row))
    write_row([])
    for pair in foot_of(report):
        write_row(_texts(pair))


def _texts(cells: Iterable[Cell]) -> list[str]:
    return [_text(cell) for cell in cells]


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, Decimal):
        return f"{cell}%"
    return NOTHING if cell is None else str(cell)
