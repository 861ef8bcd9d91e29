"""Covers of articles: a picture that staff chose, or the plain one that every installation has."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.errors import InvalidInput
from foundation.uploads import Upload, keep_upload, read_upload
from publicity.pushes.models import Push
from staff.personal.stored_files import declare_files_kept
from wechat.sending.media import PICTURE_BYTES

PLAIN = Path(__file__).resolve().parent.parent / "static" / "publicity" / "pushes" / "cover.jpg"
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def keep_cover(upload: Upload) -> str:
    """Keep a JPG or PNG below 2 MB and return the digest that a push names it by; raises InvalidInput."""
    if media_type_of(upload.content) is None:
        raise InvalidInput("封面只能是JPG或PNG图片。", field="cover")
    if len(upload.content) >= PICTURE_BYTES:
        raise InvalidInput(f"封面要小于{PICTURE_BYTES >> 20} MB，请缩小后再上传。", field="cover")
    return keep_upload(upload.content)


def cover_picture(digest: str) -> bytes:
    """Return the picture that a push names, or the plain one for nothing; raises InvalidInput where it is gone."""
    return read_upload(digest) if digest else PLAIN.read_bytes()


def media_type_of(content: bytes) -> str | None:
    """Return what kind of picture this is by how it begins, None for anything else."""
    return next((kind for magic, kind in _KINDS.items() if content.startswith(magic)), None)


def _named(session: Session) -> Iterable[str | None]:
    return session.scalars(select(Push.content["cover"].astext).where(Push.content["cover"].astext != ""))


declare_files_kept("private", _named)
