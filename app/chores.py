"""What has to be forgotten now and then, once an hour in one process."""

import threading

import structlog
from flask import Flask

from wechat.jobs import forget_what_is_old

log = structlog.get_logger(__name__)
HOUR = 3_600.0  # seconds


def start_chores(app: Flask, stop: threading.Event) -> None:
    """Do the chores now and then every hour beside this process's work, until told to stop."""
    threading.Thread(target=_run, args=(app, stop), name="chores", daemon=True).start()


def _run(app: Flask, stop: threading.Event) -> None:
    while True:
        try:
            with app.app_context():
                forget_what_is_old()
        except Exception:
            log.exception("chores_failed")
        if stop.wait(HOUR):
            return
