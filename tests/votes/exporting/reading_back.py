"""Reads the four formats back into the same plain lists, the way a recipient's programs would."""

import csv
import io
import json
from typing import Any

import docx
import openpyxl
from docx.document import Document
from openpyxl.workbook import Workbook

from votes.exporting.formats import FORMATS
from votes.exporting.report import TurnoutReport

Rows = list[list[str]]
MARK = "由 示例经办（shili-jingban）于 2017年4月25日 18:00 导出 · 编号 0123abcd"


def written(report: TurnoutReport, file_format: str) -> bytes:
    stream = io.BytesIO()
    FORMATS[file_format](report, stream, MARK)
    return stream.getvalue()


def workbook_of(report: TurnoutReport) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(written(report, "xlsx")))


def document_of(report: TurnoutReport) -> Document:
    return docx.Document(io.BytesIO(written(report, "docx")))


def json_of(report: TurnoutReport) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(written(report, "json"))
    return value


def csv_of(report: TurnoutReport) -> Rows:
    text = written(report, "csv").decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def tables_in_workbook(report: TurnoutReport) -> dict[str, Rows]:
    """Return each sheet's rows below its headings, down to the foot, as the texts that are seen."""
    book = workbook_of(report)
    return {
        sheet.title: [
            [_seen(cell.value, cell.number_format) for cell in row]
            for row in sheet.iter_rows(min_row=4)
            if row[1].border.left.style
        ]
        for sheet in book.worksheets
    }


def tables_in_document(report: TurnoutReport) -> list[Rows]:
    """Return each table's rows between its headings and the lines below it."""
    return [[[cell.text for cell in row.cells] for row in table.rows[1:-1]] for table in document_of(report).tables]


def tables_in_csv(report: TurnoutReport) -> dict[str, Rows]:
    """Return what stands between empty lines, by the name in its first line, below its headings."""
    parts: list[Rows] = [[]]
    for row in csv_of(report):
        if row:
            parts[-1].append(row)
        else:
            parts.append([])
    return {part[0][0]: part[2:] for part in parts[1:-1]}


def candidates_in_json(report: TurnoutReport) -> Rows:
    """Return the JSON's candidates in the columns of the sheet."""
    return [
        [
            *map(str, (one["position"], award["name"], one["number"], one["name"], one["post"], one["unit"])),
            str(one["votes"]),
            "—" if one["share_percent"] is None else f"{one['share_percent']}%",
            "—" if one["rank"] is None else str(one["rank"]),
            one["remark"],
        ]
        for award in json_of(report)["awards"]
        for one in award["candidates"]
    ]


def _seen(value: object, number_format: str) -> str:
    if isinstance(value, float) and number_format == "0.00%":
        return f"{value:.2%}"
    return "" if value is None else str(value)
