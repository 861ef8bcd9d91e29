"""Answers prepared once and sent to everyone: compressed, with an ETag, the same bytes for each reader."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache

import brotli
from flask import Request, Response
from werkzeug.datastructures import Accept

_TOO_SMALL_TO_PACK = 256


@dataclass(frozen=True, slots=True)
class Prepared:
    """A body in the encodings that browsers ask for."""

    content_type: str
    etag: str
    plain: bytes
    gzip: bytes
    brotli: bytes

    def answer(self, request: Request, *, cache: str) -> Response:
        """Answer with what the reader's browser takes, or 304 where it has it already."""
        if self.etag in request.headers.get("If-None-Match", ""):
            response = Response(status=304)
        else:
            response = self._body(request.accept_encodings)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["ETag"] = self.etag
        response.headers["Cache-Control"] = cache
        return response

    def _body(self, accepted: Accept) -> Response:
        if accepted["br"] > 0:
            return Response(self.brotli, content_type=self.content_type, headers={"Content-Encoding": "br"})
        if accepted["gzip"] > 0:
            return Response(self.gzip, content_type=self.content_type, headers={"Content-Encoding": "gzip"})
        return Response(self.plain, content_type=self.content_type)


def prepare(body: bytes, content_type: str, *, quality: int = 5) -> Prepared:
    """Compress `body` both ways; `quality` is brotli's (0–11)."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    if len(body) < _TOO_SMALL_TO_PACK:
        return Prepared(content_type, etag, body, gzip.compress(body, 1, mtime=0), brotli.compress(body, quality=0))
    packed = gzip.compress(body, 6, mtime=0), brotli.compress(body, quality=quality)
    return Prepared(content_type, etag, body, *packed)


@lru_cache(maxsize=256)
def prepare_file(path: str, content_type: str, _version: str) -> Prepared:
    """Prepare a file of the front end; the version makes a changed file a new entry."""
    with open(path, "rb") as file:
        return prepare(file.read(), content_type, quality=9)
