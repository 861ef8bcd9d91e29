"""Pushes from the command line: a notice's push composed and asked for in somebody's name."""

from datetime import datetime

import click
from flask.cli import AppGroup

from foundation.clock import SHANGHAI
from foundation.errors import InvalidInput
from publicity.pushes.channels import Audience, Channel
from publicity.pushes.composing import COMPOSE, PushEntry, create_push
from publicity.pushes.steps import request_push
from staff.command_line import acting, acting_as_option, telling
from wechat.following.tags import list_tags

notices_commands = AppGroup("notices", help="Push notices to the followers of the account.")


@notices_commands.command("push")
@click.argument("id")
@click.option(
    "--channel",
    type=click.Choice([channel.value for channel in Channel]),
    required=True,
    help="mass, template, once (one-time subscription), customer, publication (an article nobody is told of) or draft.",
)
@click.option("--text", "as_text", is_flag=True, help="With --channel mass: send words instead of an article.")
@click.option("--tag", metavar="NAME", help="Only to the followers with this tag of the account; otherwise to all.")
@click.option("--testers", is_flag=True, help="Only to the followers with the testers' tag.")
@click.option(
    "--at",
    "starts_at",
    type=click.DateTime(("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")),
    help="When it begins, by the clock of Asia/Shanghai; otherwise as soon as it is approved.",
)
@acting_as_option
def push(
    *,
    id: str,  # noqa: A002  # what the command's help calls it
    channel: str,
    as_text: bool,
    tag: str | None,
    testers: bool,
    starts_at: datetime | None,
    acting_as: str | None,
) -> None:
    """Compose a push of the published notice ID and ask for it to be sent.

    ID is what stands in the notice's address behind /notices/. The words are taken from the notice; to change them,
    compose in the console. Nothing is sent before a leader approves, so --as is needed.
    """
    with telling():
        actor = acting(acting_as, COMPOSE, id)
        entry = PushEntry(
            channel,
            *_audience(tag, testers),
            starts_at=starts_at.replace(tzinfo=SHANGHAI) if starts_at else None,
            form="text" if as_text else "article",
        )
        key = create_push(id, entry, actor)
        asked = request_push(key, None, actor)
    click.echo(f"composed /console/pushes/{key}/; a leader decides at /console/approvals/{asked.key}")


def _audience(tag: str | None, testers: bool) -> tuple[Audience, int | None]:
    if tag and testers:
        raise InvalidInput("--tag 和 --testers 只能用一个。")
    if testers:
        return Audience.TESTERS, None
    if not tag:
        return Audience.ALL, None
    found = next((one for one in list_tags() if one.name == tag), None)
    if found is None:
        raise InvalidInput(f"公众号没有标签“{tag}”。")
    return Audience.TAG, found.number
