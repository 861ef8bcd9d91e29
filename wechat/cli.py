"""The account from the command line."""

import click
from flask.cli import AppGroup

from staff.command_line import acting_as_option, actor_named, telling
from wechat.menu import publish_menu

wechat_commands = AppGroup("wechat", help="Publish what the WeChat account shows.")


@wechat_commands.command("publish-menu")
@acting_as_option
def publish(acting_as: str | None) -> None:
    """Replace the account's menu by the one this service offers.

    The menu is checked against WeChat's limits before anything is sent; followers see it within minutes.
    """
    with telling():
        publish_menu(actor_named(acting_as))
    click.echo("published the menu")
