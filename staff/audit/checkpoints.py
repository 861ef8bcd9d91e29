"""Checkpoints of the audit trail in a second place: a line for each, signed, so that a cut or rewritten trail shows.

A line is the time, the number of the last link, its hash and an Ed25519 signature over these three. The file's first
line names the public key, so that somebody without our secrets can check the lines too.
"""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import current_app

from config import Settings
from foundation.clock import utc_now
from foundation.encryption import derive_key
from staff.audit.chain import ChainBrokenError, Fault, Head

log = structlog.get_logger(__name__)
FILE = "audit.txt"


class Signer:
    """Signs checkpoints with a key that is used for nothing else."""

    def __init__(self, secret: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(derive_key(secret, "audit checkpoint"))

    @property
    def public_key(self) -> str:
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, text: str) -> str:
        return self._key.sign(_signed(text)).hex()

    def signed(self, text: str, signature: str) -> bool:
        """Tell whether this signer signed `text`."""
        try:
            self._key.public_key().verify(bytes.fromhex(signature), _signed(text))
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the chain stood at a moment, as it is put down elsewhere."""

    at: datetime
    head: Head

    @property
    def text(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ} {self.head.seq} {self.head.hash.hex()}"

    def line(self, signer: Signer) -> str:
        return f"{self.text} {signer.sign(self.text)}"


def write_checkpoint(head: Head) -> str:
    """Put down where the chain stands: in the log, and in the second place where there is one; returns the line.

    The second place is never made here: a folder that is missing may be one that is not mounted. Raises OSError.
    """
    signer = _signer()
    checkpoint = Checkpoint(utc_now(), head)
    line = checkpoint.line(signer)
    log.info("audit_checkpoint", line=line)
    file = _file()
    if file is not None:
        _append(file, line, signer)
    return line


def read_marks(after: int = 0) -> dict[int, bytes]:
    """Return the hashes that were put down, by the numbers of their links above `after`.

    Nothing where there is no second place. A line that a crash cut off is passed over. Raises ChainBrokenError for a
    line that we did not sign, and where two lines contradict one another; OSError where the file cannot be read.
    """
    file = _file()
    if file is None or not file.exists():
        return {}
    signer, marks = _signer(), dict[int, bytes]()
    for line in _lines(file):
        if line.head.seq <= after:
            continue
        if not signer.signed(line.text, line.signature):
            raise ChainBrokenError(Fault.FORGED, line.head.seq)
        if marks.setdefault(line.head.seq, line.head.hash) != line.head.hash:
            raise ChainBrokenError(Fault.REWRITTEN, line.head.seq)
    return marks


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    head: Head
    signature: str

    @classmethod
    def read(cls, written: str) -> Self | None:
        text, _, signature = written.rpartition(" ")
        parts = text.split(" ")
        if len(parts) != 3 or len(signature) != 128 or not parts[1].isdecimal():
            return None
        try:
            return cls(text, Head(int(parts[1]), bytes.fromhex(parts[2])), signature)
        except ValueError:
            return None


def _lines(file: Path) -> Iterator[_Line]:
    with file.open(encoding="ascii", errors="replace") as lines:
        for written in lines:
            found = _Line.read(written.rstrip("\n"))
            if found is not None:
                yield found
            elif not written.startswith("#"):
                log.warning("audit_checkpoint_unreadable")


def _append(file: Path, line: str, signer: Signer) -> None:
    handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        size = stream.seek(0, os.SEEK_END)
        begun = "" if size else f"# audit trail, Ed25519 {signer.public_key}\n"
        if size and os.pread(handle, 1, size - 1) != b"\n":
            begun = "\n"  # after a line that a crash cut off
        stream.write(f"{begun}{line}\n".encode())
        os.fsync(handle)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _signed(text: str) -> bytes:
    return f"audit checkpoint 1\n{text}".encode()


def _file() -> Path | None:
    folder = _settings().checkpoint_dir
    return None if folder is None else folder / FILE


def _signer() -> Signer:
    return Signer(_settings().secret_key.get_secret_value())


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
