"""The kinds of value an option has: as typed into a form, as it rests in JSON, as a person reads it; pure."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Generic, TypeVar

from foundation.clock import show_day
from staff.options.errors import InvalidOption, Unusable

T = TypeVar("T")
Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
Cells = Mapping[str, str]
Typed = tuple[Cells, ...]
"""What a form holds: a row of cells by name for each row of a table, for any other kind one row with its VALUE."""

VALUE = "value"
MOST_DIGITS = 9


class Kind(ABC, Generic[T]):
    """What an option needs to know of its values; `control` names how forms show it."""

    control: ClassVar[str]

    @abstractmethod
    def show(self, value: T) -> Typed:
        """Return what a form holds for `value`."""

    @abstractmethod
    def understand(self, typed: Typed, words: str) -> T:
        """Return what was typed as a value; raises InvalidOption, whose sentences call the option `words`."""

    @abstractmethod
    def to_json(self, value: T) -> Json:
        """Return `value` as it rests."""

    @abstractmethod
    def from_json(self, json: Json) -> T:
        """Return what rests as a value; raises ValueError where it is of another shape."""

    @abstractmethod
    def lines(self, value: T) -> tuple[str, ...]:
        """Return how a person reads `value`, line by line."""

    def brief(self, value: T) -> str:
        """Return the gist of `value` for a list of options."""
        return " ".join(self.lines(value))


class Single(Kind[T]):
    """A value that is typed into one control; `typed` and `read` are each other's reverse."""

    @abstractmethod
    def typed(self, value: T) -> str:
        """Return what the control holds for `value`."""

    @abstractmethod
    def read(self, text: str, words: str) -> T:
        """Return `text` as a value; raises Unusable, whose sentence calls the value `words`."""

    def words_of(self, value: T) -> str:
        """Return how a person reads `value`."""
        return self.typed(value)

    def show(self, value: T) -> Typed:
        return ({VALUE: self.typed(value)},)

    def understand(self, typed: Typed, words: str) -> T:
        try:
            return self.read(typed[0].get(VALUE, ""), words)
        except Unusable as error:
            raise InvalidOption({VALUE: error.sentence}) from None

    def lines(self, value: T) -> tuple[str, ...]:
        return tuple(self.words_of(value).splitlines())


@dataclass(frozen=True, slots=True)
class Line(Single[str]):
    """One line of at most `most` characters."""

    control = "line"
    most: int = 80
    required: bool = True

    def typed(self, value: str) -> str:
        return value

    def read(self, text: str, words: str) -> str:
        if "\n" in text:
            raise Unusable(f"{words}只能是一行。")
        return _checked_text(text, words, self.most, required=self.required)

    def to_json(self, value: str) -> Json:
        return value

    def from_json(self, json: Json) -> str:
        return _as(str, json)


@dataclass(frozen=True, slots=True)
class Paragraph(Single[str]):
    """Lines of at most `most` characters together."""

    control = "paragraph"
    most: int = 600
    required: bool = True

    def typed(self, value: str) -> str:
        return value

    def read(self, text: str, words: str) -> str:
        return _checked_text(text, words, self.most, required=self.required)

    def to_json(self, value: str) -> Json:
        return value

    def from_json(self, json: Json) -> str:
        return _as(str, json)


@dataclass(frozen=True, slots=True)
class Number(Single[int]):
    """A whole number from `least` to `most`; `unit` is the word after it."""

    control = "number"
    least: int
    most: int
    unit: str = ""

    def typed(self, value: int) -> str:
        return str(value)

    def read(self, text: str, words: str) -> int:
        plain = text.replace(",", "").replace("，", "")
        if not (plain.isascii() and plain.isdigit() and len(plain) <= MOST_DIGITS):
            raise Unusable(f"{words}要填整数，例如{self.least}。")
        if not self.least <= int(plain) <= self.most:
            raise Unusable(f"{words}要在{self.least:,}到{self.most:,}之间，现在是{int(plain):,}。")
        return int(plain)

    def to_json(self, value: int) -> Json:
        return value

    def from_json(self, json: Json) -> int:
        if isinstance(json, bool):
            raise ValueError("a switch is no number")  # noqa: TRY004  # all misfits are told alike
        return _as(int, json)

    def words_of(self, value: int) -> str:
        return f"{value:,}{self.unit}"


@dataclass(frozen=True, slots=True)
class Switch(Single[bool]):
    """On or off."""

    control = "switch"
    on: str = "是"
    off: str = "否"

    def typed(self, value: bool) -> str:
        return "1" if value else ""

    def read(self, text: str, words: str) -> bool:  # noqa: ARG002  # nothing that is typed is wrong
        return bool(text)

    def to_json(self, value: bool) -> Json:
        return value

    def from_json(self, json: Json) -> bool:
        return _as(bool, json)

    def words_of(self, value: bool) -> str:
        return self.on if value else self.off


@dataclass(frozen=True, slots=True)
class Choice(Single[str]):
    """One of what is offered: by its name, with its words. What is no longer offered still reads as it was set."""

    control = "choice"
    offered: Callable[[], Mapping[str, str]]

    def typed(self, value: str) -> str:
        return value

    def read(self, text: str, words: str) -> str:
        if text not in self.offered():
            raise Unusable(f"{words}请从列出的选项中选一个。")
        return text

    def to_json(self, value: str) -> Json:
        return value

    def from_json(self, json: Json) -> str:
        return _as(str, json)

    def words_of(self, value: str) -> str:
        return self.offered().get(value, value)


@dataclass(frozen=True, slots=True)
class Day(Single[date]):
    """A day of the calendar."""

    control = "day"

    def typed(self, value: date) -> str:
        return value.isoformat()

    def read(self, text: str, words: str) -> date:
        if not text:
            raise Unusable(f"请填写{words}。")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Unusable(f"{words}要写成2027-01-01这样的日期。") from None

    def to_json(self, value: date) -> Json:
        return value.isoformat()

    def from_json(self, json: Json) -> date:
        return date.fromisoformat(_as(str, json))

    def words_of(self, value: date) -> str:
        return f"{value.year}年{show_day(value)}"


@dataclass(frozen=True, slots=True)
class DayOrNone(Single[date | None]):
    """A day of the calendar that may be left out."""

    control = "day"

    def typed(self, value: date | None) -> str:
        return value.isoformat() if value else ""

    def read(self, text: str, words: str) -> date | None:
        return Day().read(text, words) if text else None

    def to_json(self, value: date | None) -> Json:
        return value.isoformat() if value else None

    def from_json(self, json: Json) -> date | None:
        return None if json is None else Day().from_json(json)

    def words_of(self, value: date | None) -> str:
        return Day().words_of(value) if value else ""


def _checked_text(text: str, words: str, most: int, *, required: bool) -> str:
    if required and not text:
        raise Unusable(f"请填写{words}。")
    if len(text) > most:
        raise Unusable(f"{words}最多{most}个字，现在是{len(text)}个。")
    return text


def _as(wanted: type[T], json: Json) -> T:
    if not isinstance(json, wanted):
        raise ValueError(f"{wanted.__name__} was expected")  # noqa: TRY004  # all misfits are told alike
    return json
