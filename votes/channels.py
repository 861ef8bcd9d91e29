"""The ways to a poll that staff have counted apart: an address and a QR picture for each, and never one per unit."""

import io
import secrets
from dataclasses import dataclass

import segno
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from votes.models import Candidate, Channel, Poll, TurnoutChannel
from votes.polls import audited, poll_to_change, poll_to_read
from votes.sources import OWN_CHANNELS
from wechat.qr import qr_for

ACT = "polls.edit_channels"
MOST_CHANNELS = 30
LONGEST_NAME = 30
PICTURES = {"svg": "image/svg+xml", "png": "image/png"}
_SCALE = {"svg": 6, "png": 16}  # a PNG is for print
_BORDER = 4  # modules of quiet around the code, as the standard has it


@dataclass(frozen=True, slots=True)
class ChannelLink:
    """A channel with the address that counts for it; `own` ones stand on every poll and are not changed."""

    key: str
    name: str
    address: str
    own: bool


def channels_of(slug: str, site: str) -> tuple[ChannelLink, ...]:
    """Return a poll's channels, the service's own first, then the staff's as they were added; raises NotFound."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        rows = session.execute(select(Channel.key, Channel.name).where(Channel.poll_id == poll.id).order_by(Channel.id))
        added = [(row.key, row.name) for row in rows]
    named = [*((key, name, True) for key, name in OWN_CHANNELS.items()), *((key, name, False) for key, name in added)]
    return tuple(ChannelLink(key, name, channel_address(site, slug, key), own) for key, name, own in named)


def channel_address(site: str, slug: str, key: str) -> str:
    """Return the address of the ballot page that says by which channel it was opened."""
    return f"{site}/polls/{slug}?from={key}"


def add_channel(slug: str, name: str, actor: Actor) -> str:
    """Add a channel and return its key. Raises InvalidInput for the name, Conflict where there are enough."""
    with transaction() as session:
        poll = poll_to_change(session, slug)
        there = list(session.scalars(select(Channel.name).where(Channel.poll_id == poll.id)))
        if len(there) >= MOST_CHANNELS:
            raise Conflict(f"一个投票最多{MOST_CHANNELS}个渠道。")
        channel = Channel(poll_id=poll.id, key=f"q{secrets.token_hex(3)}", name=_checked(session, poll, name, there))
        session.add(channel)
        record(ACT, audited(poll, f"：{channel.name}"), actor, fields=("name",))
        return channel.key


def rename_channel(slug: str, key: str, name: str, actor: Actor) -> None:
    """Call a channel by another name; its address and count stay. Raises InvalidInput, NotFound."""
    with transaction() as session:
        poll = poll_to_change(session, slug)
        channel = _channel(session, poll, key)
        others = select(Channel.name).where(Channel.poll_id == poll.id, Channel.id != channel.id)
        channel.name = _checked(session, poll, name, list(session.scalars(others)))
        record(ACT, audited(poll, f"：{channel.name}"), actor, fields=("name",))


def remove_channel(slug: str, key: str, actor: Actor) -> None:
    """Remove a channel that no ballot came by. Raises Conflict where some did, NotFound."""
    with transaction() as session:
        poll = poll_to_change(session, slug)
        channel = _channel(session, poll, key)
        counted = select(TurnoutChannel.hour).where(TurnoutChannel.poll_id == poll.id, TurnoutChannel.channel == key)
        if session.scalars(counted.limit(1)).first() is not None:
            raise Conflict("已经有选票从这个渠道来，不能删去，可以改名。")
        session.delete(channel)
        record(ACT, audited(poll, f"：{channel.name}"), actor)


def channel_picture(slug: str, key: str, kind: str, site: str) -> tuple[bytes, str]:
    """Return the QR picture of a channel's address, `kind` one of PICTURES, and the channel's name; raises NotFound."""
    found = _link(slug, key, site)
    if kind not in PICTURES:
        raise NotFound("没有这种图片。")
    picture = io.BytesIO()
    segno.make(found.address, error="m").save(picture, kind=kind, scale=_SCALE[kind], border=_BORDER)
    return picture.getvalue(), found.name


def follow_picture(slug: str, key: str, site: str) -> tuple[bytes, str]:
    """Return a PNG that leads into the account first and then to the poll by this channel, and the channel's name.

    Where the account may have no such codes it is the plain one. Raises NotFound.
    """
    name = _link(slug, key, site).name
    return qr_for(scene_of(slug, key), f"/polls/{slug}?from={key}"), name


def _link(slug: str, key: str, site: str) -> ChannelLink:
    found = next((channel for channel in channels_of(slug, site) if channel.key == key), None)
    if found is None:
        raise NotFound("没有这个渠道。")
    return found


def scene_of(slug: str, key: str) -> str:
    """Return what such a code is called; `channel_of` reads it back."""
    return f"{slug}:{key}"


def channel_of(scene: str) -> tuple[str, str] | None:
    """Return the slug and the channel's key of a scanned code, None for a code that is about something else."""
    slug, colon, key = scene.partition(":")
    return (slug, key) if colon else None


def _channel(session: Session, poll: Poll, key: str) -> Channel:
    channel = session.scalars(select(Channel).where(Channel.poll_id == poll.id, Channel.key == key)).one_or_none()
    if channel is None:
        raise NotFound("没有这个渠道。")
    return channel


def _checked(session: Session, poll: Poll, name: str, others: list[str]) -> str:
    """Return the name without blanks around it; turnout is not told by unit, so no channel is named after one."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInput(f"请填写渠道名称，最多{LONGEST_NAME}个字。", field="name")
    if name in {*others, *OWN_CHANNELS.values()}:
        raise InvalidInput(f"已经有“{name}”这个渠道。", field="name")
    for unit in session.scalars(select(Candidate.unit).where(Candidate.poll_id == poll.id).distinct()):
        if unit in name or name in unit:
            raise InvalidInput(f"“{unit}”是推荐单位。投票人数不按单位统计，请按张贴或发布的地方取名。", field="name")
    return name
