"""The cells of a spreadsheet that came from outside: unpacked within bounds here, parsed by a confined child.

A sheet of a few bytes can claim 17 billion cells, and the parser then ends its process.
"""

import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from zipfile import ZIP_STORED, ZipFile

from python_calamine import CalamineError, CalamineWorkbook

from foundation.confined import Confined, LostError, serve
from votes.archives import ArchiveError, open_archive, read_entry

Cell = str | float | bool
Grid = list[list[Cell]]

LARGEST_FILE = 10 * 1024 * 1024
LARGEST_UNPACKED = 60 * 1024 * 1024
MOST_PARTS = 500
MOST_ROWS, MOST_COLUMNS = 20_000, 200
_OLD_FORMAT = b"\xd0\xcf\x11\xe0"
_BROKEN = "表格打不开，可能已损坏。请在 Excel 或 WPS 里另存为 .xlsx 再试。"


class UnreadableSheet(Exception):
    """The file gives no cells; the sentence in Chinese says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def read_grid(xlsx: bytes, sheet: str) -> Grid:
    """Return the cells of the sheet named `sheet` (or of the only one) from A1 on; blank ones are "".

    A formula counts as its last result, a date as text. Raises UnreadableSheet.
    """
    if xlsx.startswith(_OLD_FORMAT):
        raise UnreadableSheet("这是旧版 .xls 表格，或加了密码。请去掉密码，另存为 .xlsx 再试。")
    plain = _repack(xlsx)
    try:
        with Confined("votes.grid") as child:
            answer = json.loads(child.ask(sheet.encode() + b"\n" + plain))
    except LostError:
        raise UnreadableSheet(_BROKEN) from None
    if "fault" in answer:
        raise UnreadableSheet(answer["fault"])
    grid: Grid = answer["grid"]
    return grid


def _repack(xlsx: bytes) -> bytes:
    """Return the workbook's parts in a new archive, so that the parser meets nothing that was not measured."""
    plain = io.BytesIO()
    try:
        with (
            open_archive(io.BytesIO(xlsx), max_bytes=LARGEST_FILE, max_entries=MOST_PARTS) as archive,
            ZipFile(plain, "w", ZIP_STORED) as copy,
        ):
            for name, content in _parts(archive):
                copy.writestr(name, content)
    except ArchiveError as error:
        raise UnreadableSheet(f"表格打不开：{error.message}请上传 .xlsx 表格。") from None
    return plain.getvalue()


def _parts(archive: ZipFile) -> Iterator[tuple[str, bytes]]:
    parts = {entry.filename: entry for entry in archive.infolist() if _is_needed(entry.filename)}
    if "xl/workbook.xml" not in parts:
        raise UnreadableSheet("这不是 .xlsx 表格。请下载模板填写，或另存为 .xlsx 再试。")
    room = LARGEST_UNPACKED
    for name, entry in parts.items():
        if entry.file_size > room:
            raise UnreadableSheet("表格解开后太大，请去掉图片和多余的工作表再试。")
        room -= entry.file_size
        yield name, read_entry(archive, entry, LARGEST_UNPACKED)


def _is_needed(name: str) -> bool:
    return name == "[Content_Types].xml" or (name.startswith(("xl/", "_rels/")) and name.endswith((".xml", ".rels")))


def _answer(question: bytes) -> bytes:
    sheet, _, plain = question.partition(b"\n")
    return json.dumps(_parse(plain, sheet.decode())).encode()


def _parse(plain: bytes, sheet: str) -> dict[str, object]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(plain))
        names = workbook.sheet_names
        if sheet not in names and len(names) != 1:
            return {"fault": f"找不到名为“{sheet}”的工作表。"}
        found = workbook.get_sheet_by_name(sheet if sheet in names else names[0])
    except CalamineError:
        return {"fault": _BROKEN}
    if found.total_height > MOST_ROWS or found.total_width > MOST_COLUMNS:
        return {"fault": "表格太大：下方或右侧很远的单元格里还有内容，请删去再试。"}
    rows = found.to_python(skip_empty_area=False)
    return {"grid": [[_plain(value) for value in row] for row in rows]}


def _plain(value: object) -> Cell:
    if isinstance(value, datetime) and value.time() != value.min.time():
        return value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()[:10]
    return value if isinstance(value, str | float | bool) else str(value)


if __name__ == "__main__":
    serve(_answer)
