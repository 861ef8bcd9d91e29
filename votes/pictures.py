"""Photos made fit for the public: checked, turned upright, cut to 3:4 and encoded anew in a confined child process.

Everything comes out as JPEG without metadata, thumbnails too: WebP would save about a kilobyte each, and phones with
iOS below 14 show none of it.
"""

import io
import struct
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from foundation.confined import Confined, LostError, serve

K = TypeVar("K")
LARGEST_FILE = 5 * 1024 * 1024
MOST_PIXELS = 12 * 1024 * 1024  # 4096 × 3072 and the 4032 × 3024 of most phones; "12 megapixels"
SMALLEST = (120, 160)
PHOTO_HEIGHT = 960
THUMBNAIL = (120, 160)
LARGEST_THUMBNAIL = 8 * 1024
MEDIA_TYPE = "image/jpeg"

_FORMATS = ("JPEG", "PNG", "WEBP")
_PHOTO_QUALITY = 85
_THUMBNAIL_QUALITIES = (82, 75, 68, 60, 50, 40, 30, 20, 10)
_ABOVE_CENTRE = 0.3  # of what is cut off a tall picture, the share above: faces stand in the upper part
_HEIC_BRANDS = (b"heic", b"heix", b"heif", b"mif1", b"msf1")
_LENGTH = struct.Struct(">L")
_DONE, _REFUSED = b"+", b"-"
_BROKEN = "照片打不开，可能已损坏。"


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo of at most 960 pixels' height and its thumbnail of 120 × 160 and 8 KB, both JPEG of 3:4."""

    photo: bytes
    thumbnail: bytes


@dataclass(frozen=True, slots=True)
class RefusedPicture:
    """A file that is not made public; the sentence in Chinese says why."""

    reason: str


class _Refusal(Exception):
    """Why a picture is not taken."""


def develop(files: Iterable[tuple[K, bytes]]) -> Iterator[tuple[K, Picture | RefusedPicture]]:
    """Turn each file into a public picture, or say why not, under the key it came with.

    One child works through them all; a file that kills it or holds it for 10 seconds is refused as broken, and the
    next one meets a new child.
    """
    with Confined("votes.pictures") as child:
        for key, content in files:
            yield key, _develop_in(child, content)


def _develop_in(child: Confined, content: bytes) -> Picture | RefusedPicture:
    if len(content) > LARGEST_FILE:
        return RefusedPicture(f"照片超过{LARGEST_FILE // 1024 // 1024}MB。")
    try:
        answer = child.ask(content)
    except LostError:
        return RefusedPicture(_BROKEN)
    if answer[:1] == _REFUSED:
        return RefusedPicture(answer[1:].decode())
    length = _LENGTH.unpack_from(answer, 1)[0]
    start = 1 + _LENGTH.size
    return Picture(answer[start : start + length], answer[start + length :])


def _answer(content: bytes) -> bytes:
    try:
        picture = _develop(content)
    except _Refusal as refusal:
        return _REFUSED + str(refusal).encode()
    return _DONE + _LENGTH.pack(len(picture.photo)) + picture.photo + picture.thumbnail


def _develop(content: bytes) -> Picture:
    try:
        with _open(content) as image:
            _check(image)
            framed = _frame(_plain(ImageOps.exif_transpose(image)))
    except UnidentifiedImageError:
        raise _Refusal(_unknown_format(content)) from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _Refusal("照片超过1200万像素，请缩小再试。") from None
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, MemoryError):
        raise _Refusal(_BROKEN) from None
    height = min(PHOTO_HEIGHT, framed.height)
    photo = framed.resize((height * 3 // 4, height), Image.Resampling.LANCZOS)
    return Picture(_jpeg(photo, _PHOTO_QUALITY), _thumbnail(framed))


def _open(content: bytes) -> Image.Image:
    """Read the header alone; Pillow refuses too many pixels there, before it decodes any."""
    return Image.open(io.BytesIO(content), formats=_FORMATS)


def _check(image: Image.Image) -> None:
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise _Refusal("动图不能用作照片。")
    if min(image.size) < SMALLEST[0] or max(image.size) < SMALLEST[1]:
        raise _Refusal(f"照片太小，至少要{SMALLEST[0]}×{SMALLEST[1]}像素。")
    image.draft(None, (PHOTO_HEIGHT, PHOTO_HEIGHT))  # a large JPEG is decoded at a half or a quarter, if that is enough


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture in 8-bit sRGB, on white where it is transparent."""
    if image.mode.startswith("I") or image.mode == "F":
        return image.convert("I").point(lambda level: level * (1 / 256)).convert("L").convert("RGB")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(paper, clear).convert("RGB")
    return _in_srgb(image).convert("RGB")


def _in_srgb(image: Image.Image) -> Image.Image:
    """Bring the wider colours of phones and of print into sRGB, since the profile itself is not kept."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "CMYK"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return turned or image


def _frame(image: Image.Image) -> Image.Image:
    """Cut the largest 3:4 out of the picture: from the middle of a wide one, a little higher from a tall one."""
    width, height = min(image.width, image.height * 3 // 4), min(image.height, image.width * 4 // 3)
    left = (image.width - width) // 2
    top = int((image.height - height) * _ABOVE_CENTRE)
    framed = image.crop((left, top, left + width, top + height))
    framed.info.clear()  # comments and the like would be written into the new file
    return framed


def _thumbnail(framed: Image.Image) -> bytes:
    small = framed.resize(THUMBNAIL, Image.Resampling.LANCZOS)
    for quality in _THUMBNAIL_QUALITIES:
        encoded = _jpeg(small, quality)
        if len(encoded) <= LARGEST_THUMBNAIL:
            return encoded
    raise _Refusal("照片的缩略图太大，请换一张。")


def _jpeg(image: Image.Image, quality: int) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=quality, optimize=True, progressive=True)
    return encoded.getvalue()


def _unknown_format(content: bytes) -> str:
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return "这是 HEIC 照片，请先转成 JPG。"
    return "只能用 JPG、PNG 或 WebP 照片。"


if __name__ == "__main__":
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    serve(_answer)
