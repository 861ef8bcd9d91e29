"""Which acts of the trail somebody wants to see: pure, and as text that a job or a request can keep."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qsl, quote

from foundation.clock import SHANGHAI
from foundation.errors import InvalidInput
from staff.acts import words_of
from staff.audit.wording import kind_words, result_words

ANY_OF = ".*"
"""After the kind of an act: all acts of that kind."""

EVERYTHING = "all"
SHORTEST_TEXT = 2  # characters; by a single one nothing is found quickly
LONGEST_TEXT = 60
_SPECIAL = re.compile(r"[^\w\-.:]")
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen; what is empty chooses nothing. Days are days of Asia/Shanghai, as typed: 2026-04-25."""

    person: str = ""
    act: str = ""
    result: str = ""
    since: str = ""
    until: str = ""
    text: str = ""

    @property
    def kind(self) -> str:
        """The kind of act, where all of a kind are chosen."""
        return self.act.removesuffix(ANY_OF) if self.act.endswith(ANY_OF) else ""

    @property
    def begins(self) -> datetime | None:
        return _midnight(_day(self.since, "since"))

    @property
    def ends(self) -> datetime | None:
        """The moment from which on nothing is chosen any more."""
        day = _day(self.until, "until")
        return None if day is None else _midnight(day + timedelta(days=1))

    @property
    def given(self) -> dict[str, str]:
        """What is not empty, by its name."""
        return {name: value for name, value in asdict(self).items() if value}


def check_choice(choice: Choice) -> None:
    """Raise InvalidInput with its field: a day that is none, days the wrong way round, a text that cannot be sought."""
    begins, ends = choice.begins, choice.ends
    if begins and ends and begins >= ends:
        raise InvalidInput("截止日期不能早于开始日期。", field="until")
    if choice.text and not SHORTEST_TEXT <= len(choice.text) <= LONGEST_TEXT:
        raise InvalidInput(f"请写{SHORTEST_TEXT}到{LONGEST_TEXT}个字。", field="text")
    if not choice.text.isprintable():
        raise InvalidInput("含有不能查找的字符，请重新填写。", field="text")


def written(choice: Choice) -> str:
    """Write a choice so that `read_choice` gives it back and a person can read it: person=jingban&text=示例"""
    return "&".join(f"{name}={_SPECIAL.sub(_quoted, value)}" for name, value in choice.given.items()) or EVERYTHING


def read_choice(text: str) -> Choice:
    return Choice() if text == EVERYTHING else Choice(**dict(parse_qsl(text, strict_parsing=True)))


def in_words(choice: Choice, people: Mapping[str, str]) -> str:
    """Say what was chosen; `people` are display names by account names."""
    days = f"{choice.since or '最早'}至{choice.until or '最近'}" if choice.since or choice.until else ""
    act = f"{kind_words(choice.kind)}类" if choice.kind else words_of(choice.act) if choice.act else ""
    text = f"对象含“{choice.text}”" if choice.text else ""
    result = result_words(choice.result) if choice.result else ""
    parts = (days, people.get(choice.person, choice.person), act, result, text)
    return "，".join(part for part in parts if part) or "全部"


def _quoted(found: re.Match[str]) -> str:
    return quote(found[0], safe="")


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("请写成2026-04-25这样的日期。", field=field) from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise InvalidInput(f"年份请写{_FIRST_YEAR}到{_LAST_YEAR}。", field=field)
    return day


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
