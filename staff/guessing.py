"""How soon a password is guessed: by lists of what leaked elsewhere, by patterns, and by the habits of this country.

The lists (30,000 passwords that leaked, words, names) and the estimate are zxcvbn's; the habits are ours: a name in
pinyin with a birthday, a mobile number, an ID number, words everybody here thinks of.
"""

import re
import tomllib
from pathlib import Path

from pypinyin import lazy_pinyin
from zxcvbn.matching import RANKED_DICTIONARIES, build_ranked_dict, omnimatch
from zxcvbn.scoring import most_guessable_match_sequence

ENOUGH_GUESSES = 10**10
"""What somebody with the stolen hashes needs years for, at argon2's price, is enough."""

_LONGEST_LOOKED_AT = 32  # characters; the time of the estimate grows with their square
_FEW_OTHERS = 10  # characters beside a name that do not make it hard to guess

_HABITS = tomllib.loads(Path(__file__).with_name("guessable.toml").read_text(encoding="utf-8"))
_SURNAMES = _HABITS["surnames"].split()
_INITIALS = "zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]"
_FINALS = (
    "iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui|un|uo|ve|a|e|i|o|u|v"
)
_NAME_IN_PINYIN = re.compile(
    rf"(?:{'|'.join(sorted(_SURNAMES, key=len, reverse=True))})(?:(?:{_INITIALS})?(?:{_FINALS})){{0,2}}"
)
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_IDENTITY = re.compile(r"[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9x]")
_LETTERS = re.compile(r"[^\W\d_]+")

_DICTIONARIES = {
    **RANKED_DICTIONARIES,
    "habits": build_ranked_dict(_HABITS["words"].split()),
    "surnames here": build_ranked_dict(_SURNAMES),
}


def is_soon_guessed(password: str) -> bool:
    """Tell whether fewer than 10 thousand million guesses lead to `password`, which is written in small letters."""
    if any(_is_little_more_than(found, password) for found in (_MOBILE, _IDENTITY)) or _is_name_and_figures(password):
        return True
    start = password[:_LONGEST_LOOKED_AT]
    estimate = most_guessable_match_sequence(start, omnimatch(start, _DICTIONARIES))
    return bool(estimate["guesses"] < ENOUGH_GUESSES)


def holds_name(password: str, name: str) -> bool:
    """Tell whether a name stands in `password`, as it is written or in pinyin; both are in small letters.

    A name of one or two Latin letters stands in too much by chance: then only what has no other letters is refused.
    """
    if not name:
        return False
    pinyin = "".join(lazy_pinyin(name)) if not name.isascii() else ""
    if len(pinyin) > 3 and pinyin in password:
        return True
    if len(name) > 2 or (len(name) == 2 and not name.isascii()):
        return name in password
    rest = password.replace(name, "")
    return rest != password and not _LETTERS.search(rest)


def _is_name_and_figures(password: str) -> bool:
    """Tell whether all letters together are one name in pinyin, with a birthday's worth of other characters."""
    letters = "".join(_LETTERS.findall(password))
    return bool(_NAME_IN_PINYIN.fullmatch(letters)) and len(password) - len(letters) <= _FEW_OTHERS


def _is_little_more_than(pattern: re.Pattern[str], password: str) -> bool:
    found = pattern.search(password)
    return found is not None and len(password) - len(found[0]) <= _FEW_OTHERS // 2
