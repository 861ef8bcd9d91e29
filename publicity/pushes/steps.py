"""The step of a push that takes two people: what is asked for, what the approver reads, and what then begins."""

from flask import url_for
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict
from foundation.queues import enqueue
from foundation.transaction import transaction
from publicity.notices.reading import public_notice
from publicity.pushes.channels import CHANNEL_NAMES, Channel, audience_words
from publicity.pushes.choices import quota_words, refuse_without_quota, refuse_without_readers, refuse_without_right
from publicity.pushes.composing import (
    SEND,
    check_start,
    checked,
    draft_row,
    notice_key_of,
    push_row,
    title_of,
)
from publicity.pushes.estimating import estimate_words
from publicity.pushes.jobs import start_push
from publicity.pushes.models import Push
from publicity.pushes.words import content_lines, start_words
from staff.actors import Actor, Consent
from staff.acts import ApprovedBy, Parameters
from staff.approvals.requesting import ApprovalRequest, request_approval
from staff.audit import record
from staff.roles import LEADERS


def request_push(key: str, revision: int | None, actor: Actor) -> ApprovalRequest:
    """Ask for a draft to be sent; raises NotFound, Conflict where it could not be now, InvalidInput for its start."""
    with transaction() as session:
        push = draft_row(session, key, revision)
        page = public_notice(notice_key_of(session, push))
        _refuse_unready(session, push)
        return request_approval(SEND, key, title_of(page, push.channel), actor)


def _refuse_unready(session: Session, push: Push) -> None:
    """Raise where the push could not be sent as it is: right, content, start, and what is left to send it with."""
    refuse_without_right(push.channel)
    checked(push.channel, push.content)
    check_start(session, push.starts_at)
    refuse_without_readers(push.channel, push.audience)
    refuse_without_quota(push.channel, push.key, push.starts_at)


def _send(key: str, _parameters: Parameters, consent: Consent) -> None:
    """Fix the version of the notice, and have the push begin: now, or when its time comes.

    One whose time passed while it waited begins at once.
    """
    with transaction() as session:
        push = push_row(session, key, lock=True)
        if push.state != "draft":
            raise Conflict("这条推送已经批准过了。")
        page, now = public_notice(notice_key_of(session, push)), database_now(session)
        refuse_without_right(push.channel)
        push.state, push.version_number = "approved", page.head.version
        push.approved_by, push.approved_at = consent.approver.member_id, now
        record(SEND, title_of(page, push.channel), consent.actor, fields=("state",))
        if push.starts_at is None or push.starts_at <= now:
            enqueue(start_push, push.key)


def _fingerprint(key: str) -> str:
    """Tell one condition of the push from another, and one version of its notice."""
    with transaction() as session:
        push = push_row(session, key)
        return f"{push.state} {push.revision} {public_notice(notice_key_of(session, push)).head.version}"


def _facts(key: str, _parameters: Parameters) -> list[tuple[str, str]]:
    with transaction() as session:
        push = push_row(session, key)
        page = public_notice(notice_key_of(session, push))
        facts = [
            ("公示公告", f"{page.head.title}（第{page.head.version}版）"),
            ("方式", CHANNEL_NAMES[Channel(push.channel)]),
            ("对象", audience_words(push.channel, push.audience, push.tag_name)),
            ("人数", estimate_words(push.channel, push.audience, push.tag_number)),
            *content_lines(push.channel, push.content),
            ("时间", start_words(push.starts_at, database_now(session))),
            ("次数", quota_words(push.channel)),
        ]
    return [fact for fact in facts if fact[1]]


def _page(key: str) -> str:
    return url_for("pushes.push_page", key=key)


SENDING = ApprovedBy(
    LEADERS,
    _send,
    _fingerprint,
    consequence="批准后，到时间就自动发出，没有定时间的立即发出。发出的消息收不回来；没发完的可以暂停或取消。",
    facts=_facts,
    page=_page,
)
