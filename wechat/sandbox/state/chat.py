"""What stands in a chat: its lines, and for every push to the backend what came of it."""

import re
from dataclasses import dataclass
from typing import Literal

Speaker = Literal["follower", "account", "system"]
Via = Literal["chat", "passive", "custom", "notice", "mass", "preview", "template", "once", "subscription", "menu"]
Outcome = Literal["success", "empty", "message", "malformed", "unanswered"]
Trouble = Literal["timeout", "connection"]

# An anchor as an account may write it into a text, or a bare address up to the first character that cannot be in one.
LINK = re.compile(
    r"""<a\s[^<>]*?href\s*=\s*(["'])(?P<href>.*?)\1[^<>]*>(?P<label>.*?)</a\s*>"""
    r"""|(?P<bare>https?://[\w\-.~:/?#\[\]@!$&'()*+,;=%]+(?<![.,;:!?']))""",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Article:
    """One item of a news message."""

    title: str
    description: str
    picture_url: str
    url: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A template or subscription message as a card: a title, rows of name and value, and where it leads."""

    template_id: str
    title: str
    rows: tuple[tuple[str, str], ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What one message shows: a text, articles, a card, or a picture by its address."""

    text: str = ""
    articles: tuple[Article, ...] = ()
    notice: Notice | None = None
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text in a bubble, with the address it opens or None."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One bubble or notice; at is clock seconds, via says by which way it came into the chat."""

    number: int
    at: float
    speaker: Speaker
    via: Via
    content: Content

    def segments(self) -> list[Segment]:
        """The text cut at its links: <a href> and bare addresses of an account's message, none in a follower's."""
        text = self.content.text
        return segments_of(text) if self.speaker == "account" else [Segment(text)]

    def links(self) -> list[str]:
        in_text = [segment.href for segment in self.segments() if segment.href]
        in_articles = [article.url for article in self.content.articles if article.url]
        notice = self.content.notice
        return in_text + in_articles + ([notice.url] if notice and notice.url else [])


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a push: the status of a whole answer, or None and why there is none."""

    timestamp: str
    nonce: str
    status: int | None
    trouble: Trouble | None = None
    tampering: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A push and its end; fault is a word for what was wrong, notes are what was put right silently."""

    kind: str
    event_key: str
    outcome: Outcome
    encrypted: bool
    fault: str | None
    notes: tuple[str, ...]
    attempts: tuple[Attempt, ...]


def segments_of(text: str) -> list[Segment]:
    """Cut a text as the client shows it; an anchor that leads elsewhere than to http(s) is only its label."""
    found: list[Segment] = []
    end = 0
    for match in LINK.finditer(text):
        if match.start() > end:
            found.append(Segment(text[end : match.start()]))
        found.append(_segment(match))
        end = match.end()
    return found + ([Segment(text[end:])] if end < len(text) else [])


def _segment(match: re.Match[str]) -> Segment:
    if match["bare"]:
        return Segment(match["bare"], match["bare"])
    href = match["href"].strip()
    return Segment(match["label"], href if href.lower().startswith(("http://", "https://")) else None)
