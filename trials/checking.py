"""What must be true after whatever happened: pure checks of what was sent, answered, written and shown."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

RECEIPT_GIVEN = frozenset({200, 201, 409})


@dataclass(frozen=True, slots=True)
class Told:
    """A ballot that was sent, and what its voter was told; status 0 where no answer ever came."""

    tag: bytes
    nonce: str
    choices: tuple[int, ...]
    status: int
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the ledger, with the receipt as it must have been given, byte for byte."""

    tag: bytes
    period: int
    nonce: str
    choices: tuple[int, ...]
    receipt: bytes
    number: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The ledger, and the shown tally as (number, votes) where it is asked about."""

    rows: list[Row]
    tally: tuple[int, dict[int, int]] | None


def check(told: Sequence[Told], evidence: Evidence) -> list[str]:
    """Return what does not hold, a sentence for each kind of fault and how often it was found."""
    found = Counter((*_answers(told, evidence.rows), *_ledger(told, evidence.rows), *_counting(evidence)))
    return [f"{fault} ({times})" for fault, times in sorted(found.items())]


def _answers(told: Sequence[Told], rows: Sequence[Row]) -> Iterator[str]:
    written = {row.receipt: row for row in rows}
    given = defaultdict(set)
    for one in told:
        if one.status not in RECEIPT_GIVEN:
            yield f"a voter was answered {one.status}"
            continue
        row = written.get(one.receipt)
        given[one.tag].add(one.receipt)
        if row is None:
            yield "a receipt that was given is not in the ledger"
        elif row.tag != one.tag:
            yield "a voter was given somebody else's receipt"
        elif (row.nonce == one.nonce) is not (one.status in (200, 201)):
            yield f"{one.status} was said of another nonce's ballot"
    periods = Counter(tag for tag, _ in {(row.tag, row.period) for row in rows})
    yield from ("a voter was given too many receipts" for tag, mine in given.items() if len(mine) > periods[tag])
    accepted = Counter(one.receipt for one in told if one.status == 201)
    yield from ("a ballot was accepted twice" for times in accepted.values() if times > 1)


def _ledger(told: Sequence[Told], rows: Sequence[Row]) -> Iterator[str]:
    sent = {(one.tag, one.nonce): tuple(sorted(one.choices)) for one in told}
    for row in rows:
        if (row.tag, row.nonce) not in sent:
            yield "the ledger holds a ballot that nobody sent"
        elif row.choices != sent[row.tag, row.nonce]:
            yield "a ballot's choices differ from those that were sent"
    for what, times in (
        ("a voter has two ballots in a period", Counter((row.tag, row.period) for row in rows)),
        ("a nonce has two ballots", Counter((row.tag, row.nonce) for row in rows)),
        ("two ballots share a receipt", Counter(row.receipt for row in rows)),
    ):
        yield from (what for count in times.values() if count > 1)


def _counting(evidence: Evidence) -> Iterator[str]:
    if evidence.tally is None:
        return
    numbers = sorted(row.number or 0 for row in evidence.rows)
    if numbers != list(range(1, len(numbers) + 1)):
        yield "the numbers are not dense"
    number, votes = evidence.tally
    if number != len(evidence.rows):
        yield "the tally stands at another number than the ledger"
    if {candidate: count for candidate, count in votes.items() if count} != Counter(
        candidate for row in evidence.rows for candidate in row.choices
    ):
        yield "the tally differs from the ledger"
