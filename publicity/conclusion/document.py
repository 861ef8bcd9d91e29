"""The 公示情况报告 as Word: A4 upright, in the plain type of official papers, ready to sign."""

from typing import IO

from docx.document import Document

from foundation.documents import (
    TABLE_CELL,
    TABLE_HEADING,
    Page,
    Style,
    add_line,
    add_table,
    name_document,
    new_document,
)
from publicity.conclusion.layout import SIGNATURES, TITLE, Section, closing_of, sections_of, standing_of
from publicity.conclusion.report import NoticeReport

# Margins, faces, sizes and lines as GB/T 9704 has them for official papers.
_PAGE = Page(width=210, height=297, left=28, right=26, top=37, bottom=35, foot=20)
_LINE = 28  # points
_STYLES = (
    Style("题目", "方正小标宋简体", 22, line=34, align="center"),
    Style("副题", "仿宋", 16, below=_LINE, line=_LINE, align="center"),
    Style("标题", "黑体", 16, line=_LINE, indent=2),
    Style("正文段", "仿宋", 16, line=_LINE, indent=2),
    Style(TABLE_HEADING, "宋体", 10.5, bold=True),
    Style(TABLE_CELL, "宋体", 10.5),
    Style("表后", "仿宋", 16, line=_LINE / 2),
    Style("签字", "仿宋", 16, above=_LINE, line=_LINE, indent=2),
    Style("落款", "仿宋", 16, line=_LINE, align="right"),
)


def write(report: NoticeReport, stream: IO[bytes], mark: str) -> None:
    """Write the document with the mark of who takes it at the foot of every page; `stream` stays open."""
    document = new_document(_PAGE, _STYLES, mark)
    name_document(document, f"{TITLE}　{report.title}", report.as_of)
    add_line(document, TITLE, "题目")
    add_line(document, f"（{report.title}）", "副题")
    add_line(document, standing_of(report), "正文段")
    for section in sections_of(report):
        _write_section(document, section)
    _sign(document, report)
    document.save(stream)


def _write_section(document: Document, section: Section) -> None:
    add_line(document, section.heading, "标题").paragraph_format.keep_with_next = True
    for text in section.paragraphs:
        add_line(document, text, "正文段")
    if section.rows:
        add_table(document, _PAGE, section.columns, section.rows)
        add_line(document, "", "表后")


def _sign(document: Document, report: NoticeReport) -> None:
    """Write the lines to sign, the office and the day, all on one page."""
    lines = [add_line(document, SIGNATURES, "签字"), *(add_line(document, text, "落款") for text in closing_of(report))]
    for line in lines[:-1]:
        line.paragraph_format.keep_with_next = True
