"""A table as the value of an option: rows with typed columns; pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from staff.options.errors import InvalidOption, Unusable
from staff.options.kinds import Cells, Json, Kind, Single, Typed

R = TypeVar("R")
ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the name of the row's field, its words, what its cells hold, and how much room they want."""

    name: str
    words: str
    kind: Single[Any]
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Table(Kind[tuple[R, ...]], Generic[R]):
    """At most `most` rows, each made by `row` from its cells by name; `what` is what one row is called.

    `told_by` is the column by which a list names the rows, the first unless it says otherwise. `order` sorts the rows
    as they are set; without it they stay as staff arranged them.
    """

    control = "table"
    row: Callable[..., R]
    columns: tuple[Column, ...]
    what: str
    most: int = 50
    told_by: int = 0
    order: Callable[[R], Any] | None = None

    @property
    def arranged(self) -> bool:
        """Whether staff say which row comes first."""
        return self.order is None

    def show(self, value: Sequence[R]) -> Typed:
        return tuple(
            {column.name: column.kind.typed(getattr(row, column.name)) for column in self.columns} for row in value
        )

    def understand(self, typed: Typed, words: str) -> tuple[R, ...]:  # noqa: ARG002  # each column has words of its own
        faults: dict[str, str] = {}
        if len(typed) > self.most:
            faults[ROWS] = f"{self.what}最多{self.most}条，现在是{len(typed)}条。"
        rows = [self._read_row(number, cells, faults) for number, cells in enumerate(typed)]
        if faults:
            raise InvalidOption(faults)
        return tuple(self.row(**cells) for cells in rows)

    def to_json(self, value: tuple[R, ...]) -> Json:
        rows = sorted(value, key=self.order) if self.order else value
        return [
            {column.name: column.kind.to_json(getattr(row, column.name)) for column in self.columns} for row in rows
        ]

    def from_json(self, json: Json) -> tuple[R, ...]:
        if not isinstance(json, list):
            raise ValueError("rows were expected")  # noqa: TRY004  # all misfits are told alike
        return tuple(self._row_of(cells) for cells in json)

    def lines(self, value: tuple[R, ...]) -> tuple[str, ...]:
        return tuple(" · ".join(self._words_of(row)) for row in value)

    def brief(self, value: tuple[R, ...]) -> str:
        column = self.columns[self.told_by]
        named = "、".join(column.kind.words_of(getattr(row, column.name)) for row in value)
        return f"{len(value)}条：{named}" if value else ""

    def _words_of(self, row: R) -> list[str]:
        told = ((column.words, column.kind.words_of(getattr(row, column.name))) for column in self.columns)
        return [f"{words}：{' '.join(text.splitlines())}" for words, text in told if text]

    def _read_row(self, number: int, cells: Cells, faults: dict[str, str]) -> dict[str, Any]:
        row = {}
        for column in self.columns:
            try:
                row[column.name] = column.kind.read(cells.get(column.name, ""), column.words)
            except Unusable as error:
                faults[field_of(number, column.name)] = error.sentence
        return row

    def _row_of(self, json: Json) -> R:
        if not isinstance(json, dict):
            raise ValueError("a row was expected")  # noqa: TRY004  # all misfits are told alike
        return self.row(**{column.name: column.kind.from_json(json.get(column.name)) for column in self.columns})


def field_of(row: int, column: str) -> str:
    """Return the name by which a form and its faults know a cell; rows count from 0."""
    return f"{ROWS}-{row}-{column}"
