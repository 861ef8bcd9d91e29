"""What happens beside the web: promised pushes are finished, by a ring when one is ready, or when a look finds it."""

from foundation.queues import enqueue
from wechat.late_answers import finish, take_due


def finish_push(number: int) -> None:
    """Finish one promised push and send its answer."""
    finish(number)


def look_after_promises() -> None:
    """Ring for the promised pushes that whoever began them has not finished."""
    for number in take_due():
        enqueue(finish_push, number)
