"""What workers do for pushes: begin one, send a part of one. A job takes ids and may run again at any point."""

from functools import partial

from foundation.errors import AppError
from foundation.queues import enqueue
from publicity.pushes.ending import settle
from publicity.pushes.outcomes import Stop
from publicity.pushes.planning import bring_on, hand_to_platform
from publicity.pushes.pulse import Pulse
from publicity.pushes.senders.choosing import sender_of
from publicity.pushes.sending import carry
from publicity.pushes.standing import UNDER_WAY, Standing, find_push, stand_still

START = "start"
AT_ONCE = 4
"""So many jobs of one push send at the same time, where there are workers for them."""


def start_push(key: str) -> None:
    """Begin a push whose time has come, or go on with its beginning; nothing where it began already."""
    pulse = Pulse(find_push(key).id)
    pulse.beat(START)
    push = bring_on(key, partial(pulse.beat, START))
    if push is not None and not push.per_follower:
        hand_to_platform(push)
    pulse.end(START)
    if push is None or not push.per_follower:
        return
    ring_for_senders(push)
    if push.state == "planning":
        ring_for_start(push)


def send_deliveries(key: str, place: int) -> None:
    """Send several hundred messages of a push, and ring for whoever goes on in this place."""
    push, job = find_push(key), _name(place)
    pulse = Pulse(push.id)
    if push.state not in UNDER_WAY:
        pulse.end(job)
        return
    try:
        sender = sender_of(push)
    except AppError as error:
        pulse.end(job)
        stand_still(key, Stop(error.message))
        return
    carried = carry(push.id, sender, partial(pulse.beat, job))
    pulse.end(job)
    if carried.stop is not None:
        stand_still(key, carried.stop)
    elif carried.more:
        _ring_for_sender(push, place)
    settle(push)


def ring_for_start(push: Standing) -> None:
    """Have a worker begin a push, unless one is about to."""
    if Pulse(push.id).take(START):
        enqueue(start_push, push.key)


def ring_for_senders(push: Standing) -> None:
    """Have workers send, as many at once as there may be; whoever is at it already is not doubled."""
    for place in range(AT_ONCE):
        _ring_for_sender(push, place)


def _ring_for_sender(push: Standing, place: int) -> None:
    if Pulse(push.id).take(_name(place)):
        enqueue(send_deliveries, push.key, place)


def _name(place: int) -> str:
    return f"send-{place}"
