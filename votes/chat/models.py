"""Votes under way in the chat, until their receipt."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment
from foundation.encryption import EncryptedBytes


class ChatBallot(Base):
    """What a voter has chosen so far in a poll; without a poll, the question in which of several they want to vote.

    `voter` is a keyed digest. `state` holds choices and nonce, which leads to the ballot, so both rest encrypted.
    """

    __tablename__ = "chat_ballot"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    voter: Mapped[bytes] = mapped_column(LargeBinary)
    poll_id: Mapped[int | None] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"), index=True)
    state: Mapped[bytes] = mapped_column(EncryptedBytes("chat_ballot.state"))
    touched_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        UniqueConstraint(
            "voter", "poll_id", name="one_chat_ballot_per_voter_and_poll", postgresql_nulls_not_distinct=True
        ),
        Index("chat_ballots_by_time", "touched_at"),
    )
