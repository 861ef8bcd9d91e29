"""The tally from the command line."""

import sys
from typing import IO

import click
from flask.cli import AppGroup

from staff.command_line import acting, acting_as_option, telling
from votes.exporting.formats import FORMATS
from votes.exporting.requesting import ACT, export_tally_as

tally_commands = AppGroup("tally", help="Hand out the tally of a poll, counted from the ledger.")


@tally_commands.command("export")
@click.argument("slug")
@click.option("--format", "file_format", type=click.Choice(tuple(FORMATS)), required=True)
@click.option(
    "--output", type=click.File("wb", lazy=True, atomic=True), default="-", help="Where to write; else standard output."
)
@acting_as_option
def export(slug: str, file_format: str, output: IO[bytes], acting_as: str | None) -> None:
    """Write the tally of the poll SLUG: the sheet, the ranking, the sums by unit, the turnout by hour.

    A hidden poll that is not certified yet gives its number of voters alone. The act is recorded.
    """
    if output.name == "-" and sys.stdout.isatty() and file_format in ("xlsx", "docx"):
        raise click.UsageError(f"{file_format} is not for a terminal; give --output FILE or redirect.")
    with telling():
        made = export_tally_as(slug, file_format, acting(acting_as, ACT, slug))
    output.write(made.content)
