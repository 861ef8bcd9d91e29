"""What has to be done now and then in one process: erasing what is old, checking the trail, finishing what hangs."""

import itertools
import threading
from collections.abc import Callable

import structlog
from flask import Flask

from staff.approvals.requesting import expire_requests
from staff.audit.checking import keep_checkpoint
from staff.personal.running import run_daily
from votes.chat.keeping import drop_expired
from wechat.following.jobs import sync_daily
from wechat.jobs import look_after_promises
from wechat.sending.lost_news import ask_for_lost_news

log = structlog.get_logger(__name__)
MINUTE = 60.0  # seconds
CHORES: tuple[tuple[Callable[[], object], int], ...] = (
    (run_daily, 60),
    (keep_checkpoint, 60),
    (expire_requests, 60),
    (sync_daily, 60),
    (drop_expired, 60),
    (look_after_promises, 1),
    (ask_for_lost_news, 10),
)
"""What is to be done, and every how many minutes."""


def start_chores(app: Flask, stop: threading.Event) -> None:
    """Do beside this process's work what is due, until told to stop; a chore that fails keeps no other."""
    threading.Thread(target=_run, args=(app, stop), name="chores", daemon=True).start()


def _run(app: Flask, stop: threading.Event) -> None:
    for minute in itertools.count():
        for chore in (chore for chore, every in CHORES if minute % every == 0):
            try:
                with app.app_context():
                    chore()
            except Exception:
                log.exception("chore_failed", chore=chore.__name__)
        if stop.wait(MINUTE):
            return
