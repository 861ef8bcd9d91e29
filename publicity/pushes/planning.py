"""From an approved push to one that runs: what stands against it, whom it is for, and what the platform takes on."""

import structlog

from foundation.clock import database_now
from foundation.errors import AppError
from foundation.transaction import transaction
from publicity.pushes.audience import Beat, plan_some
from publicity.pushes.choices import refuse_without_quota, refuse_without_right
from publicity.pushes.outcomes import SHORT_REST, Stop
from publicity.pushes.senders.choosing import sender_of
from publicity.pushes.senders.platform import hand_over, job_key
from publicity.pushes.standing import (
    OUTDATED,
    UNDER_WAY,
    Standing,
    fail,
    fail_to_begin,
    find_push,
    finish,
    is_outdated,
    locked,
    move,
    note_total,
    stand_still,
)
from wechat.errors import QuotaReached, WeChatError
from wechat.sending.ledger import Job, find_job
from wechat.sending.retrying import retry_of

log = structlog.get_logger(__name__)
SLICE = 0.5  # seconds of planning, after which those who are planned already have their turn
NOBODY = "没有可以发送的人。"


def bring_on(key: str, beat: Beat) -> Standing | None:
    """Take an approved push whose time has come a step on; returns it where something of it can be sent now.

    While it is being planned what is there is sent already, and this is to be called again until it runs. May be called
    at any point, and by several at once; not to be called inside a transaction. What stands against the push for good
    ends it, and its row says so.
    """
    push = find_push(key)
    if push.state == "approved" and not _begin(push):
        return None
    push = find_push(key)
    if push.state == "planning":
        _plan(push, beat)
        push = find_push(key)
    return push if push.state in UNDER_WAY else None


def hand_to_platform(push: Standing) -> None:
    """Have the platform take a push on as one job, and end the push where the job has ended."""
    try:
        job = hand_over(push)
    except WeChatError as error:
        _stop_for(push, error)
    except AppError as error:
        fail(push.key, error.message)
    else:
        note_job(push, job)


def settle_job(push: Standing) -> bool:
    """End a push whose job with the platform has ended; False where the platform has not taken it on yet."""
    try:
        job = find_job(job_key(push.key))
    except AppError:
        return False
    note_job(push, job)
    return job.state != "planned" and not job.was_refused


def note_job(push: Standing, job: Job) -> None:
    """Keep what is known of the job: for how many it is, and how it ended."""
    if job.total is not None:
        note_total(push.key, job.total)
    if job.state == "finished":
        finish(push.key)
    elif job.state == "failed" and not job.was_refused:
        fail(push.key, f"微信没有发出（{job.raw}）。请到公众平台查看原因。")


def _begin(push: Standing) -> bool:
    """Begin, unless it is too early, or something stands against it."""
    try:
        with transaction() as session:
            row = locked(session, push.key)
            if row.state != "approved" or (row.starts_at and row.starts_at > database_now(session)):
                return False
            outdated = is_outdated(session, row.notice_id, row.version_number)
        if outdated:
            fail_to_begin(push.key, OUTDATED)
            return False
        if push.per_follower:
            sender_of(push)
        else:
            refuse_without_right(push.channel)
            refuse_without_quota(push.channel, push.key, None)
    except AppError as error:
        fail_to_begin(push.key, error.message)
        return False
    return move(push.key, "approved", "planning" if push.per_follower else "running")


def _plan(push: Standing, beat: Beat) -> None:
    try:
        if not plan_some(push, beat, SLICE):
            return
    except WeChatError as error:
        log.warning("push_not_planned", errcode=error.errcode)
        _stop_for(push, error)
        return
    if find_push(push.key).total:
        move(push.key, "planning", "running")
    else:
        fail(push.key, NOBODY)


def _stop_for(push: Standing, error: WeChatError) -> None:
    if retry_of(error) == "never":
        fail(push.key, error.message)
        return
    until = error.until if isinstance(error, QuotaReached) else None
    stand_still(push.key, Stop(error.message, until=until, seconds=SHORT_REST))
