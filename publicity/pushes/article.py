"""A notice as an article inside WeChat: its text with styles of its own, no links or pictures, cut where too long."""

from bisect import bisect_right
from collections.abc import Mapping
from html.parser import HTMLParser
from types import MappingProxyType

from markupsafe import escape

from publicity.notices.reading import NoticePage
from publicity.pushes.contents import Content
from wechat.sending.drafts import CONTENT_CHARACTERS

SPARE = 200
LONGEST = CONTENT_CHARACTERS - SPARE  # characters, formats included, of the whole article
_CUT = "（这里只有前一部分）全文请点“阅读原文”。"
_WHOLE = "全文和附件请点“阅读原文”。"
_FRAME = "font-size:16px;line-height:1.75;color:#1f2227"
_CELL = "border:1px solid #e4e5e8;padding:4px 6px"
_STYLES: Mapping[str, str] = MappingProxyType(
    {
        "p": "margin:0 0 12px",
        "h2": "margin:16px 0 8px;font-size:18px",
        "h3": "margin:12px 0 8px;font-size:16px",
        "ul": "margin:0 0 12px;padding-left:20px",
        "ol": "margin:0 0 12px;padding-left:20px",
        "li": "",
        "table": "width:100%;border-collapse:collapse;margin:0 0 12px",
        "thead": "",
        "tbody": "",
        "tfoot": "",
        "caption": "",
        "tr": "",
        "th": f"{_CELL};text-align:left",
        "td": _CELL,
        "strong": "",
        "em": "",
        "u": "",
        "br": "",
    }
)
_BLOCKS = frozenset({"p", "h2", "h3", "li", "tr", "ul", "ol", "caption", "table"})
_SILENT = frozenset({"script", "style", "title", "textarea", "iframe", "noscript", "template", "svg", "math"})
_SPANS = ("colspan", "rowspan")


def article_of(page: NoticePage, content: Content, site: str) -> str:
    """Return the HTML of the article that tells of a published notice, below 20,000 characters.

    A title that had to be shortened stands whole above the text. `site` is where the notice is reached, which readers
    may also type, for an article shows no link but 阅读原文.
    """
    full_title = page.version.title if content.get("title") != page.version.title else ""
    head = f'<h2 style="{_STYLES["h2"]}">{escape(full_title)}</h2>' if full_title else ""
    address = f'<p style="margin:0;color:#5c626d;word-break:break-all">{escape(site + page.head.path)}</p>'
    names = "".join(f'<p style="margin:0 0 4px">附件：{escape(one.filename)}</p>' for one in page.attachments)
    tail = names if len(names) < LONGEST // 4 else ""
    room = LONGEST - len(head) - len(tail) - len(address) - len(_CUT) - 200
    body, whole = _rewritten(str(page.body), room)
    closing = f'<p style="margin:12px 0 4px"><strong>{_WHOLE if whole else _CUT}</strong></p>'
    return f'<section style="{_FRAME}">{head}{body}{tail}{closing}{address}</section>'


def _rewritten(html: str, room: int) -> tuple[str, bool]:
    """Return the text within `room` characters, and whether it is all there."""
    writer = _Writer(room)
    writer.feed(html)
    writer.close()
    return writer.written()


class _Writer(HTMLParser):
    """Writes anew what an article may hold, whatever it is fed; full, it ends with the last block that fitted."""

    def __init__(self, room: int) -> None:
        super().__init__(convert_charrefs=True)
        self._room = room
        self._parts: list[str] = []
        self._length = 0
        self._open: list[str] = []
        self._silent = 0
        self._full = False
        self._fitted: tuple[int, int, tuple[str, ...]] = (0, 0, ())

    def written(self) -> tuple[str, bool]:
        if not self._full:
            return "".join(self._parts) + _closing(self._open), True
        parts, length, still_open = self._fitted
        if length < self._room // 2:
            parts, still_open = len(self._parts), tuple(self._open)
        return "".join(self._parts[:parts]) + _closing(still_open), False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        if tag not in _STYLES or self._silent:
            return
        style = f' style="{_STYLES[tag]}"' if _STYLES[tag] else ""
        if not self._write(f"<{tag}{style}{_spans(attrs)}>", len(f"</{tag}>")):
            return
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(self._silent - 1, 0)
        if self._full or self._silent or tag not in self._open:
            return
        while self._open:
            last = self._open.pop()
            self._parts.append(f"</{last}>")
            if last == tag:
                break
        if tag in _BLOCKS:
            self._fitted = len(self._parts), self._length, tuple(self._open)

    def handle_data(self, data: str) -> None:
        if self._silent or self._full:
            return
        text = str(escape(data))
        if self._write(text):
            return
        # A paragraph longer than everything that may be said: as much of it as there is room for.
        text = _as_much(data, max(self._room - self._length, 0))
        self._parts.append(text)
        self._length += len(text)

    def _write(self, text: str, more: int = 0) -> bool:
        """Write `text`, keeping room for `more` that will close it; or note that there is no room any more."""
        if self._full or self._length + len(text) + more > self._room:
            self._full = True
            return False
        self._parts.append(text)
        self._length += len(text) + more
        return True


def _as_much(data: str, room: int) -> str:
    """Return the beginning of `data`, escaped, in at most `room` characters."""
    letters = bisect_right(range(min(len(data), room) + 1), room, key=lambda count: len(escape(data[:count]))) - 1
    return str(escape(data[:letters]))


def _spans(attrs: list[tuple[str, str | None]]) -> str:
    """Return how many cells a cell takes; of all attributes nothing else is kept."""
    kept = ((name, value) for name, value in attrs if name in _SPANS and value and value.isascii() and value.isdigit())
    return "".join(f' {name}="{value}"' for name, value in kept if len(value) <= 2)


def _closing(tags: tuple[str, ...] | list[str]) -> str:
    return "".join(f"</{tag}>" for tag in reversed(tags))
