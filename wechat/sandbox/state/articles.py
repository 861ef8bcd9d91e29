"""Drafts and published articles: the platform's limits on what an article may hold, and where it stands."""

import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from wechat.sandbox.errors import ApiError
from wechat.sandbox.identifiers import new_media_id, random_text
from wechat.sandbox.state.media import Media

MOST_ARTICLES = 8
CONTENT_CHARACTERS = 20_000
CONTENT_BYTES = 1 << 20
SOURCE_BYTES = 1 << 10
MOST_PICTURES = 20

SCRIPTS = re.compile(
    r"<script\b.*?(</script\s*>|$)|\son\w+\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE | re.DOTALL
)
IMAGES = re.compile(r"<img\b[^>]*?\bsrc\s*=\s*[\"']?([^\"'\s>]+)[^>]*>", re.IGNORECASE)

PublishStatus = Literal[0, 1, 2, 3, 4, 5, 6]
TEXTS = {"title": (32, 45003), "author": (16, 45110), "digest": (128, 45004)}


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """One article: its fields as given (scripts and foreign pictures taken out) and where it can be read."""

    fields: Mapping[str, object]
    url: str = ""
    deleted: bool = False

    @property
    def title(self) -> str:
        return str(self.fields["title"])

    @property
    def digest(self) -> str:
        return str(self.fields.get("digest", ""))


@dataclass(frozen=True, slots=True)
class Bundle:
    """Articles that belong together, as a draft or as published."""

    media_id: str
    articles: tuple[StoredArticle, ...]
    updated_at: int


@dataclass(slots=True)
class Publication:
    """One publishing job and what came of it."""

    publish_id: str
    bundle: Bundle
    status: PublishStatus = 1
    article_id: str = ""


