"""What was typed about an option, kept as it was typed."""

from typing import Any

from foundation.forms import Fields, text_of, whole
from staff.options.kinds import VALUE, Cells, Kind, Typed
from staff.options.tables import ROWS, Table, field_of

_MOST_ROWS = 200


def number_of(form: Fields, name: str) -> int:
    """Return a whole number, 0 for what is none."""
    return whole(form.get(name, "")) or 0


def read_typed(kind: Kind[Any], form: Fields) -> Typed:
    """Return what the form holds for a value of `kind`; of a table without the rows that were emptied or removed."""
    if isinstance(kind, Table):
        return _arranged(_rows_of(kind, form), form.get("up", ""))
    return ({VALUE: text_of(form, VALUE)},)


def is_only_shown_again(form: Fields) -> bool:
    """Tell whether nothing is to be saved: rows are arranged, one is added, or a preview is wanted."""
    return any(name in form for name in ("up", "more", "preview"))


def _rows_of(table: Table[Any], form: Fields) -> list[tuple[str, Cells]]:
    """Return the rows that are kept, each with the number it had."""
    rows: list[tuple[str, Cells]] = []
    for number in range(_MOST_ROWS):
        cells = {column.name: text_of(form, field_of(number, column.name)) for column in table.columns}
        typed = [column for column in table.columns if column.kind.control != "choice" and cells[column.name]]
        if typed and not form.get(f"{ROWS}-{number}-remove"):
            rows.append((str(number), cells))
    return rows


def _arranged(rows: list[tuple[str, Cells]], up: str) -> Typed:
    """Return the cells, the row that had the number `up` one place further up."""
    place = next((place for place, (number, _) in enumerate(rows) if number == up), 0)
    if place > 0:
        rows[place - 1 : place + 1] = [rows[place], rows[place - 1]]
    return tuple(cells for _, cells in rows)
