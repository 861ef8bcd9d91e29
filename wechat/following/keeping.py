"""Followers as a page of the platform's list shows them, kept beside what events said; the newer word wins."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, CursorResult, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from wechat.account import current_account
from wechat.farewells import has_left_since
from wechat.followers import follower_digest
from wechat.following.pages import FollowerInfo, lots, read_infos
from wechat.forgetting import forget_person
from wechat.models import Follower

LOT = 1_000
GONE_LOT = 200


def keep_page(openids: Sequence[str], run: int, beat: Callable[[], None]) -> None:
    """Keep that these people follow, and that round `run` met them.

    Whoever is not known as a follower is asked about, so that the moment they began is the platform's own and an event
    that says they left since wins. Whoever left our pages and had everything deleted is not written down again as
    long as that is known. Calls `beat` now and then; asks the platform, so it is not to be called inside a transaction;
    may be repeated.
    """
    for lot in lots(openids, LOT):
        digests = {follower_digest(openid): openid for openid in lot}
        with transaction() as session:
            query = select(Follower.digest).where(Follower.digest.in_(digests), Follower.follows)
            known = set(session.scalars(query))
        strangers = [openid for digest, openid in digests.items() if digest not in known]
        infos = [info for info in read_infos(current_account().client, strangers) if _is_to_be_kept(info)]
        with transaction() as session:
            _keep(session, infos)
            met = update(Follower).where(Follower.digest.in_(digests), Follower.follows)
            session.execute(met.values(seen_in=run).execution_options(synchronize_session=False))
        beat()


def forget_gone(run: int, before: datetime) -> int:
    """Mark those whom round `run` did not meet as not following, forget who they are, and count them.

    Only who followed before `before` counts as gone: whoever came since may stand on a page that was read already.
    """
    gone = 0
    while True:
        with transaction() as session:
            query = select(Follower.id, Follower.openid).where(_is_missed(run, before)).limit(GONE_LOT)
            people = session.execute(query.with_for_update(skip_locked=True)).all()
            for _, openid in people:
                forget_person(session, (openid or b"").decode())
            gone += _mark_gone(session, [row[0] for row in people], before)
        if not people:
            return gone


def _keep(session: Session, infos: Sequence[FollowerInfo]) -> None:
    if not infos:
        return
    rows = [
        {
            "digest": follower_digest(info.openid),
            "openid": info.openid.encode(),
            "follows": True,
            "changed_at": info.since,
        }
        for info in infos
    ]
    new = insert(Follower)
    said = new.excluded
    values = {"openid": said.openid, "follows": said.follows, "changed_at": said.changed_at}
    newer = Follower.changed_at < said.changed_at
    # Through the connection, for the session would keep all of them in mind.
    session.connection().execute(new.on_conflict_do_update(index_elements=["digest"], set_=values, where=newer), rows)


def _is_to_be_kept(info: FollowerInfo) -> bool:
    return info.follows and not has_left_since(info.openid, int(info.since.timestamp()))


def _is_missed(run: int, before: datetime) -> ColumnElement[bool]:
    return and_(Follower.follows, Follower.seen_in.is_distinct_from(run), Follower.changed_at < before)


def _mark_gone(session: Session, ids: Sequence[int], at: datetime) -> int:
    gone = update(Follower).where(Follower.id.in_(ids), Follower.follows)
    values = {"follows": False, "openid": None, "changed_at": at}
    done = session.execute(gone.values(values).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)  # noqa: S101  # what an UPDATE gives
    return done.rowcount
