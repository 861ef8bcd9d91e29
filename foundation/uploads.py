"""Private files between an upload and its end: kept encrypted, found by their digest, removed when done with."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from foundation.errors import InvalidInput, NotFound
from foundation.files import file_store

_SALT = 16  # random bytes before the content, so that no two uploads share a file that one of them removes


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: the name it had there, and what is in it; empty where none was chosen."""

    name: str
    content: bytes


def keep_upload(content: bytes) -> str:
    """Keep the content and return the digest that finds it."""
    return file_store().add_private(secrets.token_bytes(_SALT) + content)


def read_upload(digest: str | None) -> bytes:
    """Return the content that was kept; raises InvalidInput where it is gone."""
    try:
        return file_store().read_private(digest or "")[_SALT:]
    except NotFound:
        raise InvalidInput("上传的文件已不在，请重新上传。", field="file") from None


def drop_uploads(digests: Iterable[str | None]) -> None:
    """Remove the files; one that is gone already is no fault."""
    for digest in digests:
        if digest:
            file_store().remove_private(digest)
