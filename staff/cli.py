"""Staff from the command line: the first account, and the ones that cannot help themselves."""

import sys
from collections.abc import Callable

import click
from flask.cli import AppGroup

from foundation.clock import show_moment
from staff.accounts import (
    Account,
    add_member,
    disable_member,
    enable_member,
    find_account,
    list_accounts,
    reset_password,
    unlock_member,
)
from staff.actors import Actor
from staff.command_line import acting_as_option, actor_named, telling

staff_commands = AppGroup("staff", help="Add, list, unlock and disable members of staff.")

_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")


@staff_commands.command("add")
@click.argument("name")
@click.option("--display-name", default="", help="What pages call them; else NAME.")
@_from_stdin
@acting_as_option
def add(name: str, display_name: str, password_stdin: bool, acting_as: str | None) -> None:
    """Add the member NAME, who signs in at /console/sign-in.

    The password is asked for without showing it, unless --password-stdin gives it: at least 12 characters, not
    the name, none of the commonest.
    """
    with telling():
        account = add_member(name, display_name, _password(from_stdin=password_stdin), actor_named(acting_as))
    click.echo(f"added {account.name}")


@staff_commands.command("list")
def show() -> None:
    """List all members: name, display name, and whether they are disabled or locked out."""
    for account in list_accounts():
        click.echo("\t".join((account.name, account.display_name, _condition(account))))


@staff_commands.command("password")
@click.argument("name")
@_from_stdin
@acting_as_option
def password(name: str, password_stdin: bool, acting_as: str | None) -> None:
    """Give the member NAME a new password; ends their sessions and their lock-out."""
    with telling():
        account = find_account(name)
        reset_password(account.name, _password(from_stdin=password_stdin), actor_named(acting_as))
    click.echo(f"changed the password of {account.name}")


@staff_commands.command("unlock")
@click.argument("name")
@acting_as_option
def unlock(name: str, acting_as: str | None) -> None:
    """Let the member NAME, locked out after wrong passwords, try again at once."""
    _change(unlock_member, name, acting_as, "unlocked")


@staff_commands.command("disable")
@click.argument("name")
@acting_as_option
def disable(name: str, acting_as: str | None) -> None:
    """Keep the member NAME from signing in and end their sessions; what they did stays recorded."""
    _change(disable_member, name, acting_as, "disabled")


@staff_commands.command("enable")
@click.argument("name")
@acting_as_option
def enable(name: str, acting_as: str | None) -> None:
    """Let the disabled member NAME sign in again."""
    _change(enable_member, name, acting_as, "enabled")


def _change(change: Callable[[str, Actor], None], name: str, acting_as: str | None, done: str) -> None:
    with telling():
        change(name, actor_named(acting_as))
    click.echo(f"{done} {name}")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def _condition(account: Account) -> str:
    if account.disabled:
        return "disabled"
    return f"locked until {show_moment(account.locked_until)}" if account.locked_until else "active"
