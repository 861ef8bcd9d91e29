"""Numbers as people write them: “3 5 12”, “3、5，12”, “３ ５”, “选3和5”, “3到6”, “加七去五”. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from votes.chat.words import ADDING_VERBS, REMOVING_VERBS

_HAN_DIGITS = {name: value for value, name in enumerate("零一二三四五六七八九")} | {"两": 2}
_HAN_NUMBER = re.compile(
    r"(?:(?P<thousands>[一二两三四五六七八九])千)?"
    r"(?:(?P<hundreds>[一二两三四五六七八九])百)?"
    r"(?P<gap>[零〇])?"
    r"(?:(?P<tens>[一二三四五六七八九])?(?P<ten>十))?"
    r"(?P<ones>[一二三四五六七八九])?"
)


def _any_of(words: tuple[str, ...]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


# Tried in this order at every place: a range takes the blanks around it before they can separate.
_TOKEN = re.compile(
    rf"(?P<remove>{_any_of(REMOVING_VERBS)})"
    rf"|(?P<add>{_any_of(ADDING_VERBS)})"
    r"|(?P<number>(?:(?:第|编号)\s*)?(?:[0-9]{1,12}|[零〇一二两三四五六七八九十百千]+)(?:\s*号|(?![0-9个名位人票])))"
    r"|(?P<range>\s*(?:[-~—–−―‐〜]+|到|至)\s*)"
    r"|(?P<end>(?:吧|了|啦|哦|谢谢)+\s*$)"
    r"|(?P<between>[\s,、。.;:/|+&·和与及跟同]+)"
)

_BLANKS = re.compile(" {2,}")
_LEADING_VERB = re.compile(rf"^\s*(?:{_any_of(ADDING_VERBS)})")


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers from `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Step:
    """Numbers to add to what is chosen, or to take away from it."""

    adds: bool
    span: Span


def read_steps(text: str) -> tuple[Step, ...] | None:
    """Read what shall be added and taken away, in the order written; None for anything that is not only that."""
    tokens = _tokens(in_one_width(text))
    return None if tokens is None else _steps(tokens)


def in_one_width(text: str) -> str:
    """Return `text` in the usual width and in small letters; numbers in circles keep apart, for ①③ are not 13."""
    apart = "".join(f" {letter} " if unicodedata.category(letter) == "No" else letter for letter in text)
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", apart).casefold())


def words_in(text: str) -> tuple[str, ...]:
    """Return what could be names in a text: the whole of it, and its parts, without the verb before it."""
    whole = _LEADING_VERB.sub("", in_one_width(text), count=1).strip()
    return tuple(dict.fromkeys([whole, *(word for word in re.split(r"[\s,、，。;；]+", whole) if word)]))


def read_number(text: str) -> int | None:
    """Read one number in digits or in Chinese numerals; None for anything else."""
    plain = in_one_width(text).strip()
    plain = plain.removeprefix("编号").removeprefix("第").removesuffix("号").strip()
    if plain.isascii() and plain.isdigit() and len(plain) <= 12:
        return int(plain)
    return _read_han(plain)


def _tokens(text: str) -> list[tuple[str, str]] | None:
    found, at = [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            return None
        found.append((token.lastgroup, token.group()))
        at = token.end()
    return found


def _steps(tokens: list[tuple[str, str]]) -> tuple[Step, ...] | None:
    """Put the tokens together; None where a range lacks an end or has three, or a verb has nothing to act on."""
    steps: list[Step] = []
    adds, before = True, ""
    for kind, written in [*tokens, ("end", "")]:
        if not _may_follow(kind, before):
            return None
        if kind == "number":
            number = read_number(written)
            if number is None:
                return None
            steps.append(_through(steps.pop(), number) if before == "range" else Step(adds, Span(number, number)))
            kind = _kind_of_number(written, before)  # noqa: PLW2901
        elif kind in ("add", "remove"):
            adds = kind == "add"
        before = kind if kind != "between" or before not in ("add", "remove") else before
    return tuple(steps) or None


def _may_follow(kind: str, before: str) -> bool:
    """Tell what may stand where: “3-5-12” could be three numbers or two ranges, so it is neither."""
    if kind == "number":
        return before not in ("number", "ranged")
    if before in ("add", "remove", "range"):
        return kind == before or (kind == "between" and before != "range")
    return kind != "range" or before in ("number", "number号")


def _kind_of_number(written: str, before: str) -> str:
    """A number with 号 behind it needs nothing else to keep it from the next; a range is complete with its end."""
    if before == "range":
        return "ranged号" if written.endswith("号") else "ranged"
    return "number号" if written.endswith("号") else "number"


def _through(begun: Step, number: int) -> Step:
    first = begun.span.first
    return Step(begun.adds, Span(min(first, number), max(first, number)))


def _read_han(text: str) -> int | None:
    found = _HAN_NUMBER.fullmatch(text)
    if not text or found is None:
        return None
    digits = dict(_digits(found))
    value = sum(digits.values())
    return value if value and text in _han_spellings(value) else None


def _digits(found: re.Match[str]) -> Iterator[tuple[str, int]]:
    for name, worth in (("thousands", 1000), ("hundreds", 100), ("tens", 10), ("ones", 1)):
        if found[name]:
            yield name, _HAN_DIGITS[found[name]] * worth
    if found["ten"] and not found["tens"]:
        yield "tens", 10


def _han_spellings(value: int) -> frozenset[str]:
    """Return how a number below ten thousand is written, so that “二百五” is not read as 205."""
    written = write_han(value)
    short = written.removeprefix("一") if 10 <= value < 20 else written
    both = {written, short}
    both |= {word.replace("零", "〇") for word in both}
    return frozenset(both | {word.replace("二百", "两百").replace("二千", "两千") for word in both})


def write_han(value: int) -> str:
    """Write a number from 1 to 9999 in Chinese numerals: 一百零五."""
    names = "零一二三四五六七八九"
    parts, gap = "", False
    for worth, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // worth % 10
        if digit:
            parts += ("零" if gap and parts else "") + names[digit] + unit
        gap = not digit
    return parts
