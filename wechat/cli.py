"""The account from the command line."""

import click
from flask.cli import AppGroup

from staff.command_line import acting, acting_as_option, telling
from wechat.following.runs import Run
from wechat.following.syncing import ACT as SYNC
from wechat.following.syncing import begin_sync, carry_on
from wechat.menu import ACT, publish_menu

wechat_commands = AppGroup("wechat", help="Publish what the WeChat account shows, and fetch who follows it.")


@wechat_commands.command("publish-menu")
@acting_as_option
def publish(acting_as: str | None) -> None:
    """Replace the account's menu by the one this service offers.

    The menu is checked against WeChat's limits before anything is sent; followers see it within minutes.
    """
    with telling():
        publish_menu(acting(acting_as, ACT, "公众号菜单"))
    click.echo("published the menu")


@wechat_commands.command("sync-followers")
@acting_as_option
def sync_followers(acting_as: str | None) -> None:
    """Fetch the list of followers from WeChat, page by page, and forget those who have left.

    It may be stopped at any point; the next time it goes on from there.
    """
    with telling():
        key = begin_sync(acting(acting_as, SYNC, "关注者名单"), _nobody)
    run = carry_on(key, _tell)
    if run is None or run.state != "done":
        raise click.ClickException(run.error if run and run.error else "the list is being fetched elsewhere")
    click.echo(f"{run.seen:,} followers, {run.gone:,} gone")
    if run.error:
        click.echo(run.error)


def _nobody(_key: str) -> None:
    """Ring for no worker: this process does the work."""


def _tell(run: Run) -> None:
    click.echo(f"{run.seen:,} of {run.total:,}")
