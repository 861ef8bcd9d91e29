"""The report as a Word document: A4 landscape, header rows repeated, no row split, signatures kept with the table."""

from datetime import UTC
from decimal import Decimal
from typing import IO

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import nsmap, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph

from foundation.spreadsheets import readable
from votes.exporting.report import TurnoutReport
from votes.exporting.tables import NOTHING, SIGNATURES, Cell, Column, Table, foot_of, head_of, tables_of, title_of

_MARGIN = 15  # millimetres
_TEXT_WIDTH = 297 - 2 * _MARGIN
_TWIPS_PER_MM = 1440 / 25.4
_PADDING = 0.9  # of a Chinese character, beside a cell's text
_KEPT_WITH_FOOT = 3  # rows
_LATIN = "Times New Roman"
# Each Chinese face with the name that systems without it are to look for.
_FACES = {"仿宋": "FangSong", "宋体": "SimSun"}
# Name, face, size, bold, and the space above and below, in points.
_STYLES = (
    ("表题", "宋体", 18, True, 0, 4),
    ("表头", "宋体", 10, True, 0, 0),
    ("表格", "宋体", 10, False, 0, 0),
    ("表注", "仿宋", 12, False, 3, 3),
    ("签字", "仿宋", 12, False, 20, 3),
)


def write(report: TurnoutReport, stream: IO[bytes], mark: str) -> None:
    """Write the document, the table to sign first and each further one on a new page; `stream` stays open.

    `mark`, who exports it, stands at the foot of every page.
    """
    document = docx.Document()
    _set_page(document, mark)
    _set_styles(document)
    _name_faces(document)
    _set_properties(document, report)
    for position, table in enumerate(tables_of(report)):
        _write_table(document, report, table, to_sign=position == 0)
    _end_with_a_paragraph(document)
    document.save(stream)


def _set_page(document: Document, mark: str) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(_MARGIN)
    section.top_margin, section.bottom_margin = Mm(16), Mm(18)
    section.footer_distance = Mm(9)
    foot = section.footer.paragraphs[0]
    foot.style = document.styles["Normal"]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for words, field in (("第 ", "PAGE"), (" 页　共 ", "NUMPAGES")):
        foot.add_run(words)
        _add_field(foot, field)
    foot.add_run(" 页")
    marked = section.footer.add_paragraph(readable(mark), style=document.styles["Normal"])
    marked.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _add_field(paragraph: Paragraph, name: str) -> None:
    field = _element("w:fldSimple", instr=name)
    run = _child(field, "w:r")
    _child(run, "w:t").text = "1"
    paragraph._p.append(field)


def _set_styles(document: Document) -> None:
    normal = document.styles["Normal"]
    _set_face(normal, "宋体", 9)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
    normal.element.get_or_add_rPr().append(_element("w:lang", eastAsia="zh-CN"))
    for name, face, size, bold, above, below in _STYLES:
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        style.font.bold = bold
        _set_face(style, face, size)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(above), Pt(below)


def _set_face(style: ParagraphStyle, face: str, size: float) -> None:
    """Set the face for Latin and for Chinese letters; Word keeps the two apart."""
    style.font.name = _LATIN
    style.font.size = Pt(size)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    style.paragraph_format.line_spacing = 1.0


def _name_faces(document: Document) -> None:
    """Put a table of our own faces, with the names to fall back on, in the place of the template's."""
    part = document.part
    old = next(key for key, relation in part.rels.items() if relation.reltype == RELATIONSHIP_TYPE.FONT_TABLE)
    part.drop_rel(old)
    fonts = "".join(
        f'<w:font w:name="{face}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
        for face, other in _FACES.items()
    )
    blob = f'<?xml version="1.0" encoding="UTF-8"?><w:fonts xmlns:w="{nsmap["w"]}">{fonts}</w:fonts>'.encode()
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml"
    part.relate_to(Part(PackURI("/word/fontTable.xml"), kind, blob, part.package), RELATIONSHIP_TYPE.FONT_TABLE)


def _set_properties(document: Document, report: TurnoutReport) -> None:
    properties = document.core_properties
    properties.title = title_of(report)
    properties.author = properties.comments = ""
    properties.created = properties.modified = report.counted_at.astimezone(UTC).replace(tzinfo=None)


def _write_table(document: Document, report: TurnoutReport, table: Table, *, to_sign: bool) -> None:
    name = title_of(report) if to_sign else f"{title_of(report)}（{table.name}）"
    title = document.add_paragraph(name, style="表题")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.page_break_before = not to_sign
    head = document.add_paragraph(_joined(head_of(report)), style="表注")
    title.paragraph_format.keep_with_next = head.paragraph_format.keep_with_next = True
    below = [line for line in (table.note, _joined(foot_of(report)), SIGNATURES if to_sign else "") if line]
    document.element.body.insert_element_before(_table(table, below), "w:sectPr")


