"""One-time subscriptions: a page of the platform asks a reader to allow one message, follower or not.

The openid with which their browser comes back says where a message may go. It is no identity: anybody can write any
openid into an address, and `reserved`, which works once, only proves that this answer belongs to a question of ours.
"""

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import InvalidInput
from foundation.transaction import transaction
from foundation.web import safe_path
from wechat.account import current_account
from wechat.client import Grant
from wechat.errors import RecipientRefused
from wechat.sending.models import OnceConsent
from wechat.sending.permission import permitted
from wechat.sending.recipients import recipient_digest

RETURN_PATH = "/wechat/once/return"
SEND_PATH = "message/template/subscribe"
ASKED_FOR = timedelta(hours=1)
MOST_SCENE, TITLE_CHARACTERS, CONTENT_CHARACTERS = 10_000, 15, 200
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Return:
    """Where a reader goes on after the platform's question, and whether they allowed the message."""

    path: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class Consent:
    """Whom one message may go to, and what they allowed: one of this template and scene."""

    openid: str = field(repr=False)
    template_id: str
    scene: int


def ask_once(purpose: str, template_id: str, scene: int, return_path: str) -> str:
    """Return the address of the platform's question for one reader; good for one answer within an hour.

    `purpose` is the caller's name for what the message will be about (up to 64 characters), `scene` 0 to 10,000:
    one consent of a person, template and scene allows one message, however often they say yes.
    """
    account = permitted("once_subscription")
    if not 0 <= scene <= MOST_SCENE:
        raise InvalidInput("场景值要在0到10000之间。", field="scene")
    reserved = secrets.token_urlsafe(24)
    with transaction() as session:
        session.add(
            OnceConsent(
                reserved=_reserved_digest(reserved),
                purpose=purpose,
                template_id=template_id,
                scene=scene,
                return_path=safe_path(return_path),
            )
        )
    query = {
        "action": "get_confirm",
        "appid": account.settings.wechat_appid,
        "scene": str(scene),
        "template_id": template_id,
        "redirect_url": account.site + RETURN_PATH,
        "reserved": reserved,
    }
    return f"{account.settings.wechat_mp_url.rstrip('/')}/mp/subscribemsg?{urlencode(query)}#wechat_redirect"


def take_answer(query: Mapping[str, str]) -> Return:
    """Take the answer that a reader's browser brings back; a `reserved` we did not give, or took, leads home."""
    with transaction() as session:
        now = database_now(session)
        asked = (
            (OnceConsent.reserved == _reserved_digest(query.get("reserved", "")))
            & OnceConsent.openid.is_(None)
            & (OnceConsent.asked_at > now - ASKED_FOR)
        )
        row = session.execute(select(OnceConsent).where(asked).with_for_update()).scalar_one_or_none()
        if row is None:
            return Return("/", accepted=False)
        openid = query.get("openid", "")
        same = query.get("template_id") == row.template_id and query.get("scene") == str(row.scene)
        accepted = same and query.get("action") == "confirm" and _OPENID.fullmatch(openid) is not None
        if accepted:
            row.digest, row.openid, row.accepted_at = recipient_digest(openid), openid.encode(), now
        else:
            session.delete(row)
        return Return(row.return_path, accepted)


def consents_of(purpose: str) -> tuple[int, ...]:
    """Return the ids of the consents that wait for their message, the oldest first."""
    with transaction() as session:
        waiting = (OnceConsent.purpose == purpose) & OnceConsent.openid.is_not(None)
        return tuple(session.scalars(select(OnceConsent.id).where(waiting).order_by(OnceConsent.id)))


class OnceMailing:
    """The one message of many consents, whose sender keeps the ledger.

    `title` up to 15 characters, `content` up to 200. Raises NotPermitted, InvalidInput.
    """

    def __init__(self, title: str, content: str, url: str, per_second: float) -> None:
        account = permitted("once_subscription")
        _check(title, content)
        self._message: dict[str, Any] = {"title": title, "data": {"content": {"value": content}}}
        if url:
            self._message["url"] = url
        self._line = account.client.line(SEND_PATH, per_second)

    def permits(self, wanted: int) -> Grant:
        """Take the right to send up to `wanted` messages now."""
        return self._line.permits(wanted)

    def send(self, consent: Consent, *, tried_before: bool) -> None:
        """Send the message of a consent; may be called by many threads.

        However often it is sent only one comes, for the platform takes one per consent: that it is spent, after a try
        of which no answer came, is success. Raises WeChatError.
        """
        to = {"touser": consent.openid, "template_id": consent.template_id, "scene": str(consent.scene)}
        try:
            self._line.write({**self._message, **to})
        except RecipientRefused:
            if not tried_before:
                raise


def find_consents(session: Session, ids: Collection[int]) -> dict[int, Consent]:
    """Return those of many consents that still wait for their message."""
    columns = select(OnceConsent.id, OnceConsent.openid, OnceConsent.template_id, OnceConsent.scene)
    rows = session.execute(columns.where(OnceConsent.id.in_(ids), OnceConsent.openid.is_not(None)))
    return {row.id: Consent(row.openid.decode(), row.template_id, row.scene) for row in rows}


def use_up(session: Session, ids: Collection[int]) -> None:
    """Delete consents whose message was sent, or can never be, and with them the openids.

    Whoever allowed the same more than once allowed one message, so the others go too.
    """
    allowed = (OnceConsent.digest, OnceConsent.template_id, OnceConsent.scene)
    used = select(*allowed).where(OnceConsent.id.in_(ids), OnceConsent.digest.is_not(None))
    gone = delete(OnceConsent).where(tuple_(*allowed).in_(used))
    session.execute(gone.execution_options(synchronize_session=False))


def _check(title: str, content: str) -> None:
    if not 1 <= len(title) <= TITLE_CHARACTERS:
        raise InvalidInput(f"标题要有1到{TITLE_CHARACTERS}个字。", field="title")
    if not 1 <= len(content) <= CONTENT_CHARACTERS:
        raise InvalidInput(f"内容要有1到{CONTENT_CHARACTERS}个字。", field="content")


def _reserved_digest(reserved: str) -> bytes:
    return current_account().digest("once", reserved)
