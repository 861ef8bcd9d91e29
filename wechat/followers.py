"""Who follows the account: what the newest event said, and for those of whom none came, what the platform says."""

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from wechat.account import current_account
from wechat.client import Following
from wechat.errors import WeChatError
from wechat.messages import Push
from wechat.models import Follower

log = structlog.get_logger(__name__)


def note_event(push: Push) -> None:
    """Keep what a subscribe or unsubscribe event says, unless a newer one said otherwise.

    Events may arrive in any order, so their CreateTime decides, and in one second leaving wins. Whoever leaves is
    forgotten but for a digest: the platform asks that their data be deleted.
    """
    if push.kind == "event" and push.event in ("subscribe", "unsubscribe"):
        with transaction() as session:
            _note(session, push.openid, Following(push.event == "subscribe", push.sent_at))


def follows(openid: str) -> bool | None:
    """Tell whether this person follows the account; None where nobody can say.

    May ask the platform and take seconds, so it is not to be called inside a transaction.
    """
    account = current_account()
    with transaction() as session:
        known = session.scalar(select(Follower.follows).filter_by(digest=follower_digest(openid)))
    if known is not None or not account.may("users"):
        return known
    try:
        following = account.client.following(openid)
    except WeChatError as error:
        log.warning("wechat_following_unknown", errcode=error.errcode)
        return None
    if following.follows:
        with transaction() as session:
            _note(session, openid, following)
    return following.follows


def _note(session: Session, openid: str, following: Following) -> None:
    new = insert(Follower).values(
        digest=follower_digest(openid),
        openid=openid.encode() if following.follows else None,
        follows=following.follows,
        changed_at=following.since,
    )
    said = new.excluded
    newer = or_(
        Follower.changed_at < said.changed_at,
        and_(Follower.changed_at == said.changed_at, Follower.follows, said.follows.is_(False)),
    )
    values = {"openid": said.openid, "follows": said.follows, "changed_at": said.changed_at}
    session.execute(new.on_conflict_do_update(index_elements=["digest"], set_=values, where=newer))


def follower_digest(openid: str) -> bytes:
    """Return by what a follower is found."""
    return current_account().digest("follower", openid)