class Articles:
    """Drafts by media_id, publications by publish_id, and every article's page by its name."""

    def __init__(self, clock: Callable[[], float], rng: random.Random, base: Callable[[], str], media: Media) -> None:
        self._clock = clock
        self._rng = rng
        self._base = base
        self._media = media
        self._lock = threading.Lock()
        self._drafts: dict[str, Bundle] = {}
        self._publications: dict[str, Publication] = {}
        self._pages: dict[str, StoredArticle] = {}

    def add(self, given: object) -> Bundle:
        """Keep a draft; raise ApiError for the first limit it breaks."""
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_ARTICLES:
            raise ApiError(45008, "article size out of limit")
        articles = tuple(self._checked(one) for one in given)
        with self._lock:
            bundle = Bundle(new_media_id(self._rng), articles, int(self._clock()))
            self._drafts[bundle.media_id] = bundle
            return bundle

    def draft(self, media_id: object) -> Bundle:
        with self._lock:
            bundle = self._drafts.get(media_id) if isinstance(media_id, str) else None
            if bundle is None:
                raise ApiError(40007, "invalid media_id")
            return bundle

    def update(self, media_id: object, index: object, given: object) -> None:
        """Replace one article of a draft; 53402-like index errors answer 40114."""
        bundle, article = self.draft(media_id), self._checked(given)
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(bundle.articles):
            raise ApiError(40114, "invalid index")
        articles = (*bundle.articles[:index], article, *bundle.articles[index + 1 :])
        with self._lock:
            self._drafts[bundle.media_id] = replace(bundle, articles=articles, updated_at=int(self._clock()))

    def delete(self, media_id: object) -> None:
        bundle = self.draft(media_id)
        with self._lock:
            self._drafts.pop(bundle.media_id, None)

    def drafts(self) -> list[Bundle]:
        """All drafts, the newest first."""
        with self._lock:
            return list(reversed(self._drafts.values()))

    def take(self, media_id: object) -> Bundle:
        """A draft that is about to be sent: it disappears, and its articles get addresses."""
        bundle = self.draft(media_id)
        with self._lock:
            self._drafts.pop(bundle.media_id, None)
            return self._with_pages(bundle)

    def submit(self, media_id: object) -> Publication:
        """Accept a draft for publishing; finish() publishes it."""
        bundle = self.draft(media_id)
        with self._lock:
            publication = Publication(str(self._rng.randrange(10**9, 10**10)), bundle)
            self._publications[publication.publish_id] = publication
            return publication

    def finish(self, publish_id: str, status: PublishStatus) -> Publication:
        """Publish what was accepted, or with another status than 0 do not."""
        with self._lock:
            publication = self._publications[publish_id]
            publication.status = status
            if status == 0:
                self._drafts.pop(publication.bundle.media_id, None)
                publication.bundle = self._with_pages(publication.bundle)
                publication.article_id = new_media_id(self._rng)
            return publication

    def publication(self, publish_id: object) -> Publication:
        with self._lock:
            publication = self._publications.get(str(publish_id))
            if publication is None:
                raise ApiError(53600, "invalid article_id or publish_id")
            return publication

    def by_article_id(self, article_id: object) -> Publication:
        with self._lock:
            found = [one for one in self._publications.values() if one.article_id and one.article_id == article_id]
            if not found or found[0].status != 0:
                raise ApiError(53600, "Article ID invalid")
            return found[0]

    def published(self) -> list[Publication]:
        """What is published and not deleted, the newest first."""
        with self._lock:
            return [one for one in reversed(self._publications.values()) if one.status == 0]

    def unpublish(self, article_id: object, index: int) -> None:
        """Delete one article (from 1) or, with 0, all of a publication."""
        publication = self.by_article_id(article_id)
        with self._lock:
            articles = list(publication.bundle.articles)
            if index > len(articles):
                raise ApiError(40114, "invalid index")
            for place in range(len(articles)) if index == 0 else [index - 1]:
                articles[place] = replace(articles[place], deleted=True)
                self._pages.pop(articles[place].url.rpartition("/s/")[2], None)
            publication.bundle = replace(publication.bundle, articles=tuple(articles))
            if all(one.deleted for one in articles):
                publication.status = 5

    def page(self, name: str) -> StoredArticle | None:
        """The article that stands at an address, unless it was deleted."""
        with self._lock:
            return self._pages.get(name)

    def _with_pages(self, bundle: Bundle) -> Bundle:
        articles = []
        for article in bundle.articles:
            name = random_text(self._rng, 22)
            shown = replace(article, url=f"{self._base()}/s/{name}")
            self._pages[name] = shown
            articles.append(shown)
        return replace(bundle, articles=tuple(articles), updated_at=int(self._clock()))

    def _checked(self, given: object) -> StoredArticle:
        if not isinstance(given, dict):
            raise ApiError(47001, "data format error")
        title = given.get("title")
        if not isinstance(title, str) or not title:
            raise ApiError(40009, "invalid article: title missing")
        for name, (most, errcode) in TEXTS.items():
            if len(str(given.get(name) or "")) > most:
                raise ApiError(errcode, f"{name} size out of limit")
        content = _checked_content(given)
        self._check_pictures(given)
        return StoredArticle({**given, "content": self._without_foreign_pictures(content)})

    def _check_pictures(self, given: Mapping[str, object]) -> None:
        if given.get("article_type", "news") == "news":
            self._media.permanent(given.get("thumb_media_id"))
            return
        info = given.get("image_info")
        pictures = info.get("image_list") if isinstance(info, dict) else None
        if not isinstance(pictures, list) or not 1 <= len(pictures) <= MOST_PICTURES:
            raise ApiError(40007, "invalid image_list")
        for picture in pictures:
            self._media.permanent(picture.get("image_media_id") if isinstance(picture, dict) else None)

    def _without_foreign_pictures(self, content: str) -> str:
        return IMAGES.sub(lambda found: found[0] if self._media.is_picture(found[1]) else "", content)


def _checked_content(given: Mapping[str, object]) -> str:
    content, kind = given.get("content"), given.get("article_type", "news")
    if kind not in ("news", "newspic"):
        raise ApiError(40008, "invalid article_type")
    if not isinstance(content, str) or not content:
        raise ApiError(44004, "empty content")
    clean = SCRIPTS.sub("", content)
    if len(clean) >= CONTENT_CHARACTERS or len(clean.encode()) >= CONTENT_BYTES:
        raise ApiError(45002, "content size out of limit")
    if len(str(given.get("content_source_url") or "").encode()) > SOURCE_BYTES:
        raise ApiError(45005, "url size out of limit")
    return clean
