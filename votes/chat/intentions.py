"""What a voter means by a message, whatever is being voted on. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from votes.chat import words
from votes.chat.numbers import Step, in_one_width, read_number, read_steps

_PAGE = r"\s*第?\s*(?P<page>[0-9]{1,4}|[一二两三四五六七八九十百]{1,5})\s*页?"
_LIST_PAGE = re.compile(rf"(?:{'|'.join(sorted(words.LISTING, key=len, reverse=True))}){_PAGE}")
_BARE_PAGE = re.compile(r"第?\s*(?P<page>[0-9]{1,4}|[一二两三四五六七八九十百]{1,5})\s*页")
_SHOW_PAGE = re.compile(rf"{words.SHOW}{_PAGE}")
_ANSWERING = re.compile(r"(?:请)?(?:回复|发送)\s*[:：]?")
_START = re.compile(rf"{words.START}(?P<which>.*)", re.DOTALL)


class Wish(Enum):
    """What can be wished in a single word."""

    CONFIRM = auto()
    ALMOST_CONFIRM = auto()
    ANEW = auto()
    STOP = auto()
    NEXT = auto()
    BACK = auto()
    RULES = auto()
    EXPLAIN = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """Numbers to add and to take away, in this order."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ShowList:
    """A page of the candidates."""

    page: int


@dataclass(frozen=True, slots=True)
class ShowChoices:
    """What is chosen; from page 1 on name by name, at 0 as a whole."""

    page: int = 0


@dataclass(frozen=True, slots=True)
class Other:
    """Something else, perhaps a candidate's name."""

    text: str


Intention = Wish | Change | ShowList | ShowChoices | Other

_WISHES = {
    **dict.fromkeys(words.CONFIRMING, Wish.CONFIRM),
    **dict.fromkeys(words.ALMOST_CONFIRMING, Wish.ALMOST_CONFIRM),
    **dict.fromkeys(words.STARTING_ANEW, Wish.ANEW),
    **dict.fromkeys(words.STOPPING, Wish.STOP),
    **dict.fromkeys(words.NEXT_PAGE, Wish.NEXT),
    **dict.fromkeys(words.PAGE_BEFORE, Wish.BACK),
    **dict.fromkeys(words.RULE_WORDS, Wish.RULES),
    **dict.fromkeys(words.EXPLAINING, Wish.EXPLAIN),
}


def read_intention(text: str, award_names: Iterable[str] = ()) -> Intention:
    """Say what `text` means to somebody who is voting; the names of awards before numbers say nothing more."""
    asked = plain(text)
    word = "".join(asked.split())
    if word in _WISHES:
        return _WISHES[word]
    if word in words.SHOWING:
        return ShowChoices()
    if word in words.LISTING:
        return ShowList(1)
    return _read_page(asked) or _read_change(asked, award_names) or Other(asked)


def is_needed(word: str) -> bool:
    """Tell whether a vote under way cannot do without this word: a number, or one that the account tells voters."""
    asked = plain(word)
    return asked in words.CONFIRMING | words.TOLD or read_steps(asked) is not None


def asks_to_start(text: str) -> str | None:
    """Return which poll somebody wants to vote in who asks to vote in the chat, None for anything else."""
    found = _START.fullmatch(plain(text))
    return None if found is None else found["which"].strip()


def plain(text: str) -> str:
    """Return `text` in one width, without what is copied along: quotes and punctuation around it, “回复” before it."""
    trimmed = _trim(in_one_width(text))
    begun = _ANSWERING.match(trimmed)
    rest = _trim(trimmed[begun.end() :]) if begun else ""
    return rest or trimmed


def _read_page(asked: str) -> Intention | None:
    found = _LIST_PAGE.fullmatch(asked) or _BARE_PAGE.fullmatch(asked)
    if found:
        page = read_number(found["page"])
        return None if page is None else ShowList(page)
    found = _SHOW_PAGE.fullmatch(asked)
    page = read_number(found["page"]) if found else None
    return None if page is None else ShowChoices(page)


def _read_change(asked: str, award_names: Iterable[str]) -> Change | None:
    for name in sorted(award_names, key=len, reverse=True):
        asked = asked.replace(in_one_width(name), " ")
    steps = read_steps(asked)
    return Change(steps) if steps else None


def _trim(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_trim(text[start]):
        start += 1
    while start < end and _is_trim(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_trim(character: str) -> bool:
    """Tell whether a character around a message says nothing; a minus before a number might say something."""
    return character.isspace() or (character not in "-—–~" and unicodedata.category(character)[0] in "PZSC")
