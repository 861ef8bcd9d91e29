"""The chain of hashes over the audit trail, as the database makes it: pure, and written down a second time here."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

COLUMNS = (
    "id",
    "at",
    "actor",
    "role",
    "asked_by",
    "act",
    "object",
    "result",
    "purpose",
    "fields",
    "request_id",
    "network",
)
"""An entry's columns in the order they are hashed in, each as text; `at` in microseconds since 1970."""

_LABEL = "audit link 1"


class Fault(StrEnum):
    """What can be wrong with the trail."""

    GAP = "gap"
    ENTRY_MISSING = "entry_missing"
    TORN = "torn"
    CHANGED = "changed"
    UNLINKED = "unlinked"
    CUT = "cut"
    REWRITTEN = "rewritten"
    FORGED = "forged"
    NOT_KEPT = "not_kept"


class ChainBrokenError(Exception):
    """The chain does not hold from the link `seq` on."""

    def __init__(self, fault: Fault, seq: int) -> None:
        super().__init__(f"{fault} at {seq}")
        self.fault, self.seq = fault, seq


@dataclass(frozen=True, slots=True)
class Head:
    """The last link so far: its number, counted from 1, and its hash."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it rests, with the columns of its entry, or None where the entry is not there."""

    seq: int
    previous: bytes
    hash: bytes
    entry: Sequence[str | None] | None


START = Head(0, bytes(32))


def canonical_text(values: Iterable[str | None]) -> str:
    """Write values so that no other sequence of values is written alike: their length in bytes, then themselves."""
    return "".join("-" if value is None else f"{len(value.encode())}:{value}" for value in values)


def link_hash(seq: int, previous: bytes, entry: Sequence[str | None]) -> bytes:
    """Return the hash of the link `seq` over `entry`, its columns in the order of COLUMNS."""
    return hashlib.sha256(canonical_text((_LABEL, str(seq), previous.hex(), *entry)).encode()).digest()


def follow(head: Head, link: Link) -> Head:
    """Return the chain's new head; raises ChainBrokenError where `link` does not continue it."""
    expected = head.seq + 1
    if link.seq != expected:
        raise ChainBrokenError(Fault.GAP, expected)
    if link.previous != head.hash:
        raise ChainBrokenError(Fault.TORN, link.seq)
    if link.entry is None:
        raise ChainBrokenError(Fault.ENTRY_MISSING, link.seq)
    if link_hash(link.seq, link.previous, link.entry) != link.hash:
        raise ChainBrokenError(Fault.CHANGED, link.seq)
    return Head(link.seq, link.hash)


def walk(head: Head, links: Iterable[Link], marks: Mapping[int, bytes]) -> Iterator[Head]:
    """Yield each new head; `marks` are hashes that were put down elsewhere, by the numbers of their links.

    Raises ChainBrokenError at the first link that does not hold, and where the chain ends before the last mark.
    """
    for link in links:
        head = follow(head, link)
        if marks.get(head.seq, head.hash) != head.hash:
            raise ChainBrokenError(Fault.REWRITTEN, head.seq)
        yield head
    if max(marks, default=0) > head.seq:
        raise ChainBrokenError(Fault.CUT, head.seq + 1)
