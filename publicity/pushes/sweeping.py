"""What looks after pushes every few seconds: by SQL alone it finds what is due, what hangs, and what is over.

It may run in several processes at once, and whatever it rings for may run twice.
"""

from foundation.transaction import transaction
from publicity.pushes.channels import Channel
from publicity.pushes.ending import settle
from publicity.pushes.jobs import ring_for_senders, ring_for_start
from publicity.pushes.ledger import expire, has_due
from publicity.pushes.planning import settle_job
from publicity.pushes.standing import Standing, find_due, find_under_way, find_with_dead_leases, resume_due


def sweep() -> None:
    """Give back what dead senders held, let rested pushes go on, ring for what is due, and end what is done."""
    with transaction() as session:
        resume_due(session)
    for push in find_with_dead_leases():
        with transaction() as session:
            expire(session, push.id, Channel(push.channel))
        settle(push)
    for push in find_due():
        ring_for_start(push)
    for push in find_under_way():
        _look_after(push)


def _look_after(push: Standing) -> None:
    if not push.per_follower:
        if not settle_job(push):
            ring_for_start(push)
        return
    with transaction() as session:
        due = has_due(session, push.id)
    if due:
        ring_for_senders(push)
    elif push.state == "running":
        settle(push)
