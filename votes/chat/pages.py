"""Candidates line by line, in pages that one message holds. Pure."""

from collections.abc import Iterable, Iterator

from votes.ballot_page import shorten
from votes.chat.sheet import Entry, Sheet, SheetAward

MOST = 600  # characters of one message; as UTF-8 they stay below the platform's 2,048 bytes
MOST_BYTES = 2_000
_FOOT = 110  # characters of a page that are left for what stands below the names
_WHERE = 16
_NAME = 40


def pages_of(sheet: Sheet) -> tuple[str, ...]:
    """Return all candidates of a sheet as pages; an award that goes on begins the next page with its name."""
    return tuple(_packed(list(_lines(sheet)), MOST - _FOOT))


def first_pages(sheet: Sheet) -> dict[str, int]:
    """Return by award on which page of the list, counted from 1, its candidates begin."""
    found: dict[str, int] = {}
    for number, page in enumerate(pages_of(sheet), start=1):
        for award in sheet.awards:
            if _heading(award) in page.split("\n"):
                found.setdefault(award.name, number)
    return found


def name_line(entry: Entry) -> str:
    """Write a candidate with what tells them from others of the same name."""
    told = f"{entry.number} {shorten(entry.name, _NAME)}"
    if entry.withdrawn:
        return f"{told}（已退出，不能选）"
    return f"{told}（{shorten(entry.where, _WHERE)}）" if entry.where else told


def fits(text: str, most: int = MOST) -> bool:
    """Tell whether a message of so many characters can hold `text`."""
    return len(text) <= most and len(text.encode()) <= MOST_BYTES


def _lines(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Yield every line with the line that stands above it where a page begins."""
    for award in sheet.awards:
        heading = _heading(award)
        for place, entry in enumerate(award.entries):
            again = heading if place == 0 else f"【{shorten(award.name, _NAME)}】接上页"
            yield again, name_line(entry)


def _heading(award: SheetAward) -> str:
    return f"【{shorten(award.name, _NAME)}】最多选{award.most}{award.measure}"


def _packed(lines: Iterable[tuple[str, str]], most: int) -> Iterator[str]:
    page = ""
    for above, line in lines:
        begins = above if "】接上页" not in above else ""
        longer = "\n".join(part for part in (page, begins, line) if part)
        if page and not fits(longer, most):
            yield page
            longer = f"{above}\n{line}"
        page = longer
    if page:
        yield page
