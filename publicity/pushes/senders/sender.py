"""What the engine asks of a channel over which everybody gets a message of their own."""

from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from sqlalchemy.orm import Session

from publicity.pushes.channels import Channel
from publicity.pushes.ledger import Answered, Claimed
from publicity.pushes.outcomes import Outcome
from wechat.client import Grant
from wechat.errors import WeChatError

R = TypeVar("R")


class Sender(Protocol, Generic[R]):
    """Sends the message of one push; `R` is whoever a delivery is for."""

    channel: Channel
    has_id: bool
    """Whether the platform knows a repeated message, for as long as the ledger's SURE_FOR says."""

    def permits(self, wanted: int) -> Grant:
        """Take the right to send up to `wanted` messages now."""

    def look_up(self, session: Session, deliveries: Sequence[Claimed]) -> Mapping[int, R | Outcome]:
        """Return for each delivery's id whom it is for, or how it ends without being sent."""

    def send(self, delivery: Claimed, recipient: R) -> str | None:
        """Send it and return the platform's number, if it gives one; by many threads. Raises WeChatError."""

    def note(self, recipient: R, error: WeChatError) -> None:
        """Keep what an error says about the person; not called inside a transaction."""

    def settle(self, session: Session, answers: Sequence[Answered]) -> None:
        """Do what belongs to the marking of answers, in its transaction."""
