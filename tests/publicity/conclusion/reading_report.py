"""Opens a report again, the way its recipient does."""

import io
import re
import zipfile

import docx
from docx.document import Document
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

Block = str | list[list[str]]
"""A paragraph, or a table's rows."""


def opened(content: bytes) -> Document:
    return docx.Document(io.BytesIO(content))


def blocks_of(content: bytes) -> list[Block]:
    """Return the texts from top to bottom; paragraphs without words are left out."""
    blocks: list[Block] = []
    for part in opened(content).iter_inner_content():
        if isinstance(part, Table):
            blocks.append([[cell.text for cell in row.cells] for row in part.rows])
        elif isinstance(part, Paragraph) and part.text:
            blocks.append(part.text)
    return blocks


def said_in(content: bytes) -> str:
    """Return everything the package says, in whichever of its parts, without markup."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = [package.read(name).decode() for name in package.namelist() if name.endswith(".xml")]
    return re.sub(r"<[^>]+>", "", "".join(parts))


def codes_in(content: bytes) -> list[str]:
    """Return the fields, links and objects of the text, which has none."""
    names = ("w:fldSimple", "w:fldChar", "w:instrText", "w:hyperlink", "w:object", "w:pict", "w:drawing", "w:altChunk")
    body = opened(content).element.body
    return [element.tag for name in names for element in body.iter(qn(name))]


def targets_in(content: bytes) -> list[str]:
    """Return what the package points to outside of itself."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = [package.read(name).decode() for name in package.namelist() if name.endswith(".rels")]
    return re.findall(r'Target="([^"]*)"[^>]*TargetMode="External"', "".join(parts))
