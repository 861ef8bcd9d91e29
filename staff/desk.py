"""What the desk is made of: one line for each thing that waits, from whichever room."""

from dataclasses import dataclass
from typing import Literal

KINDS = ("urgent", "due", "running")


@dataclass(frozen=True, slots=True)
class DeskItem:
    """One line of the desk: what it is, a detail, and the button that leads there."""

    kind: Literal["urgent", "due", "running"]
    text: str
    detail: str
    button: str
    href: str


def in_order(items: tuple[DeskItem, ...]) -> tuple[DeskItem, ...]:
    """Return the pressing first, then what is due, then what runs; otherwise as the rooms offered them."""
    return tuple(sorted(items, key=lambda item: KINDS.index(item.kind)))
