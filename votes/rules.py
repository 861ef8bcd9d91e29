"""What makes a choice valid, and how choices rest as a bit set. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_CANDIDATES = 2_000
MAX_NONCE = 64
_WHOLE = frozenset({int})
_BITS = (0, *(1 << place for place in range(MAX_CANDIDATES)))
_NONCE_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True, slots=True)
class AwardRule:
    """How many of which candidate numbers may be chosen for one award."""

    name: str
    min_choices: int
    max_choices: int
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class BallotRules:
    """The rules of one ballot paper; `withdrawn` numbers may no longer be chosen."""

    awards: tuple[AwardRule, ...]
    withdrawn: frozenset[int]

    @property
    def highest_number(self) -> int:
        return max((max(award.numbers, default=0) for award in self.awards), default=0)

    @property
    def bytes_per_ballot(self) -> int:
        return (self.highest_number + 7) // 8


@dataclass(frozen=True, slots=True)
class InvalidChoice:
    """Why a choice is refused, and in which award (None where it concerns the ballot as a whole)."""

    award: str | None
    reason: str


def check_nonce(nonce: object) -> bool:
    """Tell whether `nonce` is 8 to 64 letters, digits, hyphens or underscores."""
    return isinstance(nonce, str) and 8 <= len(nonce) <= MAX_NONCE and _NONCE_LETTERS.issuperset(nonce)


def check_choices(rules: BallotRules, choices: object) -> InvalidChoice | None:
    """Say what is wrong with `choices`, or None when they make a valid ballot."""
    if not isinstance(choices, list) or not _WHOLE.issuperset(map(type, choices)):
        return InvalidChoice(None, "malformed")
    chosen = frozenset(choices)
    if not chosen:
        return InvalidChoice(None, "empty")
    known: set[int] = set()
    broken: InvalidChoice | None = None
    for award in rules.awards:
        here = chosen & award.numbers
        known |= here
        broken = broken or _check_award(rules, award, here)
    if len(known) != len(chosen):
        return InvalidChoice(None, "unknown")
    if len(chosen) != len(choices):
        doubled = next(number for number, times in Counter(choices).items() if times > 1)
        return InvalidChoice(_award_of(rules, doubled), "duplicate")
    return broken


def _check_award(rules: BallotRules, award: AwardRule, here: frozenset[int]) -> InvalidChoice | None:
    if not rules.withdrawn.isdisjoint(here):
        return InvalidChoice(award.name, "withdrawn")
    if len(here) > award.max_choices:
        return InvalidChoice(award.name, "too_many")
    # Withdrawals must not leave an award that nobody can satisfy.
    if len(here) < min(award.min_choices, len(award.numbers - rules.withdrawn)):
        return InvalidChoice(award.name, "too_few")
    return None


def _award_of(rules: BallotRules, number: int) -> str | None:
    return next((award.name for award in rules.awards if number in award.numbers), None)


def pack(choices: Iterable[int], size: int) -> bytes:
    """Write choices as `size` bytes in which bit n−1, counted from the lowest of the first byte, is candidate n."""
    return sum(map(_BITS.__getitem__, set(choices))).to_bytes(size, "little")


def unpack(packed: bytes) -> tuple[int, ...]:
    """Return the chosen numbers in ascending order."""
    bits = int.from_bytes(packed, "little")
    return tuple(number for number in range(1, bits.bit_length() + 1) if bits >> (number - 1) & 1)


def count(ballots: Sequence[bytes], size: int) -> dict[int, int]:
    """Count votes per candidate number over packed ballots of `size` bytes each.

    One histogram per byte column instead of a step per choice: the work grows with bytes, not with votes.
    """
    joined = b"".join(ballots)
    votes: Counter[int] = Counter()
    for column in range(size):
        for byte, times in Counter(joined[column::size]).items():
            for bit in range(8):
                if byte >> bit & 1:
                    votes[column * 8 + bit + 1] += times
    return dict(votes)
