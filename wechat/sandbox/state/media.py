"""Temporary media (three days), permanent material and pictures for articles, with the platform's limits."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from wechat.sandbox.errors import ApiError
from wechat.sandbox.identifiers import new_media_id, random_text

LIFE = 3 * 86_400
MOST_TEMPORARY_BYTES = 64 << 20
MOST_PERMANENT = {"image": 5000, "voice": 1000, "video": 1000, "thumb": 1000}
BYTES = {"image": 2 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
PERMANENT_BYTES = BYTES | {"image": 10 << 20}
ARTICLE_PICTURE_BYTES = 1 << 20
PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"BM": "image/bmp"}
SOUNDS = {b"#!AMR": "audio/amr", b"ID3": "audio/mpeg", b"\xff\xfb": "audio/mpeg", b"\xff\xf3": "audio/mpeg"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    filename: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Medium:
    """A file the platform keeps; title and introduction only of permanent videos."""

    media_id: str
    kind: str
    filename: str
    content_type: str
    data: bytes
    created_at: int
    url: str = ""
    title: str = ""
    introduction: str = ""


class Media:
    """All files of one account."""

    def __init__(self, clock: Callable[[], float], rng: random.Random, base: Callable[[], str]) -> None:
        self._clock = clock
        self._rng = rng
        self._base = base
        self._lock = threading.Lock()
        self._temporary: dict[str, Medium] = {}
        self._permanent: dict[str, Medium] = {}
        self._pictures: dict[str, Medium] = {}

    def upload(self, kind: str, upload: Upload | None) -> Medium:
        """Keep a file for three days."""
        content_type, given = _checked(kind, upload, BYTES)
        with self._lock:
            self._drop_old(len(given.data))
            medium = Medium(new_media_id(self._rng), kind, given.filename, content_type, given.data, int(self._clock()))
            self._temporary[medium.media_id] = medium
            return medium

    def temporary(self, media_id: str) -> Medium:
        """A file within its three days; 40007 otherwise."""
        with self._lock:
            medium = self._temporary.get(media_id)
            if medium is None or self._clock() >= medium.created_at + LIFE:
                raise ApiError(40007, "invalid media_id")
            return medium

    def add_permanent(self, kind: str, upload: Upload | None, title: str = "", introduction: str = "") -> Medium:
        """Keep a file until it is deleted; 45028-like limits answer 45001 by size and 45007 by number."""
        content_type, given = _checked(kind, upload, PERMANENT_BYTES)
        with self._lock:
            if sum(one.kind == kind for one in self._permanent.values()) >= MOST_PERMANENT[kind]:
                raise ApiError(45028, "has no quota of material")
            url = self._keep_picture(given, content_type) if kind in ("image", "thumb") else ""
            medium = Medium(
                new_media_id(self._rng),
                kind,
                given.filename,
                content_type,
                given.data,
                int(self._clock()),
                url,
                title,
                introduction,
            )
            self._permanent[medium.media_id] = medium
            return medium

    def permanent(self, media_id: object) -> Medium:
        with self._lock:
            medium = self._permanent.get(media_id) if isinstance(media_id, str) else None
            if medium is None:
                raise ApiError(40007, "invalid media_id")
            return medium

    def delete(self, media_id: object) -> None:
        medium = self.permanent(media_id)
        with self._lock:
            self._permanent.pop(medium.media_id, None)

    def all_permanent(self, kind: str) -> list[Medium]:
        """The permanent material of one kind, newest first."""
        with self._lock:
            return [one for one in reversed(self._permanent.values()) if one.kind == kind]

    def either(self, media_id: object, *kinds: str) -> Medium:
        """A file of one of the kinds, temporary or permanent; 40007 otherwise."""
        text = media_id if isinstance(media_id, str) else ""
        with self._lock:
            known = text in self._permanent
        medium = self.permanent(text) if known else self.temporary(text)
        if medium.kind not in kinds:
            raise ApiError(40007, "invalid media_id")
        return medium

    def upload_picture(self, upload: Upload | None) -> str:
        """Keep a picture for use in articles; gives its address."""
        content_type, given = _checked("image", upload, {"image": ARTICLE_PICTURE_BYTES})
        if content_type not in ("image/png", "image/jpeg"):
            raise ApiError(40005, "invalid file type")
        with self._lock:
            return self._keep_picture(given, content_type)

    def picture(self, name: str) -> Medium | None:
        """The picture at an address that upload_picture or add_permanent gave."""
        with self._lock:
            return self._pictures.get(name)

    def is_picture(self, url: str) -> bool:
        """Whether an article may show it: only pictures the platform itself keeps."""
        return self.picture(url.rpartition("/mmbiz/")[2]) is not None

    def _keep_picture(self, given: Upload, content_type: str) -> str:
        name = random_text(self._rng, 40)
        self._pictures[name] = Medium(name, "picture", given.filename, content_type, given.data, int(self._clock()))
        return f"{self._base()}/mmbiz/{name}"

    def _drop_old(self, coming: int) -> None:
        ends = self._clock() - LIFE
        kept = {one.media_id: one for one in self._temporary.values() if one.created_at > ends}
        size = sum(len(one.data) for one in kept.values()) + coming
        while kept and size > MOST_TEMPORARY_BYTES:
            size -= len(kept.pop(next(iter(kept))).data)
        self._temporary = kept


def _checked(kind: str, upload: Upload | None, most: dict[str, int]) -> tuple[str, Upload]:
    if kind not in most:
        raise ApiError(40004, "invalid media type")
    if upload is None:
        raise ApiError(41005, "media data missing")
    if not upload.data:
        raise ApiError(44001, "empty media data")
    if len(upload.data) > most[kind]:
        raise ApiError(45001, "media size out of limit")
    content_type = _content_type(kind, upload.data)
    if not content_type:
        raise ApiError(40005, "invalid file type")
    return content_type, upload


def _content_type(kind: str, data: bytes) -> str:
    if kind == "video":
        return "video/mp4" if data[4:8] == b"ftyp" else ""
    known = SOUNDS if kind == "voice" else PICTURES
    found = next((kind for magic, kind in known.items() if data.startswith(magic)), "")
    return found if kind != "thumb" or found == "image/jpeg" else ""
