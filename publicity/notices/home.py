"""Which notices stand on the home page: those whose period runs, and the latest of the others."""

from publicity.notices.kinds import Phase
from publicity.notices.reading import NoticeHead, public_notices, running_notices

LATEST = 3


def home_items() -> tuple[NoticeHead, ...]:
    """Return every notice whose period runs, and then the three latest of the others."""
    others = (notice for notice in public_notices().rows if notice.phase is not Phase.RUNNING)
    return (*running_notices(), *tuple(others)[:LATEST])
