"""Word documents to sign: a page with its foot, faces that fall back, whole rows in tables, and plain text alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

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

Align = Literal["left", "center", "right"]
TABLE_HEADING, TABLE_CELL = "表头", "表格"
"""The styles that tables are written in; a document with tables has them."""

_ALIGNMENTS = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}
_TWIPS_PER_MM = 1440 / 25.4
_PADDING = 0.9  # of a Chinese character, beside a cell's text
_KEPT_WITH_FOOT = 3  # rows
_LATIN = "Times New Roman"
_LONGEST_TITLE = 255  # characters; longer properties are refused
# Each Chinese face with the names that systems without it are to look for.
_FACES = {
    "仿宋": "FangSong",
    "宋体": "SimSun",
    "黑体": "SimHei",
    "方正小标宋简体": "FZXiaoBiaoSong-B05S,SimSun",
}
_PLAIN_FACE, _PLAIN_SIZE = "宋体", 9


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet of paper and its margins, in millimetres; `foot` is from the paper's edge to the foot."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    foot: int

    @property
    def text_width(self) -> int:
        return self.width - self.left - self.right


@dataclass(frozen=True, slots=True)
class Style:
    """How paragraphs look: sizes, the space above and below and from line to line (`line`) in points.

    `indent` is how many characters the first line stands in.
    """

    name: str
    face: str
    size: float
    bold: bool = False
    above: float = 0
    below: float = 0
    line: float | None = None
    indent: int = 0
    align: Align | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, its width in Chinese characters, and how its cells stand."""

    heading: str
    width: float
    align: Align = "left"

    @property
    def folded_heading(self) -> str:
        """The heading, broken before its bracket where the column is too narrow for one line."""
        return self.heading if len(self.heading) <= self.width else self.heading.replace("（", "\n（")


def new_document(page: Page, styles: Sequence[Style], mark: str) -> Document:
    """Return an empty document; the page's number and `mark`, who takes it, stand at the foot of every page."""
    document = docx.Document()
    _set_page(document, page)
    _write_foot(document, mark)
    _set_styles(document, styles)
    _name_faces(document, {_PLAIN_FACE, *(style.face for style in styles)})
    return document


def name_document(document: Document, title: str, made_at: datetime) -> None:
    """Write the title and the time into the document's properties, and nobody's name."""
    properties = document.core_properties
    properties.title = readable(title)[:_LONGEST_TITLE]
    properties.author = properties.comments = ""
    properties.created = properties.modified = made_at.astimezone(UTC).replace(tzinfo=None)


def add_line(document: Document, text: str, style: str) -> Paragraph:
    """Add a paragraph of plain text, without what no document can hold."""
    return document.add_paragraph(readable(text), style=style)


def add_table(
    document: Document,
    page: Page,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    below: Sequence[tuple[str, str]] = (),
) -> None:
    """Add a table as wide as the text: its headings on every page, no row split, each cell plain text.

    `below`, texts with their styles, are a last row without a frame, so that they cannot part from the table. Its XML
    is built directly: asking the library for cells one by one takes seconds. A paragraph has to follow.
    """
    widths = _share(page.text_width, columns)
    table = _frame(widths)
    _add_row(table, [column.folded_heading for column in columns], columns, widths, heading=True)
    for position, row in enumerate(rows, start=1):
        _add_row(table, row, columns, widths, keep=bool(below) and len(rows) - position < _KEPT_WITH_FOOT)
    if below:
        _add_below(table, below, widths)
    document.element.body.insert_element_before(table, "w:sectPr")


