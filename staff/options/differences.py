"""What is different between two versions, line by line; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Difference:
    """A line that was taken out, or that came in."""

    added: bool
    line: str


def differences(old: Sequence[str], new: Sequence[str]) -> tuple[Difference, ...]:
    """Return the lines that differ, in the order of the text, at each place the old ones first."""
    found: list[Difference] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            found += [Difference(added=False, line=line) for line in old[old_from:old_to]]
            found += [Difference(added=True, line=line) for line in new[new_from:new_to]]
    return tuple(found)
