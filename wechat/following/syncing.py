"""Bringing what we know of the followers up to the platform's list, page by page, by whichever process is at it."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from foundation.clock import database_now
from foundation.errors import AppError, NotAllowed
from foundation.transaction import transaction
from staff.actors import SYSTEM, Actor
from staff.audit import record
from wechat.account import current_account
from wechat.errors import QuotaReached, WeChatError
from wechat.following.keeping import forget_gone, keep_page
from wechat.following.pages import read_page
from wechat.following.runs import (
    Run,
    begin_run,
    find_run,
    go_on,
    latest_run,
    note_alive,
    note_end,
    note_page,
    note_stop,
    pages_today,
)

log = structlog.get_logger(__name__)
ACT = "wechat.sync"
PAGES_A_DAY = 500
EVERY = timedelta(days=1)
TRIED_AGAIN_AFTER = timedelta(hours=1)
CLOCKS_MAY_DIFFER = timedelta(minutes=5)
NO_SUCH_OPENID = 40003
INCOMPLETE = "微信给的名单不完整，所以没有把任何人记为取消关注。"
USED_UP = "今天向微信取名单的次数已经用完，明天会接着同步。"

Ring = Callable[[str], None]
"""Has a worker carry on with the round of a key, once the running transaction has committed."""

Tell = Callable[[Run], None]


def begin_sync(actor: Actor, ring: Ring) -> str:
    """Begin a round, or let the one that stopped go on; returns its key.

    Raises NotAllowed without the right "users", Conflict where one is moving.
    """
    if not current_account().may("users"):
        raise NotAllowed("这个公众号没有用户管理的权限，不能取得关注者名单。")
    run = latest_run()
    with transaction() as session:
        goes_on = run is not None and run.state != "done" and go_on(session, run.key)
        key = run.key if run and goes_on else begin_run(session, actor)
        record(ACT, "关注者名单", actor, fields=("follower",))
        ring(key)
    return key


def sync_when_due(ring: Ring) -> None:
    """Begin the day's round, or go on with one that stopped; the very first is begun by a person."""
    if not current_account().may("users"):
        return
    run = latest_run()
    if run is None:
        return
    with transaction() as session:
        now = database_now(session)
    rests = run.stalled or (run.state == "stopped" and now - run.moved_at >= TRIED_AGAIN_AFTER)
    if rests or (run.state == "done" and now - run.started_at >= EVERY):
        begin_sync(SYSTEM, ring)


def carry_on(key: str, tell: Tell | None = None) -> Run | None:
    """Do what is left of a round and return it as it ends; may run again at any point.

    What a person can be told ends up in its row, and so does anything else.
    """
    try:
        while (run := find_run(key)) and run.state == "running" and _do_page(run):
            moved = find_run(key)
            if tell and moved:
                tell(moved)
    except QuotaReached as error:
        note_stop(key, USED_UP if error.errcode != 45011 else error.message)
    except AppError as error:
        log.warning("follower_sync_stopped", error=error.code)
        note_stop(key, error.message)
    except Exception:
        log.exception("follower_sync_failed")
        note_stop(key, "同步时出错，已经取到的都留着。请接着同步；若再次失败，请联系系统维护人员。")
    return find_run(key)


def _do_page(run: Run) -> bool:
    """Fetch and keep a page; False where this round is not ours to go on with."""
    if pages_today() >= PAGES_A_DAY:
        raise QuotaReached(USED_UP)
    try:
        page = read_page(current_account().client, run.after)
    except WeChatError as error:
        if error.errcode != NO_SUCH_OPENID or not run.after:
            raise
        # Whoever the next page was to begin behind has left meanwhile.
        with transaction() as session:
            return note_page(session, run, after="", total=run.total, seen=0)
    keep_page(page.openids, run.id, lambda: note_alive(run))
    seen = run.seen + len(page.openids)
    if not page.after:
        _finish(run, total=page.total, seen=seen)
        return False
    with transaction() as session:
        return note_page(session, run, after=page.after, total=page.total, seen=seen)


def _finish(run: Run, *, total: int, seen: int) -> None:
    # A list that lacks people says nothing about who has left.
    complete = total - seen <= total // 100
    gone = forget_gone(run.id, run.started_at - CLOCKS_MAY_DIFFER) if complete else 0
    with transaction() as session:
        if note_page(session, run, after="", total=total, seen=seen):
            note_end(session, run, gone=gone, remark=None if complete else INCOMPLETE)
    log.info("follower_sync_done", seen=seen, gone=gone, complete=complete)
