"""A file between its preview and its confirmation: kept encrypted, found again by a sealed token, then removed."""

import secrets

from flask import current_app

from foundation.encryption import Sealer
from foundation.errors import InvalidInput, NotFound
from foundation.files import file_store

_SALT = 16  # random bytes before the content, so that no two uploads share a file that one of them removes


def keep_upload(slug: str, kind: str, content: bytes, filename: str) -> str:
    """Keep the file for one poll and one purpose; returns the token that finds it."""
    digest = file_store().add_private(secrets.token_bytes(_SALT) + content)
    return _sealer().seal({"slug": slug, "kind": kind, "digest": digest, "filename": filename})


def read_upload(slug: str, kind: str, token: str) -> bytes:
    """Return the content that was kept; raises InvalidInput where it is gone or was kept for something else."""
    try:
        return file_store().read_private(_opened(slug, kind, token)["digest"])[_SALT:]
    except NotFound:
        raise _gone() from None


def upload_name(slug: str, kind: str, token: str) -> str:
    """Return the name under which the file was uploaded."""
    return _opened(slug, kind, token)["filename"]


def drop_upload(slug: str, kind: str, token: str) -> None:
    """Remove the file; one that is gone already is no fault."""
    file_store().remove_private(_opened(slug, kind, token)["digest"])


def _opened(slug: str, kind: str, token: str) -> dict[str, str]:
    content = _sealer().unseal(token)
    if content is None or (content.get("slug"), content.get("kind")) != (slug, kind):
        raise _gone()
    return {name: str(content[name]) for name in ("digest", "filename")}


def _gone() -> InvalidInput:
    return InvalidInput("上传的文件已不在，请重新选择。", field="file")


def _sealer() -> Sealer:
    return Sealer(current_app.config["SECRET_KEY"], "upload to confirm")
