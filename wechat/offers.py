"""What the rooms have to offer in the chat: words they answer, and ways to what is on now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import Flask, current_app

_OFFERS = "wechat_offers"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word that a room answers, in a few words what comes of it, and what has to be written after the word.

    One that `leads_in` is answered with a way in for whoever asks, or needs none.
    """

    word: str
    meaning: str
    follow: str = ""
    leads_in: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """Something that is on now: what it is called and its path on the site.

    Where it has a `purpose`, it is opened signed in for that, by a button named `button` where that takes a page.
    """

    title: str
    path: str
    purpose: str = ""
    button: str = "进入"


@dataclass(slots=True)
class Offers:
    """All offers, in the order in which the factory connected the rooms."""

    keywords: list[Keyword] = field(default_factory=list)
    ways: list[Callable[[], Sequence[Way]]] = field(default_factory=list)
    needed: list[Callable[[str], bool]] = field(default_factory=list)


def init_offers(app: Flask) -> None:
    app.extensions[_OFFERS] = Offers()


def offer_keyword(app: Flask, word: str, meaning: str, *, follow: str = "", leads_in: bool = False) -> None:
    """Offer a word that a handler of the room answers; `follow` names what is written after it, if anything.

    `leads_in` has the word named to readers who come to a page that has to know them, and does not.
    """
    _offers(app).keywords.append(Keyword(word, meaning, follow, leads_in))


def offer_ways(app: Flask, ways: Callable[[], Sequence[Way]]) -> None:
    """Have `ways` asked, at every welcome, what is on now."""
    _offers(app).ways.append(ways)


def reserve_words(app: Flask, needed: Callable[[str], bool]) -> None:
    """Keep the words of which `needed` says so from staff's own replies: a conversation of the room goes by them."""
    _offers(app).needed.append(needed)


def is_reserved(word: str) -> bool:
    return any(needed(word) for needed in _offers(current_app).needed)


def offered_keywords() -> tuple[Keyword, ...]:
    return tuple(_offers(current_app).keywords)


def ways_now() -> tuple[Way, ...]:
    """Ask the rooms what is on now."""
    return tuple(way for ask in _offers(current_app).ways for way in ask())


def _offers(app: Flask) -> Offers:
    offers: Offers = app.extensions[_OFFERS]
    return offers
