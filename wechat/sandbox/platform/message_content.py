"""What a customer message or a mass message shows, read from the JSON that asks for it."""

from collections.abc import Callable, Mapping
from typing import Any

from wechat.sandbox.errors import ApiError
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.articles import Bundle
from wechat.sandbox.state.chat import Article, Content

TEXT_BYTES = 2048
MASS_TEXT_BYTES = 600 * 4
LABELS = {"voice": "[语音]", "video": "[视频]", "mpvideo": "[视频]", "music": "[音乐]", "wxcard": "[卡券]"}
PICTURE = "[图片]"
Body = Mapping[str, Any]


def read_customer_content(account: Account, body: Body) -> Content:
    """The content of a customer message; 40008 for a type there is not."""
    readers: dict[str, Callable[[Account, Body], Content]] = {
        "text": lambda _account, part: text_content(part, TEXT_BYTES),
        "image": _image,
        "voice": _sound,
        "video": _video,
        "music": lambda _account, _part: Content(LABELS["music"]),
        "news": _news,
        "mpnews": _published_news,
        "mpnewsarticle": _published_article,
        "msgmenu": _choices,
        "wxcard": lambda _account, _part: Content(LABELS["wxcard"]),
        "miniprogrampage": lambda _account, part: Content(f"[小程序] {part.get('title', '')}"),
    }
    kind = body.get("msgtype")
    if not isinstance(kind, str) or kind not in readers:
        raise ApiError(40008, "invalid message type")
    return readers[kind](account, _part(body, kind))


def read_mass_content(account: Account, body: Body, take: bool) -> Content:
    """The content of a mass message; with `take` a draft is used up by it, as when it is really sent."""
    kind = body.get("msgtype")
    if kind == "text":
        return text_content(_part(body, "text"), MASS_TEXT_BYTES)
    if kind == "mpnews":
        media_id = _part(body, "mpnews").get("media_id")
        return news_content(account.articles.take(media_id) if take else account.articles.draft(media_id))
    if kind in ("image", "images"):
        return _images(account, _part(body, kind))
    if kind == "voice":
        return _sound(account, _part(body, "voice"))
    if kind == "mpvideo":
        account.media.either(_part(body, "mpvideo").get("media_id"), "video")
        return Content(LABELS["mpvideo"])
    if kind == "wxcard":
        return Content(LABELS["wxcard"])
    raise ApiError(40008, "invalid message type")


def text_content(part: Body, most_bytes: int) -> Content:
    content = part.get("content")
    if not isinstance(content, str) or not content:
        raise ApiError(44004, "empty content")
    if len(content.encode()) > most_bytes:
        raise ApiError(45002, "content size out of limit")
    return Content(content)


def news_content(bundle: Bundle) -> Content:
    return Content(articles=tuple(Article(one.title, one.digest, "", one.url) for one in bundle.articles))


def _part(body: Body, kind: str) -> Body:
    part = body.get(kind)
    return part if isinstance(part, dict) else {}


def _image(account: Account, part: Body) -> Content:
    medium = account.media.either(part.get("media_id"), "image")
    return Content(PICTURE, picture=f"{account.mp_base}/media/{medium.media_id}")


def _images(account: Account, part: Body) -> Content:
    media_ids = part.get("media_ids") or [part.get("media_id")]
    shown = [_image(account, {"media_id": media_id}) for media_id in media_ids]
    return shown[0]


def _sound(account: Account, part: Body) -> Content:
    account.media.either(part.get("media_id"), "voice")
    return Content(LABELS["voice"])


def _video(account: Account, part: Body) -> Content:
    account.media.either(part.get("media_id"), "video")
    return Content(LABELS["video"])


def _news(_account: Account, part: Body) -> Content:
    articles = part.get("articles")
    if not isinstance(articles, list) or len(articles) != 1 or not isinstance(articles[0], dict):
        raise ApiError(45008, "article size out of limit")
    given = {name: str(articles[0].get(name) or "") for name in ("title", "description", "picurl", "url")}
    if given["url"] and not given["url"].startswith(("http://", "https://")):
        raise ApiError(40039, "invalid url size")
    return Content(articles=(Article(given["title"], given["description"], given["picurl"], given["url"]),))


def _published_news(account: Account, part: Body) -> Content:
    return news_content(account.articles.draft(part.get("media_id")))


def _published_article(account: Account, part: Body) -> Content:
    return news_content(account.articles.by_article_id(part.get("article_id")).bundle)


def _choices(_account: Account, part: Body) -> Content:
    given = part.get("list")
    options = [option for option in given if isinstance(option, dict)] if isinstance(given, list) else []
    if not options:
        raise ApiError(44004, "empty content")
    lines = [part.get("head_content", ""), *(str(option.get("content", "")) for option in options)]
    return Content("\n".join(line for line in [*lines, part.get("tail_content", "")] if line))
