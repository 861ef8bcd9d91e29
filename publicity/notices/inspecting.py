"""Files from outside looked into in a confined child process: what they are, and pictures without their metadata.

A question is the ending a file has and its content; the answer is the content to keep, or why it is refused.
"""

import io
import struct
import warnings
import zipfile

from PIL import Image, ImageOps

from foundation.confined import Confined, LostError, serve

MOST_PIXELS = 36 * 1000 * 1000  # a page of A4 at 600 dots per inch has 34.8 million
SECONDS = 30.0  # such a page takes about five

_QUALITY = 88
_MARKER = struct.Struct(">B")
_DONE, _REFUSED = b"+", b"-"
_PDF, _OLE, _ZIP = b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_MAIN_PART = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_FORMATS = {"jpg": "JPEG", "png": "PNG"}
_WORDS = {"pdf": "PDF", "doc": "Word", "docx": "Word", "xls": "Excel", "xlsx": "Excel", "jpg": "JPG", "png": "PNG"}


class Refusal(Exception):
    """Why a file is not taken, as a clause that follows its name."""


def look_into(ending: str, content: bytes) -> bytes:
    """Return what is kept of a file whose name ends so; raises Refusal."""
    with Confined("publicity.notices.inspecting", seconds=SECONDS) as child:
        try:
            answer = child.ask(_MARKER.pack(len(ending)) + ending.encode() + content)
        except LostError:
            raise Refusal("打不开，可能已损坏。") from None
    if answer[:1] == _REFUSED:
        raise Refusal(answer[1:].decode())
    return answer[1:] or content


def _answer(question: bytes) -> bytes:
    length = _MARKER.unpack_from(question)[0]
    ending, content = question[1 : 1 + length].decode(), question[1 + length :]
    try:
        return _DONE + _look_into(ending, content)
    except Refusal as refusal:
        return _REFUSED + str(refusal).encode()


def _look_into(ending: str, content: bytes) -> bytes:
    """Return a picture encoded anew, nothing for a document that is kept as it is."""
    if ending in _FORMATS:
        return _encode_anew(ending, content)
    if ending == "pdf":
        _require(content.startswith(_PDF), ending)
    elif ending in _MAIN_PART:
        _check_archive(ending, content)
    else:
        _require(content.startswith(_OLE), ending)
        _refuse_macros(_MACROS in content)
    return b""


def _check_archive(ending: str, content: bytes) -> None:
    if content.startswith(_OLE) and _LOCKED in content:
        raise Refusal("加了密码，读者打不开，请去掉密码再传。")
    _require(content.startswith(_ZIP), ending)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        raise Refusal("打不开，可能已损坏。") from None
    _require({"[Content_Types].xml", _MAIN_PART[ending]} <= parts, ending)
    _refuse_macros(any(part.lower().endswith(("vbaproject.bin", "vbadata.xml")) for part in parts))


def _require(is_so: bool, ending: str) -> None:  # what is required
    if not is_so:
        raise Refusal(f"名字是 .{ending}，内容却不是{_WORDS[ending]}文件。")


def _refuse_macros(has_some: bool) -> None:
    if has_some:
        raise Refusal("带有宏，不能给读者下载，请另存为不带宏的文件再传。")


def _encode_anew(ending: str, content: bytes) -> bytes:
    """Return the picture upright and whole, without anything that was stored beside its pixels."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_FORMATS.values())) as image:
            kind = "JPEG" if image.format == "MPO" else image.format  # what some phones write holds several pictures
            _require(kind == _FORMATS[ending], ending)
            return _encoded(_FORMATS[ending], ImageOps.exif_transpose(image))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refusal(f"超过{MOST_PIXELS // 10_000}万像素，请缩小再传。") from None
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, MemoryError):
        raise Refusal("打不开，可能已损坏。") from None


def _encoded(kind: str, image: Image.Image) -> bytes:
    plain = image.convert(_mode_for(kind, image))
    plain.info.clear()
    encoded = io.BytesIO()
    if kind == "JPEG":
        plain.save(encoded, "JPEG", quality=_QUALITY)
    else:
        plain.save(encoded, "PNG")
    return encoded.getvalue()


def _mode_for(kind: str, image: Image.Image) -> str:
    if image.mode in {"1", "L"}:
        return "L"
    transparent = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    return "RGBA" if kind == "PNG" and transparent else "RGB"


if __name__ == "__main__":
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    serve(_answer)