def _joined(pairs: tuple[tuple[str, str], ...]) -> str:
    return "　　".join(f"{label}：{value}" for label, value in pairs)


def _end_with_a_paragraph(document: Document) -> None:
    """Word wants a paragraph behind the last table; one point high, it hardly ever takes a page of its own."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing = Pt(1)


def _table(table: Table, below: list[str]) -> BaseOxmlElement:
    """Build the table's XML directly: asking the library for cells one by one takes seconds.

    The lines `below` are a last row without a frame, so that they cannot part from the table.
    """
    widths = _widths(table.columns)
    element = _table_frame(widths)
    _add_row(element, tuple(column.folded_heading for column in table.columns), table.columns, widths, heading=True)
    for position, row in enumerate(table.rows, start=1):
        _add_row(element, row, table.columns, widths, keep=len(table.rows) - position < _KEPT_WITH_FOOT)
    _add_lines(element, below, widths)
    return element


def _table_frame(widths: list[int]) -> BaseOxmlElement:
    element = _element("w:tbl")
    properties = _child(element, "w:tblPr")
    _child(properties, "w:tblW", w=str(sum(widths)), type="dxa")
    _child(properties, "w:jc", val="center")
    borders = _child(properties, "w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        _child(borders, f"w:{side}", val="single", sz="4", space="0", color="000000")
    _child(properties, "w:tblLayout", type="fixed")
    margins = _child(properties, "w:tblCellMar")
    for side, width in (("top", 28), ("left", 68), ("bottom", 28), ("right", 68)):
        _child(margins, f"w:{side}", w=str(width), type="dxa")
    grid = _child(element, "w:tblGrid")
    for width in widths:
        _child(grid, "w:gridCol", w=str(width))
    return element


def _add_lines(table: BaseOxmlElement, lines: list[str], widths: list[int]) -> None:
    row = _child(table, "w:tr")
    _child(_child(row, "w:trPr"), "w:cantSplit")
    box = _child(row, "w:tc")
    shape = _child(box, "w:tcPr")
    _child(shape, "w:tcW", w=str(sum(widths)), type="dxa")
    _child(shape, "w:gridSpan", val=str(len(widths)))
    borders = _child(shape, "w:tcBorders")
    for side in ("left", "bottom", "right"):
        _child(borders, f"w:{side}", val="nil")
    for line in lines:
        _add_text(box, line, "签字" if line == SIGNATURES else "表注")


def _widths(columns: tuple[Column, ...]) -> list[int]:
    """Share the width of the text among the columns, in twentieths of a point."""
    whole = _TEXT_WIDTH * _TWIPS_PER_MM
    together = sum(column.width + _PADDING for column in columns)
    return [int(whole * (column.width + _PADDING) / together) for column in columns]


def _add_row(
    table: BaseOxmlElement,
    cells: tuple[Cell, ...],
    columns: tuple[Column, ...],
    widths: list[int],
    *,
    heading: bool = False,
    keep: bool = False,
) -> None:
    """Add a row; `keep` holds it on one page with what follows."""
    row = _child(table, "w:tr")
    properties = _child(row, "w:trPr")
    _child(properties, "w:cantSplit")
    if heading:
        _child(properties, "w:tblHeader")
    for cell, column, width in zip(cells, columns, widths, strict=True):
        box = _child(row, "w:tc")
        shape = _child(box, "w:tcPr")
        _child(shape, "w:tcW", w=str(width), type="dxa")
        if heading:
            _child(shape, "w:shd", val="clear", color="auto", fill="F2F2F2")
        _child(shape, "w:vAlign", val="center")
        align = "center" if heading else column.align
        _add_text(box, _text(cell), "表头" if heading else "表格", align=align, keep=keep or heading)


def _add_text(box: BaseOxmlElement, text: str, style: str, *, align: str = "left", keep: bool = False) -> None:
    paragraph = _child(box, "w:p")
    properties = _child(paragraph, "w:pPr")
    _child(properties, "w:pStyle", val=style)
    if keep:
        _child(properties, "w:keepNext")
    _child(properties, "w:jc", val=align)
    run = _child(paragraph, "w:r")
    for position, line in enumerate(text.split("\n")):
        if position:
            _child(run, "w:br")
        words = _child(run, "w:t")
        words.text = line
        words.set(qn("xml:space"), "preserve")


def _text(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell}%"
    return NOTHING if cell is None else str(cell)


def _element(name: str, **attributes: str) -> BaseOxmlElement:
    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    return element


def _child(parent: BaseOxmlElement, name: str, **attributes: str) -> BaseOxmlElement:
    child = _element(name, **attributes)
    parent.append(child)
    return child
