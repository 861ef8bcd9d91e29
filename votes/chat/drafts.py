"""What a voter has chosen so far in the chat, and how numbers change it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from votes.chat.numbers import Span, Step
from votes.chat.sheet import Sheet, SheetAward


@dataclass(frozen=True, slots=True)
class Draft:
    """Choices in the order in which they were made, and the nonce that their ballot will bear.

    `page` is the page of the list that was shown last; `changed_at` when, by the platform's clock in epoch seconds, the
    last message was sent that changed the choices. `unanswered`: the ballot was handed to the ledger, which did
    not say in time what became of it; until the same nonce is tried again, the choices stand.
    """

    nonce: str
    choices: tuple[int, ...] = ()
    page: int = 0
    changed_at: int = 0
    unanswered: bool = False

    def in_award(self, award: SheetAward) -> tuple[int, ...]:
        """Return what is chosen in one award, in the order in which it was chosen."""
        numbers = award.numbers
        return tuple(number for number in self.choices if number in numbers)

    def without(self, numbers: Iterable[int]) -> "Draft":
        gone = frozenset(numbers)
        return replace(self, choices=tuple(number for number in self.choices if number not in gone))


@dataclass(slots=True)
class Changes:
    """What became of the numbers in one message; `unknown` as they are to be told."""

    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    chosen_before: list[int] = field(default_factory=list)
    never_chosen: list[int] = field(default_factory=list)


def apply_steps(sheet: Sheet, draft: Draft, steps: Sequence[Step]) -> tuple[Draft, Changes]:
    """Add and take away, step by step; nothing that was chosen is lost, however many are too many."""
    chosen, changes = dict.fromkeys(draft.choices), Changes()
    known, choosable = frozenset(sheet.entries), sheet.choosable
    for step in steps:
        changes.unknown += _unknown(step.span, known)
        for number in sorted(number for number in known if step.span.first <= number <= step.span.last):
            if step.adds:
                _add(number, chosen, choosable, changes)
            else:
                _remove(number, chosen, changes)
    return replace(draft, choices=tuple(chosen)), changes


def drop_withdrawn(sheet: Sheet, draft: Draft) -> tuple[Draft, tuple[int, ...]]:
    """Take away what may no longer be chosen; returns what that was."""
    gone = tuple(number for number in draft.choices if number not in sheet.choosable)
    return (draft.without(gone), gone) if gone else (draft, ())


def surplus(draft: Draft, award: SheetAward) -> tuple[int, ...]:
    """Return the choices beyond what the award allows: those that were made last."""
    return draft.in_award(award)[award.most :]


def shortage(draft: Draft, award: SheetAward) -> int:
    """Return how many have still to be chosen."""
    return max(0, award.least - len(draft.in_award(award)))


def may_be_cast(sheet: Sheet, draft: Draft) -> bool:
    """Tell whether the choices make a ballot."""
    return bool(draft.choices) and not any(surplus(draft, award) or shortage(draft, award) for award in sheet.awards)


def _add(number: int, chosen: dict[int, None], choosable: frozenset[int], changes: Changes) -> None:
    if number not in choosable:
        changes.withdrawn.append(number)
    elif number in changes.added:
        changes.doubled.append(number)
    elif number in chosen:
        changes.chosen_before.append(number)
    else:
        chosen[number] = None
        changes.added.append(number)


def _remove(number: int, chosen: dict[int, None], changes: Changes) -> None:
    if number not in chosen:
        changes.never_chosen.append(number)
        return
    del chosen[number]
    changes.removed.append(number)
    if number in changes.added:
        changes.added.remove(number)


def _unknown(span: Span, known: frozenset[int]) -> list[str]:
    """Name the numbers of a span that no candidate has, however long the span is."""
    if span.first == span.last:
        return [] if span.first in known else [str(span.first)]
    highest = max(known, default=0)
    gaps = [str(number) for number in range(max(1, span.first), min(span.last, highest) + 1) if number not in known]
    beyond = max(span.first, highest + 1)
    if beyond > span.last:
        return gaps
    return [*gaps, str(beyond) if beyond == span.last else f"{beyond}—{span.last}"]
