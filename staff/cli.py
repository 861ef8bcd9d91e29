"""Staff from the command line: the first account, and the ones that cannot help themselves."""

import sys
from collections.abc import Callable

import click
from flask.cli import AppGroup

from foundation.clock import show_moment, utc_now
from staff.accounts import (
    Account,
    disable_member,
    enable_member,
    find_account,
    list_accounts,
    reset_password,
    unlock_member,
)
from staff.actors import COMMAND_LINE, Actor
from staff.authority import demand
from staff.command_line import acting_as_option, actor_named, telling
from staff.people.adding import add_at_the_machine, somebody_else_administers
from staff.people.details import PersonDetails, read_details
from staff.people.invitations import invite
from staff.people.links import INVITATIONS, address_of
from staff.roles import Role
from staff.second_factor import reset_second_factor

staff_commands = AppGroup("staff", help="Add, invite, list, unlock and disable members of staff.")

_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")
_role = click.option("--role", type=click.Choice([role.value for role in Role]), help="What they are on the staff for.")
_unit = click.option("--unit", default="", help="Their unit: roles unit and investigator have one.")
_valid_until = click.option("--valid-until", default="", metavar="DATE", help="The last day it works: 2026-04-30.")


@staff_commands.command("add")
@click.argument("name")
@click.option("--display-name", default="", help="What pages call them; else NAME.")
@_role
@_unit
@_valid_until
@_from_stdin
@acting_as_option
def add(
    *,
    name: str,
    display_name: str,
    role: str | None,
    unit: str,
    valid_until: str,
    password_stdin: bool,
    acting_as: str | None,
) -> None:
    """Add the member NAME, who signs in at /console/sign-in.

    The very first is an administrator and needs no --as. Once there is a leader, another administrator, leader or
    supervisor is only invited. The password is asked for without showing it, unless --password-stdin gives it: at
    least 12 characters, not the name, none of the commonest.
    """
    with telling():
        actor = _acting(acting_as, "people.add", name)
        first = Role.ADMINISTRATOR.value if actor is COMMAND_LINE else ""
        details = _details(display_name or name, role or first, unit, valid_until)
        account = add_at_the_machine(name, details, _password(from_stdin=password_stdin), actor)
    click.echo(f"added {account.name} as {account.role}")


@staff_commands.command("invite")
@click.argument("display_name")
@_role
@_unit
@_valid_until
@click.option("--phone", default="", help="A mobile number to reach them; kept encrypted.")
@click.option("--purpose", default="", help="Why; kept in the trail, and read by whoever approves.")
@acting_as_option
def invite_(
    *, display_name: str, role: str | None, unit: str, valid_until: str, phone: str, purpose: str, acting_as: str | None
) -> None:
    """Invite DISPLAY_NAME and print the link by which they make their account: 72 hours, once.

    An administrator, a leader or a supervisor is only asked for: once a leader has approved, the console gives the
    link.
    """
    with telling():
        actor = _acting(acting_as, "people.invite", display_name)
        details = _details(display_name, role or "", unit, valid_until, phone)
        invited = invite(details, actor, purpose=purpose, at_the_machine=True)
    if invited.link is None:
        click.echo("asked for; once a leader has approved, the link is at /console/people/invitations")
    else:
        click.echo(address_of(INVITATIONS, invited.link.token))


@staff_commands.command("list")
def show() -> None:
    """List all members: name, display name, role, unit, and whether they are disabled or locked out."""
    for account in list_accounts():
        columns = (account.name, account.display_name, account.role, account.unit or "-", _condition(account))
        click.echo("\t".join(columns))


@staff_commands.command("password")
@click.argument("name")
@_from_stdin
@acting_as_option
def password(name: str, password_stdin: bool, acting_as: str | None) -> None:
    """Give the member NAME a new password; ends their sessions and their lock-out.

    The only administrator's is changed without --as. Whoever sits at the machine owns the database, so nobody has to
    approve it here, whatever their role; it is recorded, and supervisors get an alarm.
    """
    with telling():
        account = find_account(name)
        actor = _acting(acting_as, "people.reset_password", account.name)
        reset_password(account.name, _password(from_stdin=password_stdin), actor)
    click.echo(f"changed the password of {account.name}")


@staff_commands.command("unlock")
@click.argument("name")
@acting_as_option
def unlock(name: str, acting_as: str | None) -> None:
    """Let the member NAME, locked out after wrong passwords, try again at once."""
    _change(unlock_member, "people.unlock", name, acting_as, "unlocked")


@staff_commands.command("reset-second-factor")
@click.argument("name")
@acting_as_option
def reset_second_factor_(name: str, acting_as: str | None) -> None:
    """Take away the second factor and recovery codes of the member NAME, who sets up a new one at the next sign-in.

    Their sessions end. The only administrator's is taken away without --as. Whoever sits at the machine owns the
    database, so nobody has to approve it here, whatever their role; it is recorded, and supervisors get an alarm.
    """
    _change(reset_second_factor, "people.reset_second_factor", name, acting_as, "reset the second factor of")


@staff_commands.command("disable")
@click.argument("name")
@acting_as_option
def disable(name: str, acting_as: str | None) -> None:
    """Keep the member NAME from signing in and end their sessions; what they did stays recorded."""
    _change(disable_member, "people.disable", name, acting_as, "disabled")


@staff_commands.command("enable")
@click.argument("name")
@acting_as_option
def enable(name: str, acting_as: str | None) -> None:
    """Let the disabled member NAME sign in again."""
    _change(enable_member, "people.enable", name, acting_as, "enabled")


def _change(change: Callable[[str, Actor], None], act: str, name: str, acting_as: str | None, done: str) -> None:
    with telling():
        account = find_account(name)
        change(account.name, _acting(acting_as, act, account.name))
    click.echo(f"{done} {account.name}")


def _acting(acting_as: str | None, act: str, name: str) -> Actor:
    """Return who does the act to the member of this name; nobody in particular only where nobody else could."""
    if acting_as is None and not somebody_else_administers(name):
        return COMMAND_LINE
    if acting_as is None:
        raise click.UsageError("say in whose name: --as NAME, an administrator")
    actor = actor_named(acting_as)
    demand(actor, act, object=name)
    return actor


def _details(display_name: str, role: str, unit: str, last_day: str, phone: str = "") -> PersonDetails:
    typed = {"display_name": display_name, "role": role, "unit": unit, "last_day": last_day, "phone": phone}
    return read_details(typed, utc_now())


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def _condition(account: Account) -> str:
    if account.disabled:
        return "disabled"
    return f"locked until {show_moment(account.locked_until)}" if account.locked_until else "active"
