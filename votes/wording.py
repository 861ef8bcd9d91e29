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
