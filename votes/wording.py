"""How numbers of candidates are written in sentences. Pure."""

from collections.abc import Iterable
from itertools import groupby


def list_numbers(numbers: Iterable[int]) -> str:
    """Write numbers with their runs drawn together: 1—3、7号."""
    runs = groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    return "、".join(_run([number for _, number in run]) for _, run in runs) + "号"


def _run(numbers: list[int]) -> str:
    if len(numbers) > 2:
        return f"{numbers[0]}—{numbers[-1]}"
    return "、".join(map(str, numbers))


def pack_numbers(numbers: Iterable[int]) -> str:
    """Write numbers for an address or a form: 1-3,7."""
    runs = groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    return ",".join(_span([number for _, number in run]) for _, run in runs)


def unpack_numbers(text: str, most: int) -> tuple[int, ...]:
    """Read numbers as `pack_numbers` writes them; what is none, or is not between 1 and `most`, is left out."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if all(end.isascii() and end.isdigit() and len(end) <= 9 for end in (first, last or first)):
            numbers.update(range(max(1, int(first)), min(most, int(last or first)) + 1))
    return tuple(sorted(numbers))


def _span(numbers: list[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"
