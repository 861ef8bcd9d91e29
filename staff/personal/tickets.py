"""Links to files that hold for a quarter of an hour, in the browser session they were made for. Pure."""

import hmac
from datetime import UTC, datetime, timedelta
from enum import Enum

from foundation.web import token_for

HOLDS = timedelta(minutes=15)


class Ticket(Enum):
    """What a ticket is worth."""

    GOOD = "good"
    OLD = "old"
    FOREIGN = "foreign"
    """Forged, of another file, or of another session."""


def make_ticket(secret: str, key: str, browser: str, now: datetime) -> str:
    """Return the ticket for the file `key` that `browser`, something only one session has, may use from `now`."""
    until = int((now + HOLDS).timestamp())
    return f"{until}-{_mark(secret, key, browser, until)}"


def judge_ticket(secret: str, key: str, browser: str, ticket: str, now: datetime) -> Ticket:
    """Say what a ticket is worth for this file in this session at this moment."""
    stated, _, mark = ticket.partition("-")
    until = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 12 else 0
    genuine = bool(browser) and hmac.compare_digest(mark.encode(), _mark(secret, key, browser, until).encode())
    if not genuine:
        return Ticket.FOREIGN
    return Ticket.GOOD if now < datetime.fromtimestamp(until, UTC) else Ticket.OLD


def _mark(secret: str, key: str, browser: str, until: int) -> str:
    return token_for(secret, "download ticket", key, browser, str(until))
