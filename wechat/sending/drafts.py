"""Drafts of articles, within the platform's limits before it sees them."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import orjson

from foundation.errors import InvalidInput
from wechat.account import Account
from wechat.client import Answer
from wechat.errors import InvalidArgument
from wechat.sending.delivering import make_call, numbers_of
from wechat.sending.ledger import Job, Order, note_sent, plan
from wechat.sending.permission import permitted

MOST_ARTICLES = 8
TITLE_CHARACTERS, AUTHOR_CHARACTERS, DIGEST_CHARACTERS = 32, 16, 128
CONTENT_CHARACTERS, CONTENT_BYTES, SOURCE_BYTES = 20_000, 1 << 20, 1 << 10
NO_SUCH_MEDIA = 40007
PICTURE_HOSTS = ("https://mmbiz.qpic.cn/", "http://mmbiz.qpic.cn/", "https://mmbiz.qlogo.cn/", "http://mmbiz.qlogo.cn/")
LATEST_LOOKED_AT = 20
CLOCKS_DIFFER = timedelta(minutes=2)
_TOLD_BY = ("title", "author", "digest", "content_source_url", "thumb_media_id")
_IN_STYLE = re.compile(r"url\(\s*[\"']?([^\"')\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NewsArticle:
    """An article: `content` is HTML whose pictures lie where upload_article_picture put them, `cover` a media_id of
    upload_cover, `source_url` what 阅读原文 opens.
    """

    title: str
    content: str
    cover: str
    author: str = ""
    digest: str = ""
    source_url: str = ""


def add_draft(key: str, articles: Sequence[NewsArticle]) -> Job:
    """Keep 1 to 8 articles as a draft under `key`; its `number` is the media_id by which it is published or sent.

    Not to be called inside a transaction. After Unreachable the same key finds the draft again where it was kept, so
    that none lies there twice. Raises InvalidInput naming the field as `articles.0.title`, WeChatError.
    """
    account = permitted("draft")
    if not 1 <= len(articles) <= MOST_ARTICLES:
        raise InvalidInput(f"一份草稿要有1到{MOST_ARTICLES}篇文章。", field="articles")
    for place, article in enumerate(articles):
        _check(article, f"articles.{place}", account)
    written = [_written(article) for article in articles]
    order = Order(key, "draft", fingerprint=fingerprint(written))
    job, mine = plan(order)
    if job.state != "planned":
        return job
    kept = None if mine else latest_with(account, "draft/batchget", job.fingerprint, job.planned_at)
    if kept is not None:
        return note_sent(key, numbers_of("draft", kept[0]))

    def call() -> Answer:
        return account.client.write("draft/add", {"articles": written})

    return make_call(order, call)


def draft_exists(media_id: str) -> bool:
    """Tell whether a draft is still there; it is gone once it was sent, published or deleted. Raises WeChatError."""
    try:
        permitted("draft").client.read("draft/get", data={"media_id": media_id})
    except InvalidArgument as error:
        if error.errcode == NO_SUCH_MEDIA:
            return False
        raise
    return True


def delete_draft(media_id: str) -> None:
    """Delete a draft; one that is gone already stays so. Raises WeChatError."""
    try:
        permitted("draft").client.write("draft/delete", {"media_id": media_id})
    except InvalidArgument as error:
        if error.errcode != NO_SUCH_MEDIA:
            raise


def fingerprint(articles: Iterable[Mapping[str, Any]]) -> str:
    """Return what articles are known by in the platform's lists, which leave their content out."""
    told = [[str(article.get(name) or "") for name in _TOLD_BY] for article in articles]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()


def latest_with(
    account: Account, path: str, wanted: str, since: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """Look among the latest drafts or publications for the one of a fingerprint that is not older than `since`."""
    answer = account.client.read(path, data={"offset": 0, "count": LATEST_LOOKED_AT, "no_content": 1})
    for item in answer.get("item") or ():
        articles = (item.get("content") or {}).get("news_item") or []
        recent = int(item.get("update_time") or 0) >= (since - CLOCKS_DIFFER).timestamp()
        if recent and fingerprint(articles) == wanted:
            return item, articles
    return None


def _check(article: NewsArticle, at: str, account: Account) -> None:
    limits = (
        ("title", "标题", article.title, TITLE_CHARACTERS),
        ("author", "作者", article.author, AUTHOR_CHARACTERS),
        ("digest", "摘要", article.digest, DIGEST_CHARACTERS),
    )
    for name, words, text, most in limits:
        if len(text) > most:
            raise InvalidInput(f"{words}最多{most}个字，现在有{len(text)}个。", field=f"{at}.{name}")
    needed = (("title", "标题", article.title), ("content", "正文", article.content), ("cover", "封面", article.cover))
    for name, words, text in needed:
        if not text.strip():
            raise InvalidInput(f"{words}不能空着。", field=f"{at}.{name}")
    if len(article.source_url.encode()) > SOURCE_BYTES:
        raise InvalidInput("“阅读原文”的网址不能超过1 KB。", field=f"{at}.source_url")
    _check_content(article.content, f"{at}.content", account)


def _check_content(content: str, field: str, account: Account) -> None:
    if len(content) >= CONTENT_CHARACTERS:
        raise InvalidInput(f"正文要少于20000个字符（包括格式），现在有{len(content)}个。", field=field)
    if len(content.encode()) >= CONTENT_BYTES:
        raise InvalidInput("正文要小于1 MB。", field=field)
    found = _Content()
    found.feed(content)
    found.close()
    if found.has_script:
        raise InvalidInput("正文里不能有脚本，微信会把它删掉。", field=field)
    own = (*PICTURE_HOSTS, f"{account.settings.wechat_mp_url.rstrip('/')}/mmbiz/")
    if not all(picture.startswith(own) for picture in found.pictures):
        raise InvalidInput("正文里的图片要先上传到微信，别处的图片会被删掉。", field=field)


def _written(article: NewsArticle) -> dict[str, Any]:
    return {
        "article_type": "news",
        "title": article.title,
        "author": article.author,
        "digest": article.digest,
        "content": article.content,
        "content_source_url": article.source_url,
        "thumb_media_id": article.cover,
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
    }


class _Content(HTMLParser):
    """The pictures of an article, and whether there is a script in it."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[str] = []
        self.has_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.has_script |= tag == "script" or any(name.startswith("on") for name, _ in attrs)
        for name, value in attrs:
            if tag == "img" and name in {"src", "data-src"}:
                self.pictures.append((value or "").strip())
            elif name == "style":
                self.pictures += _IN_STYLE.findall(value or "")
