"""What is reported of a notice's pushes: over which channel, to whom, when, and how many were reached."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from foundation.transaction import transaction
from publicity.pushes.channels import CHANNEL_NAMES, Channel, audience_words
from publicity.pushes.models import Push
from publicity.pushes.progress import by_state, counts_of, repeats_of
from publicity.pushes.standing import find_push


@dataclass(frozen=True, slots=True)
class PushFigures:
    """One push; `reached` were sent and nobody said that they did not arrive, `failed` are all others it was for.

    `repeats` left again while nobody knew whether they had arrived; the platform drops the second.
    """

    channel: str
    audience: str
    version: int
    state: str
    begun_at: datetime | None
    ended_at: datetime | None
    total: int
    reached: int
    delivered: int
    refused: int
    blocked: int
    unfollowed: int
    failed: int
    unknown: int
    repeats: int


def pushes_of_notice(notice_id: int) -> tuple[PushFigures, ...]:
    """Return the pushes of a notice that were begun, the first first."""
    with transaction() as session:
        query = select(Push).where(Push.notice_id == notice_id, Push.begun_at.is_not(None)).order_by(Push.begun_at)
        return tuple(_figures(push) for push in session.scalars(query))


def _figures(push: Push) -> PushFigures:
    with transaction() as session:
        states = by_state(counts_of(session, find_push(push.key)))
        repeats = repeats_of(session, push.id)
    return PushFigures(
        channel=CHANNEL_NAMES[Channel(push.channel)],
        audience=audience_words(push.channel, push.audience, push.tag_name),
        version=push.version_number,
        state=push.state,
        begun_at=push.begun_at,
        ended_at=push.ended_at,
        total=max(push.total, sum(states.values())),
        reached=states["sent"] + states["delivered"],
        delivered=states["delivered"],
        refused=states["refused"],
        blocked=states["blocked"],
        unfollowed=states["unfollowed"],
        failed=states["failed"],
        unknown=states["unknown"],
        repeats=repeats,
    )
