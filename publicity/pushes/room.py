"""Pushes put together: their acts, pages, and what the platform tells of deliveries."""

from flask import Flask

from publicity.notices.tabs import offer_notice_tab
from publicity.pushes.acts import SEE
from publicity.pushes.composing import COMPOSE
from publicity.pushes.console import blueprint
from publicity.pushes.news import JOBS_ENDED, TEMPLATE_ENDED, note_job_event, note_template_event
from publicity.pushes.personal_data import forget_follower
from staff.navigation import add_navigation
from wechat.forgetting import offer_forgetting
from wechat.inbox import register_job_listener


def register_pushes(app: Flask) -> None:
    """Add what the part offers to the application."""
    app.register_blueprint(blueprint)
    add_navigation(app, "公示", "推送", "pushes.pushes_page", SEE)
    offer_notice_tab(app, "推送", "/console/pushes/new?notice={}".format, COMPOSE, with_period=False)
    register_job_listener(app, TEMPLATE_ENDED, note_template_event)
    for event in JOBS_ENDED:
        register_job_listener(app, event, note_job_event)
    offer_forgetting(app, forget_follower)
