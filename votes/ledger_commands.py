"""`flask ledger`: check the ledger, rebuild the tallies from it."""

import sys

import click
from flask.cli import with_appcontext

from votes.room import rebuild_tallies
from votes.verifying import verify_ledger


@click.group("ledger")
def ledger_commands() -> None:
    """Check the ledger of ballots and what is derived from it."""


@ledger_commands.command("verify")
@with_appcontext
def verify() -> None:
    """Check every poll's ledger; exit code 1 when something does not hold."""
    reports = verify_ledger()
    for report in reports:
        click.echo(f"{report.slug}: {report.ballots:,} ballots, {'holds' if not report.faults else 'FAULTY'}")
        for fault in report.faults:
            click.echo(f"  {fault}")
    sys.exit(1 if any(report.faults for report in reports) else 0)


@ledger_commands.command("rebuild-tally")
@with_appcontext
def rebuild_tally() -> None:
    """Throw the shown tallies away and count them anew from the ledger."""
    click.echo(f"{rebuild_tallies()} tallies rebuilt")
