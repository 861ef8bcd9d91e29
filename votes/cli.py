"""Polls from the command line: candidates in from a spreadsheet, opening, closing early, a list."""

from pathlib import Path

import click
from flask.cli import AppGroup

from foundation.clock import show_moment
from foundation.errors import InvalidInput
from foundation.transaction import transaction
from staff.actors import Actor
from staff.command_line import acting, acting_as_option, actor_named, telling
from votes.candidate_list import all_candidates
from votes.importing import import_candidates, read_candidates
from votes.overview import list_polls, poll_overview
from votes.photos import LeftOut, Question, RefusedPhoto, attach_photos, read_photo_zip, read_photos
from votes.polls import create_poll
from votes.settings import DEFAULT_AWARDS, PollSettings
from votes.steps import request_closing, request_opening

polls_commands = AppGroup("polls", help="Import, open, close and list polls.")

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@polls_commands.command("list")
def show() -> None:
    """List all polls, the latest first: slug, state, opening, closing, candidates, voters, title."""
    for poll in list_polls():
        times = (show_moment(moment, year=True) if moment else "-" for moment in (poll.opens_at, poll.closes_at))
        click.echo("\t".join((poll.slug, poll.phase, *times, str(poll.candidates), str(poll.voters), poll.title)))


@polls_commands.command("import")
@click.argument("slug")
@click.argument("sheet", type=_FILE)
@click.option(
    "--title", help="Draft a poll SLUG of this title first, with the usual awards; without it SLUG must exist."
)
@click.option("--photos", "archive", type=_FILE, help="A ZIP of photos, named by number, name, or name and unit.")
@acting_as_option
def import_(slug: str, sheet: Path, title: str | None, archive: Path | None, acting_as: str | None) -> None:
    """Replace the candidates of the draft SLUG by those in SHEET (.xlsx, the template of the console).

    With one fault in SHEET nothing is imported and every fault is listed. Photos that cannot be told apart are
    listed and left out.
    """
    with telling():
        actor = acting(acting_as, "candidates.import", slug)
        named = _import_sheet(slug, sheet, title, actor)
        if archive:
            _import_photos(slug, archive, named, actor)


@polls_commands.command("open")
@click.argument("slug")
@acting_as_option
def open_(slug: str, acting_as: str | None) -> None:
    """Ask for the draft SLUG to be opened; it takes ballots once a leader has approved and its time has come."""
    with telling():
        asked = request_opening(slug, actor_named(acting_as))
    click.echo(f"asked for {slug} to be opened; a leader decides at /console/approvals/{asked.key}")


@polls_commands.command("close")
@click.argument("slug")
@click.option("--reason", required=True, help="Why it ends before its time; kept in the audit trail.")
@acting_as_option
def close(slug: str, reason: str, acting_as: str | None) -> None:
    """Ask for the open poll SLUG to end before its time, for good. Ballots taken so far stay valid."""
    with telling():
        asked = request_closing(slug, reason, actor_named(acting_as))
    click.echo(f"asked for {slug} to be closed; a leader decides at /console/approvals/{asked.key}")


def _import_sheet(slug: str, sheet: Path, title: str | None, actor: Actor) -> dict[str, int]:
    """Import the sheet, and the poll itself where it is new, or nothing; returns the photos' names it gives."""
    with transaction():
        if title:
            create_poll(PollSettings(title), DEFAULT_AWARDS, actor, slug=slug)
        preview = read_candidates(sheet.read_bytes(), [award.settings.name for award in poll_overview(slug).awards])
        for remark in (*preview.faults, *preview.warnings):
            click.echo(str(remark), err=True)
        if preview.faults:
            raise InvalidInput(f"表格有{len(preview.faults)}处错误，没有导入。")
        summary = import_candidates(slug, preview.rows, actor)
    click.echo(f"imported {summary.candidates} candidates into {slug}")
    return preview.photo_files


def _import_photos(slug: str, archive: Path, named: dict[str, int], actor: Actor) -> None:
    with archive.open("rb") as file:
        preview = read_photo_zip(file, all_candidates(slug), named)
        if preview.fault:
            raise InvalidInput(preview.fault)
        numbers = {match.file: match.number for match in preview.matches}
        summary = attach_photos(slug, read_photos(file, numbers), actor)
    left_out: list[Question | LeftOut | RefusedPhoto] = [*preview.questions, *preview.unmatched, *summary.refused]
    for one in left_out:
        click.echo(f"{one.file}：{one.reason}", err=True)
    click.echo(f"attached {len(summary.attached)} photos, {len(preview.without_photo)} candidates had no file")
