"""A poll's tally as a finished file: read in one snapshot of the database, then written in one format."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from foundation.clock import local
from foundation.transaction import snapshot
from staff.personal.watermark import Taker
from votes.exporting.formats import writer_of
from votes.exporting.report import TurnoutReport, build_tally_report
from votes.exporting.tables import title_of

COUNTED = 90  # per cent of the work; the rest is writing the file

Percent = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class ExportedTally:
    """A file with the name it is to be saved under."""

    filename: str
    content: bytes


def export_tally(poll_slug: str, file_format: str, taker: Taker, on_percent: Percent | None = None) -> ExportedTally:
    """Count and write, with the mark of who takes it; `on_percent` is told how far it is, in its own transactions if
    it likes.

    A hidden poll before it is certified gives the number of voters alone. Raises NotFound, InvalidInput for the
    format, and Conflict where the ledger does not bear out what was certified.
    """
    write = writer_of(file_format)
    tell = partial(_tell_percent, on_percent) if on_percent else None
    with snapshot() as session:
        report = build_tally_report(session, poll_slug, tell)
    if on_percent:
        on_percent(COUNTED)
    content = io.BytesIO()
    write(report, content, taker.mark(report.counted_at))
    return ExportedTally(_filename(report, file_format), content.getvalue())


def _tell_percent(on_percent: Percent, counted: int, ballots: int) -> None:
    on_percent(counted * COUNTED // ballots)


def _filename(report: TurnoutReport, file_format: str) -> str:
    return f"{title_of(report)}-{report.slug}-{local(report.counted_at):%Y%m%d-%H%M%S}.{file_format}"
