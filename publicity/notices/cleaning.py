"""Rich text cleaned by an allowlist: what is not allowed goes, the words that were typed stay."""

import re
from html.parser import HTMLParser
from urllib.parse import quote

import nh3

from foundation.errors import InvalidInput
from publicity.notices.wording import LIST

LONGEST = 100_000  # characters of HTML
BLOCKS = frozenset({"p", "h2", "h3", "ul", "ol", "li", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"})
INLINE = frozenset({"br", "strong", "em", "u", "a"})
TAGS = BLOCKS | INLINE
_SPANS = {"colspan", "rowspan"}
ATTRIBUTES = {"a": {"href"}, "th": _SPANS, "td": _SPANS}
REL = "noopener noreferrer nofollow"

# What Word and browsers write for the same thing; the cleaner that follows knows nothing of them and would join lines.
_SAME = {
    "b": "strong",
    "i": "em",
    "h1": "h2",
    "h4": "h3",
    "h5": "h3",
    "h6": "h3",
    **dict.fromkeys(
        ("div", "section", "article", "header", "footer", "center", "blockquote", "pre", "address", "dd", "dt"), "p"
    ),
}
_TAG_NAME = re.compile(rf"<(/?)({'|'.join(sorted(_SAME, key=len, reverse=True))})(?=[\s/>])", re.IGNORECASE)
_SAFE_IN_ADDRESS = "/:?#[]@!$&()*+,;=%~-._"
_MOST_ROUNDS = 5
_MARKUP = re.compile(r"<[a-zA-Z/!?]")
_TOKENS = re.compile(r"<(?P<end>/?)(?P<tag>[a-z0-9]+)[^<>]*>|[^<]+")
_MAY_GO = frozenset({"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "u", "a"})
_BETWEEN_BLOCKS = re.compile(rf"\s*(</?(?:{'|'.join(sorted(BLOCKS))})(?: [^<>]*)?>)\s*")
_LEADS_NOWHERE = re.compile(rf'<a(?: rel="{REL}")?>(.*?)</a>', re.DOTALL)
_A_BLOCK = re.compile(rf"<(?:{'|'.join(sorted(BLOCKS))})[ >]")
_LIST_ALONE = re.compile(rf"<(p|h2|h3)>((?:<(?:strong|em|u)>|\s|<br>)*){LIST}((?:</(?:strong|em|u)>|\s|<br>)*)</\1>")


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "rel":
        return REL
    if name == "href":
        return quote(value.strip(), safe=_SAFE_IN_ADDRESS)
    return value if value.isascii() and value.isdigit() and 0 < len(value) <= 3 else None


_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style"},
    attributes=ATTRIBUTES,
    attribute_filter=_attribute,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel=REL,
)


def clean_body(typed: str) -> str:
    """Return what was typed or pasted as HTML of a few tags; text without any tag becomes a paragraph a line.

    Cleaning what is clean changes nothing. Raises InvalidInput for the field `body` where it is too long.
    """
    if len(typed) > LONGEST:
        raise InvalidInput(f"正文太长，最多{LONGEST:,}个字符。", field="body")
    plain = typed.replace("\r\n", "\n").replace("\x00", "").replace("\ufeff", "").strip()
    html = plain if _MARKUP.search(plain) else _as_paragraphs(plain)
    html, before = _TAG_NAME.sub(lambda tag: f"<{tag[1]}{_SAME[tag[2].lower()]}", html), None
    for _ in range(_MOST_ROUNDS):
        if html == before:
            break
        before, html = html, _tidy(_CLEANER.clean(html))  # what was tidied may read otherwise, once or twice
    return html


def paragraphs_of(body: str) -> tuple[str, ...]:
    """Return the words of a cleaned text, a line for each paragraph, heading, item or row of a table."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    return reader.paragraphs()


def is_same_text(one: str, other: str) -> bool:
    """Tell whether two cleaned texts are one, whatever an editor made of the blanks between."""
    return _without_blanks(one) == _without_blanks(other)


class _Reader(HTMLParser):
    """Collects the words of a cleaned text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in {"td", "th"}:
            self._lines[-1] += " "
        elif tag in BLOCKS or tag == "br":
            self._lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS - {"td", "th"}:
            self._lines.append("")

    def handle_data(self, data: str) -> None:
        self._lines[-1] += data

    def paragraphs(self) -> tuple[str, ...]:
        return tuple(line for raw in self._lines if (line := " ".join(raw.split(" ")).strip()))


def _as_paragraphs(text: str) -> str:
    """Return lines as paragraphs; an entity stays one, for an editor writes them where no tag is."""
    escaped = text.replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"<p>{line}</p>" for raw in escaped.split("\n") if (line := raw.strip()))


def _tidy(html: str) -> str:
    """Take out what is empty, and put the list into a paragraph of its own where nothing else stood beside it."""
    html = _BETWEEN_BLOCKS.sub(r"\1", _without_empty(_LEADS_NOWHERE.sub(r"\1", html))).strip()
    if html and not _A_BLOCK.search(html):
        html = f"<p>{html}</p>"
    return _LIST_ALONE.sub(f"<p>{LIST}</p>", html)


def _without_empty(html: str) -> str:
    """Take out the elements that have nothing in them but blanks, line breaks and others like them, in one pass."""
    out: list[str] = []
    open_at: list[int] = []
    filled = [True]
    for token in _TOKENS.finditer(html):
        if token["tag"] is None:
            filled[-1] = filled[-1] or bool(token[0].replace("&nbsp;", "").strip())
        elif not token["end"] and token["tag"] != "br":
            open_at.append(len(out))
            filled.append(False)
        if token["end"] and open_at:
            start, is_filled = open_at.pop(), filled.pop()
            if token["tag"] in _MAY_GO and not is_filled:
                del out[start:]
                continue
            filled[-1] = True
        out.append(token[0])
    return "".join(out)


def _without_blanks(html: str) -> str:
    return re.sub(r"\s+", "", html.replace("&nbsp;", " ").replace("\u00a0", " "))
