"""A poll as the chat tells it: awards with their candidates by number. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

_WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """A candidate as a line of the chat names them; `where` is their post, or else their unit."""

    number: int
    name: str
    where: str
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class SheetAward:
    """An award with its candidates in the order in which they are listed; `measure` is 个 or 名."""

    name: str
    measure: str
    least: int
    most: int
    entries: tuple[Entry, ...]

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(entry.number for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The ballot paper for the chat; `address` is the poll's public page."""

    slug: str
    title: str
    address: str
    closes_at: datetime | None
    daily: bool
    order: str
    rules: str
    phones: tuple[str, ...]
    awards: tuple[SheetAward, ...]

    @property
    def entries(self) -> dict[int, Entry]:
        return {entry.number: entry for award in self.awards for entry in award.entries}

    @property
    def choosable(self) -> frozenset[int]:
        return frozenset(number for number, entry in self.entries.items() if not entry.withdrawn)

    def named(self, names: Iterable[str]) -> tuple[Entry, ...]:
        """Return who has one of these very names, blanks aside."""
        wanted = frozenset("".join(name.split()).casefold() for name in names)
        return tuple(entry for entry in self.entries.values() if "".join(entry.name.split()).casefold() in wanted)

    def arranged(self, seed: str) -> "Sheet":
        """Return the sheet in the order that a seed gives, which is the order the voter's page has with it."""
        return replace(
            self,
            awards=tuple(
                replace(award, entries=tuple(sorted(award.entries, key=lambda entry: rank(f"{seed}:{entry.number}"))))
                for award in self.awards
            ),
        )

    def only(self, numbers: Iterable[int]) -> "Sheet":
        """Return the sheet with these candidates alone, without awards that have none of them."""
        wanted = frozenset(numbers)
        kept = [
            replace(award, entries=tuple(entry for entry in award.entries if entry.number in wanted))
            for award in self.awards
        ]
        return replace(self, awards=tuple(award for award in kept if award.entries))


def rank(text: str) -> int:
    """Return where a text stands in a drawn order: what static/votes/order.js computes."""
    value = 0x811C9DC5
    for character in text:
        value = ((value ^ ord(character)) * 0x01000193) & _WORD
    value = ((value ^ (value >> 16)) * 0x85EBCA6B) & _WORD
    value = ((value ^ (value >> 13)) * 0xC2B2AE35) & _WORD
    return value ^ (value >> 16)
