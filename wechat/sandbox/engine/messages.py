"""What the platform pushes for a person: messages and events, in the platform's XML."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from wechat.sandbox.clock import PlatformClock
from wechat.sandbox.config import SandboxConfig

# Kinds of message whose passive reply may hold one article only; events may get eight.
ONE_ARTICLE_KINDS = frozenset({"text", "image", "voice", "video", "shortvideo", "location", "link"})

MESSAGE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "text": ("Content",),
    "image": ("PicUrl", "MediaId"),
    "voice": ("MediaId", "Format", "Recognition"),
    "video": ("MediaId", "ThumbMediaId"),
    "shortvideo": ("MediaId", "ThumbMediaId"),
    "location": ("Location_X", "Location_Y", "Scale", "Label"),
    "link": ("Title", "Description", "Url"),
}

Value = str | int | tuple["Field", ...]
Field = tuple[str, Value]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message or event; however often it is pushed, its fields (MsgId, CreateTime) stay the same."""

    kind: str
    to: str
    openid: str
    fields: tuple[Field, ...]
    event_key: str = ""

    @property
    def most_articles(self) -> int:
        return 1 if self.kind in ONE_ARTICLE_KINDS else 8

    def all_fields(self) -> tuple[Field, ...]:
        return (("ToUserName", self.to), ("FromUserName", self.openid), *self.fields)

    def clear_fields(self) -> str:
        """The XML elements, without the root, so that compat mode can put Encrypt beside them."""
        return elements(self.all_fields())


def message(
    config: SandboxConfig, clock: PlatformClock, openid: str, kind: str, given: Mapping[str, str | int]
) -> Incoming:
    """A message of one of the kinds of MESSAGE_FIELDS, with the fields that are given."""
    fields: tuple[Field, ...] = (
        ("CreateTime", int(clock())),
        ("MsgType", kind),
        *((name, given[name]) for name in (*MESSAGE_FIELDS[kind], "bizmsgmenuid") if name in given),
        # Random, because a counter would begin again after a restart and look like duplicates to the backend.
        ("MsgId", config.rng.randrange(10**18, 2**63)),
    )
    return Incoming(kind, config.original_id, openid, fields)


def event(  # noqa: PLR0917  # in the order in which the platform writes them
    config: SandboxConfig,
    clock: PlatformClock,
    openid: str,
    name: str,
    event_key: str | None = "",
    more: Iterable[Field] = (),
) -> Incoming:
    """An event such as subscribe, CLICK, VIEW or SCAN; it has no MsgId, and with event_key None no EventKey."""
    fields: tuple[Field, ...] = (
        ("CreateTime", int(clock())),
        ("MsgType", "event"),
        ("Event", name),
        *((("EventKey", event_key),) if event_key is not None else ()),
        *more,
    )
    return Incoming(name, config.original_id, openid, fields, event_key or "")


def elements(fields: Iterable[Field]) -> str:
    return "".join(element(name, value) for name, value in fields)


def element(name: str, value: Value) -> str:
    """One element as the platform writes it: numbers bare, text in CDATA unless it would end the CDATA."""
    if isinstance(value, tuple):
        return f"<{name}>{elements(value)}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    return f"<{name}>{escape(value)}</{name}>" if "]]>" in value else f"<{name}><![CDATA[{value}]]></{name}>"
