"""What the account says by itself: a welcome, and help where no room has an answer."""

from collections.abc import Mapping, Sequence

from staff.options.acts import TEXTS
from staff.options.kinds import Paragraph
from staff.options.registry import DefaultFrom, Group, Preview, declare_option
from wechat.account import current_account
from wechat.keywords import HELP, listed_words
from wechat.links import MINUTES, way_in
from wechat.messages import Push, TextReply
from wechat.offers import Way, ways_now

MOST_CHARACTERS = 600
WITH_WORDS, WITHOUT_WORDS = "可以回复下面的词，也可以点底部的菜单。", "请点公众号底部的菜单进入。"
_BUBBLES = "wechat/options/_bubbles.html"


def greet(push: Push) -> TextReply | None:
    """Welcome whoever begins to follow, or comes again through a QR code, with the ways to what is on now."""
    if push.kind != "event" or push.event not in ("subscribe", "SCAN"):
        return None
    return TextReply(_welcome(GREETING.value(), push.openid))


def help_out(push: Push) -> TextReply | None:
    """Tell whoever asks, or wrote or pressed something that no room understands, which words there are."""
    if push.kind == "event" and push.event != "CLICK":
        return None
    return TextReply(_help(HELP_TEXT.value(), "" if push.asks_for == HELP else NOT_UNDERSTOOD.value()))


def _welcome(greeting: str, openid: str | None = None) -> str:
    """Write the welcome to this person, or to nobody in particular."""
    ways = [_way(way, openid) for way in ways_now()]
    return _fitting([greeting, *ways, *_help_lines(HELP_TEXT.value())])


def _way(way: Way, openid: str | None) -> str:
    account = current_account()
    if openid is None or not way.purpose:
        return f"{way.title}\n{account.site}{way.path}"
    hint = "" if account.may("oauth") else f"（链接{MINUTES}分钟内有效，只限您本人）"
    return f"{way.title}{hint}\n{way_in(openid, way.purpose, way.path, button=way.button)}"


def _help(opening: str, before: str = "") -> str:
    return _fitting([before, *_help_lines(opening)] if before else _help_lines(opening))


def _help_lines(opening: str) -> list[str]:
    return [opening, *(f"回复“{listed.word}”：{listed.meaning}" for listed in listed_words())]


def _fitting(lines: Sequence[str]) -> str:
    """Join as many whole lines as 600 characters hold."""
    kept = ""
    for line in lines:
        longer = f"{kept}\n{line}" if kept else line[:MOST_CHARACTERS]
        if len(longer) > MOST_CHARACTERS:
            break
        kept = longer
    return kept


def _opening() -> str:
    return WITH_WORDS if listed_words() else WITHOUT_WORDS


def _bubbles(*bubbles: tuple[str, str]) -> Mapping[str, object]:
    return {"bubbles": bubbles}


GREETING = declare_option(
    "wechat.greeting",
    "关注时的欢迎语",
    Paragraph(most=300),
    "您好，欢迎关注。",
    group=Group.TEXTS,
    act=TEXTS,
    hint="有人关注公众号或扫码进来时发出。后面自动接上正在进行的投票和帮助文字。",
    preview=Preview(_BUBBLES, lambda text: _bubbles(("event", "关注了公众号"), ("account", _welcome(text)))),
)
HELP_TEXT = declare_option(
    "wechat.help",
    "帮助文字的开头",
    Paragraph(most=200),
    DefaultFrom(_opening),
    group=Group.TEXTS,
    act=TEXTS,
    hint="有人发来“帮助”时发出。后面自动接上“关键词”里有说明的词，一行一个。",
    preview=Preview(_BUBBLES, lambda text: _bubbles(("reader", HELP), ("account", _help(text)))),
)
NOT_UNDERSTOOD = declare_option(
    "wechat.not_understood",
    "看不懂来信时的开头",
    Paragraph(most=200, required=False),
    "",
    group=Group.TEXTS,
    act=TEXTS,
    hint="有人发来系统看不懂的文字、图片时，先说这一段，再接上帮助文字。空着就只发帮助文字。",
    preview=Preview(
        _BUBBLES, lambda text: _bubbles(("reader", "今天天气怎么样"), ("account", _help(HELP_TEXT.value(), text)))
    ),
)
