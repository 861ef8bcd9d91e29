"""Sending put together: where readers come back to, what the platform tells of jobs, and forgetting people."""

from flask import Flask

import wechat.sending.personal_data  # noqa: F401  # declares how long recipients are remembered
from wechat.forgetting import offer_forgetting
from wechat.inbox import register_job_listener
from wechat.job_events import NEWS_EVENTS
from wechat.sending.news import note_news
from wechat.sending.recipients import forget_recipient
from wechat.sending.views import blueprint


def register_sending(app: Flask) -> None:
    app.register_blueprint(blueprint)
    for event in NEWS_EVENTS:
        register_job_listener(app, event, note_news)
    offer_forgetting(app, forget_recipient)
