"""The spreadsheet of candidates: its columns, and the empty one to download."""

import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

SHEET = "候选对象"
GUIDE = "填写说明"
EXAMPLE = "示例"
YES, NO = "是", "否"
MOST_CANDIDATE_ROWS = 2_000
USUAL_BRIEF = (150, 250)  # characters
USUAL_DEEDS = (1_500, 2_500)
_FONT = {"font_name": "微软雅黑", "font_size": 11, "valign": "top"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in the program, its heading, its width in characters, what the guide and the example say."""

    key: str
    title: str
    note: str
    width: float
    guide: str
    example: str

    @property
    def heading(self) -> str:
        return f"{self.title}({self.note})" if self.note else self.title

    @property
    def may_be_missing(self) -> bool:
        return self.note == "可空"


_NUMBER_GUIDE = "整数，从1到2000，整个投票不重复。要么每行都填，要么都不填；不填则按奖项和行的先后从1编号。"
_PHOTO_GUIDE = "照片打成一个 ZIP 上传时用来对上照片。照片按编号或姓名命名的，不用填。"
_CONSENT_GUIDE = "必填。本人（组织）同意公开填“是”；还没有的填“否”，导入后再登记。"
_REVIEW_GUIDE = "必填。材料已通过保密审查填“是”；还没有的填“否”，导入后再登记。"

COLUMNS = (
    Column("number", "编号", "可空", 11, _NUMBER_GUIDE, EXAMPLE),
    Column("award", "奖项", "", 18, "从下拉列表里选。", ""),
    Column("name", "姓名或组织名称", "", 24, "两个字的姓名中间不用加空格；组织写全称。", "示例姓名"),
    Column("unit", "推荐单位", "", 20, "必填。", "示例县委组织部"),
    Column("post", "单位及职务", "", 30, "个人填工作单位和职务；组织可以不填。", "示例县示例镇示例村党支部书记"),
    Column("brief", "简要事迹", "", 44, "200字左右。", "这里写200字左右的简要事迹。"),
    Column("deeds", "事迹材料", "", 60, "2000字左右，可以分段。", "这里写2000字左右的事迹材料。"),
    Column("photo_file", "照片文件名", "可空", 20, _PHOTO_GUIDE, "示例姓名.jpg"),
    Column("consented", "同意公开", "是/否", 14, _CONSENT_GUIDE, YES),
    Column("secrecy_reviewed", "保密审查", "是/否", 14, _REVIEW_GUIDE, YES),
)


def read_heading(text: str) -> str:
    """Return a heading's title: without spaces and without the note in brackets."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    return re.sub(r"\([^()]*\)$", "", plain)


def candidate_template(award_names: Sequence[str]) -> bytes:
    """Return an XLSX to fill in, for the awards named in their order; the import passes over its example row."""
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        candidates, guide = book.add_worksheet(SHEET), book.add_worksheet(GUIDE)
        awards = _write_guide(book, guide, award_names)
        _write_candidates(book, candidates, award_names)
        _add_choices(candidates, awards)
    return content.getvalue()


def _write_candidates(book: Any, sheet: Any, award_names: Sequence[str]) -> None:
    # Text throughout, so that 007 stays 007 and a cell that begins with = is no formula.
    text = book.add_format({**_FONT, "num_format": "@", "text_wrap": True})
    heading = book.add_format({**_FONT, "bold": True, "bg_color": "#F3E3E0", "border": 1, "text_wrap": True})
    example = book.add_format({**_FONT, "num_format": "@", "text_wrap": True, "italic": True, "font_color": "#7A7A7A"})
    for index, column in enumerate(COLUMNS):
        sheet.set_column(index, index, column.width, text)
        sheet.write_string(0, index, column.heading, heading)
        shown = award_names[0] if column.key == "award" and award_names else column.example
        sheet.write_string(1, index, shown, example)
    sheet.set_row(0, 24)
    sheet.freeze_panes(1, 3)
    sheet.set_landscape()
    sheet.repeat_rows(0)


def _write_guide(book: Any, sheet: Any, award_names: Sequence[str]) -> str:
    """Write what goes into each column, then the awards; returns the awards' cells as a reference."""
    plain = book.add_format({**_FONT, "text_wrap": True})
    bold = book.add_format({**_FONT, "bold": True, "text_wrap": True})
    sheet.set_column(0, 0, 22, plain)
    sheet.set_column(1, 1, 90, plain)
    lines = [
        (
            "怎样填",
            f"在“{SHEET}”表里每行填一个候选对象，最多{MOST_CANDIDATE_ROWS}行。列的先后可以换，表头的文字不要改。",
        ),
        ("示例行", f"编号写着“{EXAMPLE}”的行不会导入，可以删去。"),
        ("导入时", "有一处错误就一行也不导入，所有错误会一次列出；重新导入会换掉这个投票原有的全部候选对象。"),
        *((column.heading, column.guide) for column in COLUMNS),
    ]
    for row, (title, words) in enumerate(lines):
        sheet.write_string(row, 0, title, bold)
        sheet.write_string(row, 1, words, plain)
    first = len(lines)
    sheet.write_string(first, 0, "本次投票的奖项", bold)
    for row, name in enumerate(award_names, start=first):
        sheet.write_string(row, 1, name, plain)
    return f"='{GUIDE}'!$B${first + 1}:$B${first + max(1, len(award_names))}"


def _add_choices(sheet: Any, awards: str) -> None:
    last = MOST_CANDIDATE_ROWS + 1
    for index, column in enumerate(COLUMNS):
        source = awards if column.key == "award" else [YES, NO] if column.note == "是/否" else None
        if source is not None:
            choice = {
                "validate": "list",
                "source": source,
                "error_title": column.title,
                "error_message": "请从下拉列表里选。",
            }
            sheet.data_validation(1, index, last, index, choice)