def end_with_a_paragraph(document: Document) -> None:
    """Word wants a paragraph behind the last table; one point high, it hardly ever takes a page of its own."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing = Pt(1)


def _set_page(document: Document, page: Page) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE if page.width > page.height else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(page.width), Mm(page.height)
    section.left_margin, section.right_margin = Mm(page.left), Mm(page.right)
    section.top_margin, section.bottom_margin = Mm(page.top), Mm(page.bottom)
    section.footer_distance = Mm(page.foot)


def _write_foot(document: Document, mark: str) -> None:
    footer = document.sections[0].footer
    foot = footer.paragraphs[0]
    foot.style = document.styles["Normal"]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for words, field in (("第 ", "PAGE"), (" 页　共 ", "NUMPAGES")):
        foot.add_run(words)
        _add_field(foot, field)
    foot.add_run(" 页")
    marked = footer.add_paragraph(readable(mark), style=document.styles["Normal"])
    marked.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _add_field(paragraph: Paragraph, name: str) -> None:
    field = _element("w:fldSimple", instr=name)
    run = _child(field, "w:r")
    _child(run, "w:t").text = "1"
    paragraph._p.append(field)


def _set_styles(document: Document, styles: Sequence[Style]) -> None:
    normal = document.styles["Normal"]
    _set_face(normal, _PLAIN_FACE, _PLAIN_SIZE)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
    normal.element.get_or_add_rPr().append(_element("w:lang", eastAsia="zh-CN"))
    for style in styles:
        made = document.styles.add_style(style.name, WD_STYLE_TYPE.PARAGRAPH)
        made.base_style = normal
        made.font.bold = style.bold
        _set_face(made, style.face, style.size)
        _set_lines(made, style)


def _set_lines(made: ParagraphStyle, style: Style) -> None:
    lines = made.paragraph_format
    lines.space_before, lines.space_after = Pt(style.above), Pt(style.below)
    if style.line is not None:
        lines.line_spacing = Pt(style.line)
    if style.indent:
        lines.first_line_indent = Pt(style.indent * style.size)
        # In characters too: Word then moves the line with the size of its letters.
        made.element.pPr.ind.set(qn("w:firstLineChars"), str(style.indent * 100))
    if style.align is not None:
        lines.alignment = _ALIGNMENTS[style.align]


def _set_face(style: ParagraphStyle, face: str, size: float) -> None:
    """Set the face for Latin and for Chinese letters; Word keeps the two apart."""
    style.font.name = _LATIN
    style.font.size = Pt(size)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    style.paragraph_format.line_spacing = 1.0


def _name_faces(document: Document, used: set[str]) -> None:
    """Put a table of the faces in use, with the names to fall back on, in the place of the template's."""
    part = document.part
    old = next(key for key, relation in part.rels.items() if relation.reltype == RELATIONSHIP_TYPE.FONT_TABLE)
    part.drop_rel(old)
    fonts = "".join(
        f'<w:font w:name="{face}"><w:altName w:val="{others}"/><w:charset w:val="86"/></w:font>'
        for face, others in _FACES.items()
        if face in used
    )
    blob = f'<?xml version="1.0" encoding="UTF-8"?><w:fonts xmlns:w="{nsmap["w"]}">{fonts}</w:fonts>'.encode()
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml"
    part.relate_to(Part(PackURI("/word/fontTable.xml"), kind, blob, part.package), RELATIONSHIP_TYPE.FONT_TABLE)


def _share(text_width: int, columns: Sequence[Column]) -> list[int]:
    """Share the width of the text (millimetres) among the columns, in twentieths of a point."""
    whole = text_width * _TWIPS_PER_MM
    together = sum(column.width + _PADDING for column in columns)
    return [int(whole * (column.width + _PADDING) / together) for column in columns]


def _frame(widths: list[int]) -> BaseOxmlElement:
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


def _add_below(table: BaseOxmlElement, lines: Sequence[tuple[str, str]], widths: list[int]) -> None:
    row = _child(table, "w:tr")
    _child(_child(row, "w:trPr"), "w:cantSplit")
    box = _child(row, "w:tc")
    shape = _child(box, "w:tcPr")
    _child(shape, "w:tcW", w=str(sum(widths)), type="dxa")
    _child(shape, "w:gridSpan", val=str(len(widths)))
    borders = _child(shape, "w:tcBorders")
    for side in ("left", "bottom", "right"):
        _child(borders, f"w:{side}", val="nil")
    for text, style in lines:
        _add_text(box, text, style)


def _add_row(
    table: BaseOxmlElement,
    cells: Sequence[str],
    columns: Sequence[Column],
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
        _add_text(box, cell, TABLE_HEADING if heading else TABLE_CELL, align=align, keep=keep or heading)


def _add_text(box: BaseOxmlElement, text: str, style: str, *, align: str = "left", keep: bool = False) -> None:
    paragraph = _child(box, "w:p")
    properties = _child(paragraph, "w:pPr")
    _child(properties, "w:pStyle", val=style)
    if keep:
        _child(properties, "w:keepNext")
    _child(properties, "w:jc", val=align)
    run = _child(paragraph, "w:r")
    for position, line in enumerate(readable(text).split("\n")):
        if position:
            _child(run, "w:br")
        words = _child(run, "w:t")
        words.text = line
        words.set(qn("xml:space"), "preserve")


def _element(name: str, **attributes: str) -> BaseOxmlElement:
    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    return element


def _child(parent: BaseOxmlElement, name: str, **attributes: str) -> BaseOxmlElement:
    child = _element(name, **attributes)
    parent.append(child)
    return child
