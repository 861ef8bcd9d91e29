"""Files that come with a notice: of a few kinds by content and by name, under a safe name."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from foundation.errors import InvalidInput, NotFound
from foundation.uploads import Upload, read_upload
from publicity.notices.inspecting import Refusal, look_into

LARGEST = 20 * 1024 * 1024  # bytes
MOST_ATTACHMENTS = 10
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jpg": "image/jpeg",
    "png": "image/png",
}
SCANS = frozenset({"pdf", "jpg", "png"})
"""What evidence comes as."""

_LONGEST_STEM = 80  # characters
_UNSAFE = re.compile('[\x00-\x1f\x7f\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff<>:"|?*%#;\\\\/]+')


@dataclass(frozen=True, slots=True)
class Document:
    """A file fit to be kept: its safe name, what it is, and its content."""

    filename: str
    media_type: str
    content: bytes


def inspect(upload: Upload, *, field: str, kinds: Collection[str] = MEDIA_TYPES.keys()) -> Document:
    """Return an upload as it is kept; raises InvalidInput for `field` where it is none of `kinds`, too large or broken.

    Pictures are encoded anew without their metadata, and never cut.
    """
    filename = safe_name(upload.name)
    ending = filename.rpartition(".")[2]
    if not upload.content:
        raise InvalidInput("请先选文件。" if not upload.name else f"“{filename}”是空的。", field=field)
    if len(upload.content) > LARGEST:
        raise InvalidInput(f"“{filename}”超过{LARGEST // 1024 // 1024}MB。", field=field)
    if ending not in kinds:
        listed = "、".join(_named(kinds))
        raise InvalidInput(f"“{filename}”不能用，只能传{listed}文件。", field=field)
    try:
        content = look_into(ending, upload.content)
    except Refusal as refusal:
        raise InvalidInput(f"“{filename}”{refusal}", field=field) from None
    return Document(filename, MEDIA_TYPES[ending], content)


def safe_name(name: str) -> str:
    """Return the last part of a name without what could mislead a reader or a system, its ending in small letters."""
    last = re.split(r"[\\/]", name)[-1]
    stem, dot, ending = _UNSAFE.sub(" ", last).strip().rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem = " ".join(stem.split()).strip(". ")[:_LONGEST_STEM].strip(". ") or "附件"
    ending = ending.strip().lower()
    ending = "jpg" if ending == "jpeg" else ending
    return f"{stem}.{ending}" if ending.isascii() and ending.isalnum() and len(ending) <= 8 else stem


def media_type_of(filename: str) -> str:
    """Return what a kept file is, by its safe name."""
    return MEDIA_TYPES[filename.rpartition(".")[2]]


def read_document(filename: str, media_type: str, digest: str) -> Document:
    """Return a file that was kept; raises NotFound where it is gone."""
    try:
        return Document(filename, media_type, read_upload(digest))
    except InvalidInput:
        raise NotFound("没有这个文件。") from None


def _named(kinds: Collection[str]) -> list[str]:
    words = {"pdf": "PDF", "doc": "Word", "docx": "Word", "xls": "Excel", "xlsx": "Excel", "jpg": "JPG", "png": "PNG"}
    return list(dict.fromkeys(words[kind] for kind in MEDIA_TYPES if kind in kinds))
