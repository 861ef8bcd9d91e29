"""Files by the SHA-256 of their content: public ones as they are, private ones encrypted."""

import hashlib
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from flask import Flask, current_app

from foundation.encryption import FieldCipher, field_cipher
from foundation.errors import NotFound

Shelf = Literal["public", "private"]


class FileStore:
    """Two folders below the data folder; a file is never changed, only added."""

    def __init__(self, root: Path) -> None:
        self._public = root / "public"
        self._private = root / "private"
        for folder in (self._public, self._private):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def add_public(self, content: bytes) -> str:
        """Keep `content` for everyone to read; returns its digest, by which it is found."""
        return _write(self._public, hashlib.sha256(content).hexdigest(), content)

    def public_path(self, digest: str) -> Path:
        """Return where a public file lies; raises NotFound."""
        return _existing(self._public, digest)

    def add_private(self, content: bytes, cipher: FieldCipher | None = None) -> str:
        """Keep `content` encrypted; returns the digest of the plain content."""
        digest = hashlib.sha256(content).hexdigest()
        return _write(self._private, digest, (cipher or field_cipher()).encrypt(content, "file:" + digest))

    def read_private(self, digest: str, cipher: FieldCipher | None = None) -> bytes:
        """Return the plain content of a private file; raises NotFound."""
        sealed = _existing(self._private, digest).read_bytes()
        return (cipher or field_cipher()).decrypt(sealed, "file:" + digest)

    def rotate_private(self, cipher: FieldCipher) -> int:
        """Encrypt anew every private file that an older key wrote; returns how many."""
        rotated = 0
        for path in self._private.iterdir():
            sealed = path.read_bytes()
            if len(path.name) == 64 and not cipher.is_newest(sealed):
                plain = cipher.decrypt(sealed, "file:" + path.name)
                _write(self._private, path.name, cipher.encrypt(plain, "file:" + path.name), replace=True)
                rotated += 1
        return rotated

    def remove_private(self, digest: str) -> None:
        (self._private / digest).unlink(missing_ok=True)

    def untouched_since(self, shelf: Shelf, moment: datetime) -> list[str]:
        """Return the digests of the files that nobody has added, or added again, since `moment`."""
        files = [path for path in self._folder(shelf).iterdir() if len(path.name) == 64]
        return sorted(path.name for path in files if _added_at(path) < moment)

    def remove_untouched(self, shelf: Shelf, digest: str, moment: datetime) -> bool:
        """Remove a file unless it was added again after `moment`; tells whether it went."""
        path = self._folder(shelf) / digest
        gone = path.is_file() and _added_at(path) < moment
        if gone:
            path.unlink(missing_ok=True)
        return gone

    def _folder(self, shelf: Shelf) -> Path:
        return self._public if shelf == "public" else self._private


def init_files(app: Flask, data_dir: Path) -> None:
    app.extensions["files"] = FileStore(data_dir / "files")


def file_store() -> FileStore:
    store: FileStore = current_app.extensions["files"]
    return store


def _existing(folder: Path, digest: str) -> Path:
    path = folder / digest
    if len(digest) != 64 or not digest.isalnum() or not path.is_file():
        raise NotFound("没有这个文件。")
    return path


def _added_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _write(folder: Path, digest: str, content: bytes, *, replace: bool = False) -> str:
    """Write beside and rename, so that a reader never meets half a file; one that is there counts as added now."""
    target = folder / digest
    if replace or not _touch(target):
        handle, temporary = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    return digest


def _touch(path: Path) -> bool:
    """Tell whether the file is there, and note that somebody wants it anew."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
