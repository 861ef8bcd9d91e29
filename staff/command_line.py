"""What every command that acts has in common: in whose name it is done, and how a refusal is told."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from foundation.errors import AppError, NotAllowed
from staff.accounts import find_account
from staff.actors import COMMAND_LINE, Actor

acting_as_option = click.option(
    "--as", "acting_as", metavar="NAME", help="The member in whose name this is done and recorded; else 'command line'."
)


def actor_named(name: str | None) -> Actor:
    """Return the member of that name, or the command line itself for None; raises NotFound, NotAllowed."""
    if name is None:
        return COMMAND_LINE
    account = find_account(name)
    if account.disabled:
        raise NotAllowed("这个账号已停用。")
    return Actor(account.name, account.display_name, account.id)


@contextmanager
def telling() -> Iterator[None]:
    """Turn what a use case refuses into one line on standard error and exit status 1."""
    try:
        yield
    except AppError as error:
        raise click.ClickException(error.message) from None
