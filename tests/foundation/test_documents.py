"""Word documents: the page as asked for, faces with their stand-ins, tables of plain text, and a foot that says who."""

import io
import re
from datetime import UTC, datetime

import docx
import pytest
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from foundation.documents import (
    TABLE_CELL,
    TABLE_HEADING,
    Column,
    Page,
    Style,
    add_line,
    add_table,
    end_with_a_paragraph,
    name_document,
    new_document,
)

UPRIGHT = Page(width=210, height=297, left=28, right=26, top=37, bottom=35, foot=20)
ACROSS = Page(width=297, height=210, left=15, right=15, top=16, bottom=18, foot=9)
STYLES = (
    Style("题目", "方正小标宋简体", 22, align="center"),
    Style("正文段", "仿宋", 16, line=28, indent=2),
    Style(TABLE_HEADING, "宋体", 10, bold=True),
    Style(TABLE_CELL, "宋体", 10),
)
COLUMNS = (Column("序号", 3, "center"), Column("姓名（组织名称）", 6), Column("得票", 4, "right"))
MARK = "由 示例经办（jingban）于 2017年4月25日 18:00 导出 · 编号 0123abcd"


def opened(document: Document) -> Document:
    """Save the document and open it again, as its recipient does."""
    stream = io.BytesIO()
    document.save(stream)
    return docx.Document(io.BytesIO(stream.getvalue()))


def made(page: Page = UPRIGHT, mark: str = MARK) -> Document:
    return new_document(page, STYLES, mark)


@pytest.mark.parametrize(("page", "orientation"), [(UPRIGHT, WD_ORIENT.PORTRAIT), (ACROSS, WD_ORIENT.LANDSCAPE)])
def test_the_page_has_its_size_and_margins(page: Page, orientation: WD_ORIENT) -> None:
    section = opened(made(page)).sections[0]
    assert section.orientation == orientation
    measures = (section.page_width, section.page_height, section.left_margin, section.right_margin, section.top_margin)
    assert [round((one or 0) / Mm(1)) for one in measures] == [page.width, page.height, page.left, page.right, page.top]


def test_every_page_is_numbered_and_says_who_took_it() -> None:
    foot = opened(made()).sections[0].footer
    assert [line.text for line in foot.paragraphs] == ["第  页　共  页", MARK]
    assert [field.get(qn("w:instr")) for field in foot._element.iter(qn("w:fldSimple"))] == ["PAGE", "NUMPAGES"]


def test_the_faces_in_use_are_named_with_what_stands_in_for_them() -> None:
    document = opened(made())
    table = next(part for part in document.part.package.iter_parts() if part.partname == "/word/fontTable.xml")
    assert re.findall(r'w:name="(.+?)"><w:altName w:val="(.+?)"', table.blob.decode()) == [
        ("仿宋", "FangSong"),
        ("宋体", "SimSun"),
        ("方正小标宋简体", "FZXiaoBiaoSong-B05S,SimSun"),
    ]
    assert document.styles["题目"].element.rPr.rFonts.get(qn("w:eastAsia")) == "方正小标宋简体"


def test_a_style_says_how_lines_stand() -> None:
    document = made()
    add_line(document, "正文。", "正文段")
    style = opened(document).paragraphs[0].style
    assert style is not None
    lines = style.paragraph_format
    assert (lines.line_spacing, lines.first_line_indent) == (Pt(28), Pt(32))
    assert style.element.pPr.ind.get(qn("w:firstLineChars")) == "200"


def test_a_table_comes_back_with_its_headings_and_texts() -> None:
    document = made()
    add_table(document, UPRIGHT, COLUMNS, [["1", "示例某", "12"], ["2", "示例\n社区", "9"]], [("合计：21", "正文段")])
    end_with_a_paragraph(document)
    (table,) = opened(document).tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["序号", "姓名\n（组织名称）", "得票"],
        ["1", "示例某", "12"],
        ["2", "示例\n社区", "9"],
        ["合计：21"] * 3,
    ]
    rows = [row._tr.find(qn("w:trPr")) for row in table.rows]
    assert [row.find(qn("w:tblHeader")) is not None for row in rows] == [True, False, False, False]
    assert all(row.find(qn("w:cantSplit")) is not None for row in rows)


def test_a_table_is_as_wide_as_the_text() -> None:
    document = made()
    add_table(document, UPRIGHT, COLUMNS, [["1", "示例某", "12"]])
    add_line(document, "", "正文段")
    (table,) = opened(document).tables
    widths = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid.iter(qn("w:gridCol"))]
    assert sum(widths) == pytest.approx(UPRIGHT.text_width * 1440 / 25.4, abs=len(widths))


def test_a_table_without_lines_below_ends_with_its_last_row() -> None:
    document = made()
    add_table(document, UPRIGHT, COLUMNS, [["1", "示例某", "12"]])
    add_line(document, "后文", "正文段")
    (table,) = opened(document).tables
    assert [cell.text for cell in table.rows[-1].cells] == ["1", "示例某", "12"]
    assert table.rows[-1].cells[0].paragraphs[0].paragraph_format.keep_with_next is None


@pytest.mark.parametrize("text", ["=1+1", '{ HYPERLINK "http://example.invalid" }', "<w:p/>", "&amp;", "{{ 7*7 }}"])
def test_what_looks_like_a_field_or_markup_is_text(text: str) -> None:
    document = made(mark=text)
    add_line(document, text, "正文段")
    add_table(document, UPRIGHT, COLUMNS, [[text, text, text]])
    end_with_a_paragraph(document)
    back = opened(document)
    assert back.paragraphs[0].text == text
    assert [cell.text for cell in back.tables[0].rows[1].cells] == [text] * 3
    assert back.sections[0].footer.paragraphs[-1].text == text
    assert [*back.element.iter(qn("w:fldSimple"), qn("w:instrText"), qn("w:hyperlink"))] == []


def test_what_no_document_can_hold_is_left_out() -> None:
    document = made(mark="示\x00例")
    add_line(document, "示\x0b例\ufffe某", "正文段")
    add_table(document, UPRIGHT, COLUMNS, [["\x01", "示\ud800例", ""]])
    end_with_a_paragraph(document)
    back = opened(document)
    assert back.paragraphs[0].text == "示例某"
    assert [cell.text for cell in back.tables[0].rows[1].cells] == ["", "示例", ""]
    assert back.sections[0].footer.paragraphs[-1].text == "示例"


def test_the_properties_name_the_title_and_the_time_and_nobody() -> None:
    document = made()
    name_document(document, "公示\x01情况", datetime(2017, 4, 25, 10, tzinfo=UTC))
    properties = opened(document).core_properties
    assert (properties.title, properties.author, properties.comments) == ("公示情况", "", "")
    assert properties.created == datetime(2017, 4, 25, 10, tzinfo=UTC)


def test_a_long_title_is_cut_in_the_properties() -> None:
    document = made()
    name_document(document, "示" * 300, datetime(2017, 4, 25, 10, tzinfo=UTC))
    assert opened(document).core_properties.title == "示" * 255
