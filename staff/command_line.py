"""What every command that acts has in common: in whose name it is done, and how a refusal is told."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import select

from foundation.errors import AppError, NotAllowed
from foundation.transaction import transaction
from staff.accounts import find_account
from staff.actors import COMMAND_LINE, Actor
from staff.authority import demand
from staff.models import Member
from staff.sessions import may_come_in

acting_as_option = click.option(
    "--as", "acting_as", metavar="NAME", help="The member in whose name this is done and recorded; else 'command line'."
)


def actor_named(name: str | None) -> Actor:
    """Return the member of that name, or the command line itself for None; raises NotFound, NotAllowed."""
    if name is None:
        return COMMAND_LINE
    account = find_account(name)
    with transaction() as session:
        works = session.scalar(select(may_come_in()).where(Member.id == account.id))
    if not works:
        raise NotAllowed("这个账号已停用或已到期。")
    return Actor(account.name, account.display_name, account.id, role=account.role, unit=account.unit)


def acting(name: str | None, act: str, object: str) -> Actor:  # noqa: A002
    """Return who does `act` to `object`; raises NotAllowed, recorded, where the member of that name may not."""
    actor = actor_named(name)
    if actor is not COMMAND_LINE:
        demand(actor, act, object=object)
    return actor


@contextmanager
def telling() -> Iterator[None]:
    """Turn what a use case refuses into one line on standard error and exit status 1."""
    try:
        yield
    except AppError as error:
        raise click.ClickException(error.message) from None
