"""Text on its way into spreadsheets and documents: never a formula, never what they cannot hold, lines as they fold."""

import math
import re
import unicodedata

# What spreadsheets skip before they look for a formula, then what begins one; full-width forms count on some.
_FORMULA = re.compile(r"[\s\x00-\x1f\x7f\ufeff\u200b]*[=+\-@＝＋－＠]|[\t\r\n\x00]")
_UNREADABLE = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def harmless(text: str) -> str:
    """Return `text`, with an apostrophe before whatever a spreadsheet might run as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def readable(text: str) -> str:
    """Return `text` without the control characters that no workbook or document can hold, lines ended by LF."""
    return _UNREADABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def lines_in(text: str, width: float) -> int:
    """Return how many lines `text` takes in a width of so many Chinese characters; Latin ones count half."""
    return sum(max(1, math.ceil(_measure(line) / width)) for line in text.split("\n"))


def _measure(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WFA" else 0.5 for letter in text)
