"""What a voter keeps: a code that says this ballot is in, and never what is on it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, func, select

from foundation.clock import local
from foundation.transaction import transaction
from votes.models import Ballot, Poll


@dataclass(frozen=True, slots=True)
class Receipt:
    """`number` and `proof` stay empty until the sequencer has been there."""

    code: str
    poll: str
    accepted_at: datetime
    number: int | None = None
    proof: str | None = None

    def as_json(self, public_url: str) -> dict[str, object]:
        """Write the receipt of the outer contract; the time is Asia/Shanghai's, to the microsecond the ledger holds."""
        return {
            "code": self.code,
            "poll": self.poll,
            "accepted_at": local(self.accepted_at).isoformat(timespec="microseconds"),
            "url": f"{public_url}/receipts/{self.code}",
            "number": self.number,
            "proof": self.proof,
        }


def find_receipt(code: str) -> Receipt | None:
    """Return the receipt with this code, or None."""
    with transaction() as session:
        return _receipt(session.execute(_query().where(Ballot.code == code)).first())


def own_receipt(poll_id: int, voter_tag: bytes) -> Receipt | None:
    """Return a voter's receipt of the period that is now by the database's clock; after closing, their last."""
    mine = _query().where(Ballot.poll_id == poll_id, Ballot.voter_tag == voter_tag)
    current = (Ballot.period == func.poll_period(Poll.period)) | (func.clock_now() >= Poll.closes_at)
    with transaction() as session:
        return _receipt(session.execute(mine.where(current).order_by(Ballot.period.desc()).limit(1)).first())


def _query() -> Select[str, str, datetime, int | None]:
    return select(Ballot.code, Poll.slug, Ballot.accepted_at, Ballot.number).join(Poll, Poll.id == Ballot.poll_id)


def _receipt(row: Row[str, str, datetime, int | None] | None) -> Receipt | None:
    return Receipt(row[0], row[1], row[2], row[3]) if row else None
