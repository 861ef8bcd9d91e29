"""How many follow, and who came and left this week, as far as the service knows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from foundation.clock import SHANGHAI, database_now
from foundation.transaction import transaction
from wechat.models import Follower


@dataclass(frozen=True, slots=True)
class Figures:
    """Followers in all, and those who came or left since `since`, the Monday of this week."""

    followers: int
    came: int
    left: int
    since: datetime


def follower_figures() -> Figures:
    """Count the followers; whoever came and left within the week counts as left."""
    with transaction() as session:
        here = database_now(session).astimezone(SHANGHAI)
        monday = here.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=here.weekday())
        lately = Follower.changed_at >= monday
        follows = Follower.follows
        counted = select(
            func.count().filter(follows), func.count().filter(follows & lately), func.count().filter(~follows & lately)
        )
        row = session.execute(counted.select_from(Follower)).one()
    return Figures(row[0], row[1], row[2], monday)
