"""Who follows the account: what the newest event said, and for those of whom none came, what the platform says."""

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from wechat.account import current_account
from wechat.client import Following
from wechat.errors import WeChatError
from wechat.forgetting import forget_person
from wechat.messages import Push
from wechat.models import Follower

log = structlog.get_logger(__name__)


def note_event(push: Push) -> None:
    """Keep what a subscribe or unsubscribe event says, unless a newer one said otherwise.

    Events may arrive in any order, so their CreateTime decides, and in one second leaving wins. Whoever leaves is
    forgotten by every room, but for a digest here: the platform asks that their data be deleted.

    Where the platform cannot be asked who follows, whoever writes or presses a menu button does: nobody else can.
    """
    if _shows_following(push) and not current_account().may("users"):
        with transaction() as session:
            _note(session, push.openid, Following(True, push.sent_at))
    if push.kind == "event" and push.event in ("subscribe", "unsubscribe"):
        following = Following(push.event == "subscribe", push.sent_at)
        with transaction() as session:
            if _note(session, push.openid, following) and not following.follows:
                forget_person(session, push.openid)


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


def _shows_following(push: Push) -> bool:
    return push.kind != "event" or push.event in ("CLICK", "VIEW", "SCAN")


def _note(session: Session, openid: str, following: Following) -> bool:
    """Keep what was said, and tell whether it was news."""
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
    noted = new.on_conflict_do_update(index_elements=["digest"], set_=values, where=newer).returning(Follower.id)
    return session.execute(noted).scalar_one_or_none() is not None


def follower_digest(openid: str) -> bytes:
    """Return by what a follower is found."""
    return current_account().digest("follower", openid)
