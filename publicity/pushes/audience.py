"""Whom a push is for, written into its ledger lot by lot: whoever plans keeps no list, and may be killed at any point.

Never by who has voted: nothing here knows of ballots.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.transaction import transaction
from publicity.pushes.channels import Audience, Channel
from publicity.pushes.choices import CONSENTS
from publicity.pushes.standing import Standing, locked
from wechat.followers import follower_digest
from wechat.following.tags import tagged
from wechat.forgetting import person_digest
from wechat.models import AnsweredPush, Follower

LOT = 2_000
TAG_LOT = 1_000
WINDOW = timedelta(hours=48)
"""For how long after somebody wrote they may be written to; of as much of it as the inbox remembers."""

_ALL = """
WITH lot AS (
    SELECT id FROM follower WHERE id > %(after)s AND follows AND openid IS NOT NULL ORDER BY id LIMIT %(most)s
), planned AS (
    INSERT INTO push_delivery (push_id, follower_id) SELECT %(push)s, id FROM lot ORDER BY id
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM planned), (SELECT max(id) FROM lot)
"""
_CONSENTS = """
WITH lot AS (
    SELECT id, digest FROM once_consent
    WHERE id > %(after)s AND purpose = %(purpose)s AND openid IS NOT NULL ORDER BY id LIMIT %(most)s
), planned AS (
    INSERT INTO push_delivery (push_id, consent_id)
    SELECT %(push)s, lot.id FROM lot
    WHERE NOT EXISTS (SELECT 1 FROM once_consent AS older
                      WHERE older.digest = lot.digest AND older.purpose = %(purpose)s AND older.id < lot.id)
    ORDER BY lot.id ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM planned), (SELECT max(id) FROM lot)
"""
_SOME = """
WITH planned AS (
    INSERT INTO push_delivery (push_id, follower_id)
    SELECT %(push)s, id FROM follower
    WHERE follows AND openid IS NOT NULL AND (id = ANY(%(ids)s) OR digest = ANY(%(digests)s))
    ORDER BY id ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*) FROM planned
"""

Lot = tuple[int, int | None]
"""How many were planned, and up to which row; None where there was none any more."""

Beat = Callable[[], None]


def plan_some(push: Standing, beat: Beat, seconds: float) -> bool:
    """Write deliveries of a push that is being planned, and tell whether all are there; `beat` is called now and then.

    It stops after some seconds where it can go on later: only the members of a tag, whom the platform tells page by
    page, are all planned at once. May be called again at any point, and by several; not to be called inside a
    transaction. Raises WeChatError where the platform does not tell who has the tag.
    """
    ends = math.inf if _by_tag(push) else time.monotonic() + seconds
    for _ in _tag_lots(push) if _by_tag(push) else _own_lots(push):
        beat()
        if time.monotonic() > ends:
            return False
    return True


def _by_tag(push: Standing) -> bool:
    return push.channel != Channel.ONCE and push.audience != Audience.ALL


def _own_lots(push: Standing) -> Iterator[None]:
    """Go on behind the last lot that anybody planned."""
    plan_lot = _LOTS[Channel(push.channel)]
    while _plan_next(push, plan_lot):
        yield


def _plan_next(push: Standing, plan_lot: Callable[[Session, int, int], Lot]) -> bool:
    with transaction() as session:
        row = locked(session, push.key)
        if row.state != "planning":
            return False
        planned, last = plan_lot(session, row.id, row.planned_after)
        if last is None:
            return False
        row.planned_after, row.total = last, row.total + planned
    return True


def _followers(session: Session, push: int, after: int) -> Lot:
    return _lot(session, _ALL, push=push, after=after, most=LOT)


def _consents(session: Session, push: int, after: int) -> Lot:
    return _lot(session, _CONSENTS, push=push, after=after, most=LOT, purpose=CONSENTS)


def _talkers(session: Session, push: int, after: int) -> Lot:
    """Plan those of a lot who wrote to the account lately, as far as the inbox remembers that they got an answer.

    The two know a person by different digests, which only the openid brings together.
    """
    since = database_now(session) - WINDOW
    if session.scalar(select(AnsweredPush.id).where(_wrote(since)).limit(1)) is None:
        return 0, None
    query = select(Follower.id, Follower.openid).where(Follower.id > after, Follower.follows)
    people = session.execute(query.order_by(Follower.id).limit(LOT)).all()
    if not people:
        return 0, None
    digests = {person_digest((row.openid or b"").decode()): row.id for row in people}
    open_windows = select(AnsweredPush.person).distinct().where(_wrote(since), AnsweredPush.person.in_(digests))
    ids = [digests[person] for person in session.scalars(open_windows) if person]
    return _some(session, push, ids=ids), people[-1].id


def _wrote(since: Any) -> Any:
    # Events of the platform's own, of which a person knows nothing, have no answer.
    return (AnsweredPush.received_at > since) & AnsweredPush.answer.is_not(None)


_LOTS: Mapping[Channel, Callable[[Session, int, int], Lot]] = MappingProxyType(
    {Channel.TEMPLATE: _followers, Channel.ONCE: _consents, Channel.CUSTOMER: _talkers}
)


def _tag_lots(push: Standing) -> Iterator[None]:
    """Go through the members of the tag from the first; who is planned already is not planned twice."""
    openids = tagged(push.tag_number or 0)
    while lot := list(islice(openids, TAG_LOT)):
        with transaction() as session:
            row = locked(session, push.key)
            if row.state != "planning":
                return
            row.total += _some(session, row.id, digests=[follower_digest(openid) for openid in lot])
        yield


def _some(session: Session, push: int, *, ids: Iterable[int] = (), digests: Iterable[bytes] = ()) -> int:
    values = {"push": push, "ids": list(ids), "digests": list(digests)}
    planned: int = session.connection().exec_driver_sql(_SOME, values).scalar_one()
    return planned


def _lot(session: Session, statement: str, **values: Any) -> Lot:
    row = session.connection().exec_driver_sql(statement, values).one()
    return row[0], row[1]
