"""What people do to a push under way: let it rest, go on, end it, and have sent again what can be."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict
from foundation.transaction import transaction
from publicity.notices.models import NoticeVersion
from publicity.pushes.channels import CHANNEL_NAMES, PER_FOLLOWER, Channel
from publicity.pushes.jobs import ring_for_senders, ring_for_start
from publicity.pushes.ledger import drop_waiting, wait_again
from publicity.pushes.models import Delivery, Push
from publicity.pushes.outcomes import may_be_retried
from publicity.pushes.senders.platform import job_key
from publicity.pushes.standing import OUTDATED, UNDER_WAY, find_push, goes_on, is_outdated, locked
from staff.actors import Actor
from staff.audit import record
from wechat.sending.models import SendingJob

CONTROL = "pushes.control"
BY_PLATFORM = "这种推送由微信统一发出，发出以后不能暂停或取消。"


def pause(key: str, actor: Actor) -> None:
    """Have nothing more sent for now; what is on its way arrives. Raises NotFound, Conflict where it does not run."""

    def change(_session: Session, push: Push) -> None:
        _need(push, *UNDER_WAY, words="这条推送现在没有在发送。")
        _need_own(push)
        push.state, push.error, push.resumes_at = "paused", "", None

    _change(key, actor, change)


def resume(key: str, actor: Actor) -> None:
    """Let it go on where it stopped; raises NotFound, Conflict where it does not rest or its notice has changed."""

    def change(session: Session, push: Push) -> None:
        _need(push, "paused", words="这条推送没有暂停。")
        _refuse_outdated(session, push)
        push.state = goes_on(push)
        push.error, push.resumes_at = "", None

    _change(key, actor, change)
    ring_for_start(find_push(key))


def cancel(key: str, actor: Actor) -> None:
    """End it: what was not sent yet will not be.

    Raises NotFound, Conflict where it is over or lies with the platform.
    """

    def change(session: Session, push: Push) -> None:
        _need(push, "approved", "paused", *UNDER_WAY, words="这条推送已经结束，不能取消。")
        if push.state == "running" or _lies_with_platform(session, push):
            _need_own(push)
        drop_waiting(session, push.id)
        push.state, push.ended_at, push.error, push.resumes_at = "cancelled", database_now(session), "", None

    _change(key, actor, change)


def retry(key: str, actor: Actor, *, unknown_too: bool = False) -> int:
    """Send again what failed and may succeed another time; returns how many that is.

    With `unknown_too` also that of which nobody knows whether it arrived, so that some people may get it twice.
    Raises NotFound, Conflict where it is not over, its notice has changed or there is nothing to send again.
    """
    again = 0

    def change(session: Session, push: Push) -> None:
        nonlocal again
        _need(push, "finished", words="发送完了的推送才能重发。")
        _need_own(push)
        _refuse_outdated(session, push)
        failed = select(Delivery.errcode).distinct().where(Delivery.push_id == push.id, Delivery.state == "failed")
        codes = [code for code in session.scalars(failed) if code is not None and may_be_retried(code)]
        again = wait_again(session, push.id, codes, unknown=unknown_too)
        if not again:
            raise Conflict("没有可以重发的。")
        push.state, push.ended_at = "running", None

    _change(key, actor, change)
    ring_for_senders(find_push(key))
    return again


def _change(key: str, actor: Actor, change: Callable[[Session, Push], None]) -> None:
    with transaction() as session:
        push = locked(session, key)
        change(session, push)
        record(CONTROL, _title(session, push), actor, fields=("state",))


def _title(session: Session, push: Push) -> str:
    of_version = (NoticeVersion.notice_id == push.notice_id) & (NoticeVersion.number == push.version_number)
    of_version &= NoticeVersion.state == "published"
    title = session.scalar(select(NoticeVersion.title).where(of_version))
    return f"{title}（{CHANNEL_NAMES[Channel(push.channel)]}）"


def _need(push: Push, *states: str, words: str) -> None:
    if push.state not in states:
        raise Conflict(words)


def _need_own(push: Push) -> None:
    if push.channel not in PER_FOLLOWER:
        raise Conflict(BY_PLATFORM)


def _lies_with_platform(session: Session, push: Push) -> bool:
    """Tell whether the platform has, or may have, what this push is: then nobody can say that nothing goes out."""
    if push.channel in PER_FOLLOWER:
        return False
    job = session.scalars(select(SendingJob).filter_by(key=job_key(push.key))).one_or_none()
    return job is not None and not (job.state == "failed" and job.number is None)


def _refuse_outdated(session: Session, push: Push) -> None:
    if is_outdated(session, push.notice_id, push.version_number):
        raise Conflict(OUTDATED)
