"""What comes in a push and what may go back, and their XML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from wechat.errors import MalformedPush
from wechat.job_events import News, read_news

TEXT_BYTES = 2048
MOST_ARTICLES = 8
_LATEST = 4_102_444_800  # 2100-01-01
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WHOLE = re.compile(r"[0-9]{1,20}")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Push:
    """A message or an event of one person, as the platform signed it.

    `kind` is the platform's MsgType ("text", "event", "image", …), `event` its Event in the platform's spelling
    ("subscribe", "SCAN", "CLICK", …), `sent_at` its CreateTime, `number` its MsgId where it has one. `news` is what an
    event of the platform's own says: how a job ended, what somebody said to subscriptions.
    """

    kind: str
    openid: str
    account: str
    sent_at: datetime
    text: str = ""
    event: str = ""
    event_key: str = ""
    number: str = ""
    news: News | None = None

    @property
    def asks_for(self) -> str:
        """What the person wants, in one word: the text they wrote, or the key of the menu button they pressed."""
        if self.kind == "text":
            return self.text.strip()
        return self.event_key if self.event == "CLICK" else ""

    @property
    def scene(self) -> str:
        """The scene of the QR code through which they came, or nothing."""
        if self.event == "subscribe" and self.event_key.startswith("qrscene_"):
            return self.event_key.removeprefix("qrscene_")
        return self.event_key if self.event == "SCAN" else ""

    @property
    def may_be_answered(self) -> bool:
        """Whether somebody is there who reads an answer: nobody after leaving, nor where the platform speaks."""
        return self.event != "unsubscribe" and self.news is None


@dataclass(frozen=True, slots=True)
class TextReply:
    """Words that the chat shows; what is longer than 2048 bytes is cut."""

    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """A card that opens `url`; `picture` is an address too, or empty."""

    title: str
    description: str
    url: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class NewsReply:
    """Cards; in answer to anything but an event the platform takes only one, so several become lines of text."""

    articles: tuple[Article, ...]


Reply = TextReply | NewsReply


def parse_xml(body: bytes) -> Element:
    """Read the platform's XML; raises MalformedPush for anything else, and for DTDs and entities."""
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):
        raise MalformedPush("这不是可以读的 XML。") from None
    if root.tag != "xml":
        raise MalformedPush("这不是平台推送的 XML。")
    return root


def read_push(root: Element) -> Push:
    """Return what `root` says; raises MalformedPush where a field that every push has is missing or odd."""
    kind, openid, created = field(root, "MsgType"), field(root, "FromUserName"), field(root, "CreateTime")
    if not kind or not _OPENID.fullmatch(openid) or not _WHOLE.fullmatch(created) or int(created) > _LATEST:
        raise MalformedPush("推送缺少 MsgType、FromUserName 或 CreateTime。")
    event = field(root, "Event") if kind == "event" else ""
    news = read_news(event, root)
    number = field(root, "MsgId") or field(root, "MsgID")
    return Push(
        kind=kind,
        openid=openid,
        account=field(root, "ToUserName"),
        sent_at=datetime.fromtimestamp(int(created), UTC),
        text=root.findtext("Content") or "",
        event=event,
        event_key=field(root, "EventKey"),
        number=number if _WHOLE.fullmatch(number) else "",
        news=news,
    )


def field(root: Element, name: str) -> str:
    return (root.findtext(name) or "").strip()


def render(reply: Reply, push: Push, at: int) -> str:
    """Write `reply` to whoever sent `push`, from the account they sent it to; `at` is in epoch seconds."""
    if isinstance(reply, NewsReply) and len(reply.articles) > 1 and push.kind != "event":
        reply = TextReply("\n".join(f"{article.title}\n{article.url}" for article in reply.articles))
    if isinstance(reply, TextReply):
        kind, content = "text", element("Content", shorten(reply.text, TEXT_BYTES))
    else:
        kind, content = "news", _news(reply.articles[:MOST_ARTICLES])
    frame = element("ToUserName", push.openid) + element("FromUserName", push.account)
    return f"<xml>{frame}<CreateTime>{at}</CreateTime>{element('MsgType', kind)}{content}</xml>"


def element(name: str, text: str) -> str:
    """Write one element; whatever `text` holds stays text, and what XML cannot hold is left out."""
    safe = _NOT_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{safe}]]></{name}>"


def shorten(text: str, most: int) -> str:
    """Cut `text` to `most` bytes of UTF-8, between characters, with an ellipsis where it was cut."""
    raw = text.encode(errors="ignore")
    if len(raw) <= most:
        return text
    ellipsis = "…"
    return raw[: most - len(ellipsis.encode())].decode(errors="ignore") + ellipsis


def joined(parts: Sequence[str], more: str = "") -> str:
    """Join as many whole parts as one message holds, for half an address leads nowhere.

    Where some are left out, `more` takes their place.
    """
    kept = list(parts)
    said = "\n\n".join(kept)
    while len(said.encode()) > TEXT_BYTES:
        kept.pop()
        said = "\n\n".join([*kept, more] if more else kept)
    return said


def _news(articles: tuple[Article, ...]) -> str:
    return f"<ArticleCount>{len(articles)}</ArticleCount><Articles>{''.join(map(_item, articles))}</Articles>"


def _item(article: Article) -> str:
    fields = element("Title", article.title) + element("Description", article.description)
    return f"<item>{fields}{element('PicUrl', article.picture)}{element('Url', article.url)}</item>"
