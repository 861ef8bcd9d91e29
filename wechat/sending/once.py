"""One-time subscriptions: a page of the platform asks a reader to allow one message, follower or not.

The openid with which their browser comes back says where a message may go. It is no identity: anybody can write any
openid into an address, and `reserved`, which works once, only proves that this answer belongs to a question of ours.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import delete, select

from foundation.clock import database_now
from foundation.errors import InvalidInput, NotFound
from foundation.transaction import transaction
from foundation.web import safe_path
from wechat.account import current_account
from wechat.errors import RecipientBlocked, RecipientRefused, WeChatError
from wechat.sending.delivering import Answer, deliver
from wechat.sending.ledger import Job, Order, find_job
from wechat.sending.models import OnceConsent
from wechat.sending.permission import permitted
from wechat.sending.recipients import UNKNOWN_OPENID, note_answer, recipient_digest, stop_if_marked

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


def send_once(consent: int, title: str, content: str, url: str = "") -> Job:
    """Send the one message of a consent, which is then used up and its openid deleted.

    Not to be called inside a transaction. `title` up to 15 characters, `content` up to 200. Sending it again never
    brings a second message: the platform takes one per consent. Raises InvalidInput, NotFound for a consent that is
    used up, WeChatError.
    """
    account = permitted("once_subscription")
    _check(title, content)
    key = f"once-{consent}"
    found = _consent(consent)
    if found is None:
        return find_job(key)
    openid, template_id, scene = found
    stop_if_marked(openid, template_id)
    message: dict[str, Any] = {
        "touser": openid,
        "template_id": template_id,
        "scene": str(scene),
        "title": title,
        "data": {"content": {"value": content}},
    }
    if url:
        message["url"] = url
    tried_before = _is_planned(key)

    def call() -> Answer:
        try:
            return account.client.write(SEND_PATH, message)
        except RecipientRefused:
            if tried_before:
                # The consent is spent, by the message of which no answer came.
                return {}
            raise

    try:
        job = deliver(Order(key, "once"), call)
    except WeChatError as error:
        _note_failure(consent, openid, template_id, error)
        raise
    _use_up(consent)
    return job


def _check(title: str, content: str) -> None:
    if not 1 <= len(title) <= TITLE_CHARACTERS:
        raise InvalidInput(f"标题要有1到{TITLE_CHARACTERS}个字。", field="title")
    if not 1 <= len(content) <= CONTENT_CHARACTERS:
        raise InvalidInput(f"内容要有1到{CONTENT_CHARACTERS}个字。", field="content")


def _consent(consent: int) -> tuple[str, str, int] | None:
    with transaction() as session:
        columns = select(OnceConsent.openid, OnceConsent.template_id, OnceConsent.scene)
        row = session.execute(columns.where(OnceConsent.id == consent)).one_or_none()
    return None if row is None or row.openid is None else (row.openid.decode(), row.template_id, row.scene)


def _is_planned(key: str) -> bool:
    try:
        return find_job(key).state == "planned"
    except NotFound:
        return False


def _note_failure(consent: int, openid: str, template_id: str, error: WeChatError) -> None:
    """Drop a consent that can bring no message any more, and keep what the platform says about the person."""
    if not isinstance(error, RecipientRefused):
        note_answer(openid, template_id, error)
    if isinstance(error, RecipientRefused | RecipientBlocked) or error.errcode == UNKNOWN_OPENID:
        _use_up(consent)


def _use_up(consent: int) -> None:
    with transaction() as session:
        session.execute(delete(OnceConsent).where(OnceConsent.id == consent))


def _reserved_digest(reserved: str) -> bytes:
    return current_account().digest("once", reserved)
