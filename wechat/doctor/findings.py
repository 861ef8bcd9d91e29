"""What an examination finds: in words for an operator, with the steps that mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much it matters."""

    GOOD = "good"
    HINT = "hint"
    """Works, or cannot be seen from here; somebody ought to look."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, what it means, and what to do about it, step by step."""

    level: Level
    title: str
    meaning: str = ""
    steps: tuple[str, ...] = ()


def good(title: str, meaning: str = "") -> Finding:
    return Finding(Level.GOOD, title, meaning)


def hint(title: str, meaning: str = "", *steps: str) -> Finding:
    return Finding(Level.HINT, title, meaning, steps)


def fault(title: str, meaning: str = "", *steps: str) -> Finding:
    return Finding(Level.FAULT, title, meaning, steps)
