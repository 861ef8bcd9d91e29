"""The end of a push that goes to each follower by itself: when nothing is left, or when it was ended and some were."""

from foundation.transaction import transaction
from publicity.pushes.ledger import drop_waiting
from publicity.pushes.standing import ENDED, Standing, finish_if_drained, locked


def settle(push: Standing) -> None:
    """End a push of which nothing is left to send; of one that was ended meanwhile, drop what came back to wait."""
    if finish_if_drained(push.key):
        return
    with transaction() as session:
        if locked(session, push.key).state in ENDED:
            drop_waiting(session, push.id)
