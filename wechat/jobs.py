"""What is done now and then: forgetting what was only kept for a while."""

from wechat.inbox import forget_old_pushes
from wechat.oauth import forget_old_attempts


def forget_what_is_old() -> None:
    """Delete day-old answers to pushes and sign-ins nobody came back from; may run at any time."""
    forget_old_pushes()
    forget_old_attempts()
