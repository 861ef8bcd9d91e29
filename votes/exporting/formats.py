"""The formats a tally can be had in, by the name that stands in addresses and after the last dot of a file."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import IO

from foundation.errors import InvalidInput
from votes.exporting import sheet_csv, sheet_docx, sheet_json, sheet_xlsx
from votes.exporting.report import TurnoutReport

Write = Callable[[TurnoutReport, IO[bytes], str], None]
"""Takes the report, where to write, and the mark of who exports it."""

FORMATS: Mapping[str, Write] = MappingProxyType(
    {"xlsx": sheet_xlsx.write, "docx": sheet_docx.write, "csv": sheet_csv.write, "json": sheet_json.write}
)
FORMAT_NAMES: Mapping[str, str] = MappingProxyType({"xlsx": "Excel", "docx": "Word", "csv": "CSV", "json": "JSON"})


def writer_of(file_format: str) -> Write:
    """Return what writes this format; raises InvalidInput."""
    if file_format not in FORMATS:
        raise InvalidInput(f"没有这种文件格式，可选：{'、'.join(FORMATS)}。", field="format")
    return FORMATS[file_format]
