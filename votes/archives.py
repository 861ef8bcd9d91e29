"""ZIP archives from outside, opened within bounds: nothing is believed before it has been measured."""

import os
import struct
import zlib
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

_ENCRYPTED = 0x1
_END = struct.Struct("<4s4H2LH")
_END_MARK, _END64_MARK = b"PK\x05\x06", b"PK\x06\x07"
_LOCATOR_SIZE = 20
_LONGEST_COMMENT = 65_535
_ROOM_PER_ENTRY = 1_024  # bytes of the directory that one entry may reasonably take
_BROKEN = (BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, struct.error)


class ArchiveError(Exception):
    """The archive or the entry cannot be used; the sentence in Chinese says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def open_archive(source: BinaryIO, *, max_bytes: int, max_entries: int) -> ZipFile:
    """Open an archive of at most `max_bytes` and `max_entries`; raises ArchiveError.

    The directory's size is looked at first, because reading a directory of millions of entries is the harm itself.
    """
    size = source.seek(0, os.SEEK_END)
    if size > max_bytes:
        raise ArchiveError(f"压缩包超过{max_bytes // 1024 // 1024}MB。")
    if _directory_size(source, size) > max_entries * _ROOM_PER_ENTRY:
        raise ArchiveError(f"压缩包里的文件超过{max_entries}个。")
    source.seek(0)
    try:
        archive = ZipFile(source)
    except _BROKEN:
        raise ArchiveError("压缩包打不开，可能已损坏。") from None
    if len(archive.infolist()) > max_entries:
        archive.close()
        raise ArchiveError(f"压缩包里的文件超过{max_entries}个。")
    return archive


def check_entry(entry: ZipInfo, limit: int) -> None:
    """Raise ArchiveError where the directory already tells that the entry cannot be read, or is over `limit` bytes."""
    if entry.flag_bits & _ENCRYPTED:
        raise ArchiveError("文件加了密码。")
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise ArchiveError("压缩方式不支持，请用普通 ZIP 重新压缩。")
    if entry.file_size > limit:
        raise ArchiveError(f"文件超过{limit // 1024 // 1024}MB。")


def read_entry(archive: ZipFile, entry: ZipInfo, limit: int) -> bytes:
    """Unpack one entry of at most `limit` bytes, whatever the directory says of it; raises ArchiveError."""
    check_entry(entry, limit)
    try:
        with archive.open(entry) as packed:
            content = packed.read(limit + 1)
    except _BROKEN:
        raise ArchiveError("文件解不开，可能已损坏。") from None
    if len(content) != entry.file_size:
        raise ArchiveError("文件解不开，可能已损坏。")
    return content


def _directory_size(source: BinaryIO, size: int) -> int:
    """Return how many bytes the archive's directory takes, by the record at the archive's end."""
    source.seek(max(0, size - _END.size - _LONGEST_COMMENT - _LOCATOR_SIZE))
    tail = source.read()
    last = len(tail) - _END.size
    bare = last >= 0 and tail[last:].startswith(_END_MARK) and tail.endswith(b"\0\0")
    at = last if bare else tail.rfind(_END_MARK)
    if at < 0 or at > last:
        raise ArchiveError("这不是 ZIP 压缩包，或文件已损坏。")
    if tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_END64_MARK):
        raise ArchiveError("压缩包是 ZIP64 格式，请用普通 ZIP 重新压缩。")
    directory_size: int = _END.unpack_from(tail, at)[5]
    return directory_size
