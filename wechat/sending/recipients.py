"""Whom the platform told us not to write to again: not following, blocked, not willing, or nobody at all."""

from collections.abc import Collection
from typing import Literal

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.transaction import transaction
from wechat.account import current_account
from wechat.errors import InvalidArgument, NotAFollower, RecipientBlocked, RecipientRefused, WeChatError
from wechat.followers import follower_digest
from wechat.forgetting import forget_person
from wechat.models import Follower
from wechat.sending.models import OnceConsent, RecipientMark

log = structlog.get_logger(__name__)
Mark = Literal["blocked", "refused", "unknown"]
UNKNOWN_OPENID = 40003
_STOPS: dict[str, tuple[type[WeChatError], str]] = {
    "blocked": (RecipientBlocked, "对方在公众号的黑名单里，不再发送。"),
    "refused": (RecipientRefused, "对方不接收这类消息，不再发送。"),
    "unknown": (InvalidArgument, "微信说没有这个人，不再发送。"),
}


def stop_if_marked(openid: str, template_id: str) -> None:
    """Raise what the platform once answered for this person, instead of asking it again."""
    of_all_or_this = RecipientMark.template_id.in_(("", template_id))
    query = select(RecipientMark.mark).where(RecipientMark.digest == recipient_digest(openid), of_all_or_this)
    with transaction() as session:
        mark = session.scalars(query).first()
    if mark is not None:
        kind, sentence = _STOPS[mark]
        raise kind(sentence)


def marked_among(session: Session, openids: Collection[str], template_id: str) -> dict[str, Mark]:
    """Return those of many people to whom this template, or anything, is not to be sent any more, and why."""
    of_all_or_this = RecipientMark.template_id.in_(("", template_id))
    people = {recipient_digest(openid): openid for openid in openids}
    query = select(RecipientMark.digest, RecipientMark.mark).where(RecipientMark.digest.in_(people), of_all_or_this)
    found: dict[str, Mark] = {people[row.digest]: row.mark for row in session.execute(query)}
    return found


def note_answer(openid: str, template_id: str, error: WeChatError) -> None:
    """Keep what an error of the platform says about this person."""
    if isinstance(error, NotAFollower):
        note_gone(openid)
    elif isinstance(error, RecipientBlocked):
        mark_recipient(openid, "blocked")
    elif isinstance(error, RecipientRefused):
        mark_recipient(openid, "refused", template_id)
    elif error.errcode == UNKNOWN_OPENID:
        note_gone(openid)
        mark_recipient(openid, "unknown")


def mark_recipient(openid: str, mark: Mark, template_id: str = "") -> None:
    """Have nothing sent to this person from now on; what they refused is one template."""
    with transaction() as session:
        values = {"mark": mark, "noted_at": database_now(session)}
        new = insert(RecipientMark).values(digest=recipient_digest(openid), template_id=template_id, **values)
        session.execute(new.on_conflict_do_update(index_elements=["digest", "template_id"], set_=values))


def lift_refusal(openid: str, template_id: str) -> None:
    """Forget that this person refused a template: they accept it now."""
    with transaction() as session:
        session.execute(
            delete(RecipientMark).where(
                RecipientMark.digest == recipient_digest(openid), RecipientMark.template_id == template_id
            )
        )


def note_gone(openid: str) -> None:
    """Keep that this person does not follow the account; like others who left they are forgotten."""
    with transaction() as session:
        known = update(Follower).where(Follower.digest == follower_digest(openid), Follower.follows)
        session.execute(known.values(follows=False, openid=None, changed_at=database_now(session)))
        forget_person(session, openid)


def forget_recipient(session: Session, openid: str) -> None:
    """Delete what this room's sending keeps about somebody who left or asked for it."""
    for table in (RecipientMark, OnceConsent):
        session.execute(delete(table).where(table.digest == recipient_digest(openid)))


def recipient_digest(openid: str) -> bytes:
    return current_account().digest("recipient", openid)
