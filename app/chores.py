"""What has to be done now and then in one process: erasing what is kept no longer, checking the audit trail."""

import threading
from collections.abc import Callable

import structlog
from flask import Flask

from staff.audit.checking import keep_checkpoint
from staff.personal.running import run_daily

log = structlog.get_logger(__name__)
HOUR = 3_600.0  # seconds
CHORES: tuple[Callable[[], object], ...] = (run_daily, keep_checkpoint)


def start_chores(app: Flask, stop: threading.Event) -> None:
    """Do every hour beside this process's work what is due, until told to stop; a chore that fails keeps no other."""
    threading.Thread(target=_run, args=(app, stop), name="chores", daemon=True).start()


def _run(app: Flask, stop: threading.Event) -> None:
    while True:
        for chore in CHORES:
            try:
                with app.app_context():
                    chore()
            except Exception:
                log.exception("chore_failed", chore=chore.__name__)
        if stop.wait(HOUR):
            return
