"""The account from the command line."""

import click
from flask.cli import AppGroup

from staff.command_line import acting, acting_as_option, telling
from wechat.menu import ACT, publish_menu

wechat_commands = AppGroup("wechat", help="Publish what the WeChat account shows.")


@wechat_commands.command("publish-menu")
@acting_as_option
def publish(acting_as: str | None) -> None:
    """Replace the account's menu by the one this service offers.

    The menu is checked against WeChat's limits before anything is sent; followers see it within minutes.
    """
    with telling():
        publish_menu(acting(acting_as, ACT, "公众号菜单"))
    click.echo("published the menu")
