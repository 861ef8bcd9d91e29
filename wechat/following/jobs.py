"""The job that goes through the followers; it may run again at any point."""

from foundation.queues import enqueue
from wechat.following.syncing import carry_on, sync_when_due

TIMEOUT = 3_600  # seconds; what is left is done by the next


def sync_followers(key: str) -> None:
    """Go on with the round `key`, unless it ended already."""
    carry_on(key)


def ring_for_sync(key: str) -> None:
    """Have a worker go on with the round `key`."""
    enqueue(sync_followers, key, timeout=TIMEOUT)


def sync_daily() -> None:
    """Begin the day's round where it is due; asked every hour."""
    sync_when_due(ring_for_sync)
