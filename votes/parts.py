"""The parts that this room's ways in share within one process."""

from dataclasses import dataclass

from flask import current_app

from votes.ballot_page import PageShelf
from votes.casting import BallotBox
from votes.limits import LimitKeeper
from votes.paper import PaperShelf
from votes.sources import SourceCounter
from votes.tally import RunningTally

EXTENSION = "votes"


@dataclass(frozen=True, slots=True)
class Parts:
    """What casting, counting and showing work with."""

    box: BallotBox
    tally: RunningTally
    shelf: PaperShelf
    pages: PageShelf
    sources: SourceCounter
    limits: LimitKeeper


def votes_parts() -> Parts:
    """Return the parts of the application that is being served."""
    found: Parts = current_app.extensions[EXTENSION]
    return found
