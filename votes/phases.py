"""Where a poll stands at a moment: its state, and for an approved one what the clock makes of it. Pure."""

from datetime import datetime
from enum import StrEnum


class Phase(StrEnum):
    """Draft, approved but not begun, taking ballots, over, certified."""

    DRAFT = "draft"
    NOT_OPEN = "not_open"
    OPEN = "open"
    CLOSED = "closed"
    CERTIFIED = "certified"


def phase_of(state: str, opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> Phase:
    """Say where a poll stands at `now`; a poll whose closing time has passed is closed before anybody marks it."""
    if state != "open" or opens_at is None or closes_at is None:
        return Phase(state)
    if now < opens_at:
        return Phase.NOT_OPEN
    return Phase.OPEN if now < closes_at else Phase.CLOSED


def ended_early(closed_at: datetime | None, closes_at: datetime | None) -> datetime | None:
    """Return when a poll ended, where that was before the time that was announced."""
    return closed_at if closed_at and closes_at and closed_at < closes_at else None
