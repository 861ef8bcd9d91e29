"""What the account says by itself: a welcome, and help where no room has an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import Flask, current_app

from wechat.account import current_account
from wechat.messages import Push, TextReply

MOST_CHARACTERS = 600
_OFFERS = "wechat_offers"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word to send to the account, and in a few words what comes of it."""

    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Way:
    """Something that is on now: what it is called and its path on the site."""

    title: str
    path: str


@dataclass(slots=True)
class Offers:
    """What the rooms have to offer in the chat, in the order in which the factory connected them."""

    greeting: str = "您好，欢迎关注。"
    keywords: list[Keyword] = field(default_factory=list)
    ways: list[Callable[[], Sequence[Way]]] = field(default_factory=list)


def init_offers(app: Flask) -> None:
    app.extensions[_OFFERS] = Offers()


def set_greeting(app: Flask, greeting: str) -> None:
    """Begin the welcome with `greeting`."""
    _offers(app).greeting = greeting


def offer_keyword(app: Flask, word: str, meaning: str) -> None:
    """Name `word` in the help text and on the page for accounts without sign-in."""
    _offers(app).keywords.append(Keyword(word, meaning))


def offer_ways(app: Flask, ways: Callable[[], Sequence[Way]]) -> None:
    """Have `ways` asked, at every welcome, what is on now."""
    _offers(app).ways.append(ways)


def keywords() -> tuple[Keyword, ...]:
    return tuple(_offers(current_app).keywords)


def greet(push: Push) -> TextReply | None:
    """Welcome whoever begins to follow, or comes again through a QR code, with the ways to what is on now."""
    if push.kind != "event" or push.event not in ("subscribe", "SCAN"):
        return None
    offers, site = _offers(current_app), current_account().site
    ways = [f"{way.title}\n{site}{way.path}" for ask in offers.ways for way in ask()]
    return TextReply(_fitting([offers.greeting, *ways, *_help_lines()]))


def help_out(push: Push) -> TextReply | None:
    """Tell whoever wrote or pressed something that no room understands which words there are."""
    if push.kind == "event" and push.event != "CLICK":
        return None
    return TextReply(_fitting(_help_lines() or ["请点公众号底部的菜单进入。"]))


def _help_lines() -> list[str]:
    lines = [f"回复“{keyword.word}”：{keyword.meaning}" for keyword in keywords()]
    return ["可以回复下面的词，也可以点底部的菜单。", *lines] if lines else []


def _fitting(lines: Sequence[str]) -> str:
    """Join as many whole lines as 600 characters hold."""
    kept = ""
    for line in lines:
        longer = f"{kept}\n{line}" if kept else line[:MOST_CHARACTERS]
        if len(longer) > MOST_CHARACTERS:
            break
        kept = longer
    return kept


def _offers(app: Flask) -> Offers:
    offers: Offers = app.extensions[_OFFERS]
    return offers
