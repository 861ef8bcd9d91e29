"""What the platform pushes: messages and events of a person, in the platform's XML."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.followers import Follower

# Kinds of message whose passive reply may hold one article only; events may get eight.
ONE_ARTICLE_KINDS = frozenset({"text", "image", "voice", "video", "location", "link"})


@dataclass(frozen=True)
class Incoming:
    """One message or event; however often it is pushed, its fields (MsgId, CreateTime) stay the same."""

    kind: str
    to: str
    openid: str
    fields: tuple[tuple[str, str | int], ...]
    event_key: str = ""

    @property
    def most_articles(self) -> int:
        return 1 if self.kind in ONE_ARTICLE_KINDS else 8

    def clear_fields(self) -> str:
        """The XML elements, without the root, so that compat mode can put Encrypt beside them."""
        common: tuple[tuple[str, str | int], ...] = (("ToUserName", self.to), ("FromUserName", self.openid))
        return "".join(element(name, value) for name, value in common + self.fields)


def text_message(config: SandboxConfig, follower: Follower, content: str) -> Incoming:
    fields = (
        ("CreateTime", int(config.clock())),
        ("MsgType", "text"),
        ("Content", content),
        # Random, because a counter would begin again after a restart and look like duplicates to the backend.
        ("MsgId", config.rng.randrange(10**18, 2**63)),
    )
    return Incoming("text", config.original_id, follower.openid, fields)


def event(config: SandboxConfig, follower: Follower, name: str, event_key: str = "", ticket: str = "") -> Incoming:
    """An event such as subscribe, CLICK, VIEW or SCAN; it has no MsgId."""
    fields: tuple[tuple[str, str | int], ...] = (
        ("CreateTime", int(config.clock())),
        ("MsgType", "event"),
        ("Event", name),
        ("EventKey", event_key),
    )
    return Incoming(
        name,
        config.original_id,
        follower.openid,
        fields + ((("Ticket", ticket),) if ticket else ()),
        event_key,
    )


def element(name: str, value: str | int) -> str:
    """One element as the platform writes it: numbers bare, text in CDATA unless it would end the CDATA."""
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    return f"<{name}>{escape(value)}</{name}>" if "]]>" in value else f"<{name}><![CDATA[{value}]]></{name}>"
