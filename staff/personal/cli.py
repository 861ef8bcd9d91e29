"""What is kept how long, from the command line: try it, do it, check what a certificate says."""

from pathlib import Path

import click
from flask.cli import AppGroup

from staff.command_line import acting_as_option, actor_named, telling
from staff.personal.certificates import verify
from staff.personal.running import carry_out, preview, run_status, start_run

retention_commands = AppGroup("retention", help="Erase personal data whose term is over; check certificates.")


@retention_commands.command("run")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
@acting_as_option
def run(dry_run: bool, acting_as: str | None) -> None:
    """Erase what is due by every rule that no hold stops, and sign a certificate of the counts.

    The service does this by itself once a day. Running it again erases nothing more.
    """
    if dry_run:
        for line in preview():
            click.echo("\t".join((line.rule.id, str(line.count), "held" if line.held else line.rule.lasts)))
        return
    with telling():
        key = start_run(actor_named(acting_as))
        carry_out(key)
        done = run_status(key)
    for erased in done.erased:
        click.echo(f"{erased.rule}\t{erased.count}")
    click.echo(f"erased {done.count}; certificate of run {key}" if done.certificate else "nothing was due")
    if done.failed:
        raise click.ClickException(f"these rules failed: {'、'.join(done.failed)}")


@retention_commands.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Say whether FILE is a certificate of this installation, unchanged to the letter; exit status 1 where not."""
    with telling():
        document = verify(file.read_text(encoding="utf-8", errors="replace"))
    erased = document["erased"]
    lines = erased if isinstance(erased, list) else []
    click.echo(f"good: run {document['run']}, ended {document['ended']}, {len(lines)} rules")
    for line in lines:
        click.echo(f"{line['rule']}\t{line['count']}\t{line['term']}")
