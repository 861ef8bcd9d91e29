"""Pictures for the platform: into articles, as covers, into chats; checked before they travel."""

from dataclasses import dataclass

from foundation.errors import InvalidInput
from wechat.client import Answer
from wechat.errors import Unreachable
from wechat.sending.permission import permitted

ARTICLE_BYTES = 1 << 20
PICTURE_BYTES = 2 << 20
TEMPORARY_DAYS = 3


@dataclass(frozen=True, slots=True)
class _Format:
    content_type: str
    extension: str


_JPEG, _PNG, _GIF = _Format("image/jpeg", "jpg"), _Format("image/png", "png"), _Format("image/gif", "gif")
_MAGIC = {b"\xff\xd8\xff": _JPEG, b"\x89PNG\r\n\x1a\n": _PNG, b"GIF8": _GIF}


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture kept by the platform until it is deleted."""

    media_id: str
    url: str


def upload_article_picture(content: bytes) -> str:
    """Give a JPG or PNG below 1 MB to the platform for use inside articles; returns its address.

    Sending the same one again is harmless. Raises InvalidInput, WeChatError.
    """
    return _text(_upload("media/uploadimg", {}, content, ARTICLE_BYTES, (_JPEG, _PNG)), "url")


def upload_cover(content: bytes) -> Cover:
    """Give a picture below 2 MB to the platform for good, as the cover of an article. Raises InvalidInput, WeChatError.

    After Unreachable a second one may lie among the account's material, which nobody sees.
    """
    answer = _upload("material/add_material", {"type": "image"}, content, PICTURE_BYTES, (_JPEG, _PNG, _GIF))
    return Cover(_text(answer, "media_id"), str(answer.get("url") or ""))


def upload_picture(content: bytes) -> str:
    """Give a picture below 2 MB to the platform for three days; returns its media_id. Raises InvalidInput, WeChatError.

    The platform's own pages say 10 MB in one place and 2 MB in another, so it stays below the lesser.
    """
    answer = _upload("media/upload", {"type": "image"}, content, PICTURE_BYTES, (_JPEG, _PNG, _GIF))
    return _text(answer, "media_id")


def _upload(path: str, params: dict[str, str], content: bytes, most: int, taken: tuple[_Format, ...]) -> Answer:
    account = permitted("material")
    found = next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)
    if found is None or found not in taken:
        names = "、".join(kind.extension.upper() for kind in taken)
        raise InvalidInput(f"图片只能是{names}格式。", field="picture")
    if len(content) >= most:
        raise InvalidInput(f"图片要小于{most >> 20} MB。", field="picture")
    return account.client.upload(
        path,
        params=params,
        filename=f"picture.{found.extension}",
        content=content,
        content_type=found.content_type,
    )


def _text(answer: Answer, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Unreachable
    return value
