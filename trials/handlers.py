"""The service with two handlers of the trials' own: one whose effects can be counted, one that is blocked."""

import requests
from flask import Flask

import wsgi
from staff.actors import SYSTEM
from staff.audit import record
from wechat.account import current_account
from wechat.inbox import Push, TextReply, register_handler

COUNTED, SLOW = "计数", "慢"


def create_service() -> Flask:
    """Build the service for one web process, with the trials' handlers before its own."""
    app = wsgi.create_service()
    handlers = app.extensions["wechat_handlers"]
    handlers.offered.clear()
    register_handler(app, count)
    register_handler(app, ask_the_platform)
    return app


def count(push: Push) -> TextReply | None:
    """Have an effect that is one line in the trail for every time that it is had."""
    if not push.asks_for.startswith(COUNTED):
        return None
    record("trial.counted", push.asks_for, SYSTEM)
    return TextReply(f"记下了：{push.asks_for}")


def ask_the_platform(push: Push) -> TextReply | None:
    """Ask the platform without a time-out of one's own, and wait as long as it takes."""
    if not push.asks_for.startswith(SLOW):
        return None
    record("trial.counted", push.asks_for, SYSTEM)
    api = current_account().settings.wechat_api_url
    answer = requests.get(f"{api}/cgi-bin/user/info", params={"openid": push.openid}, timeout=60)
    return TextReply(f"平台答了：{answer.status_code}")
