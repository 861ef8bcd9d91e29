"""Objections put together: their acts, pages, terms of keeping."""

from flask import Flask

from foundation.keyvalue import keyvalue
from publicity.notices.tabs import offer_notice_tab
from publicity.objections.acts import SEE
from publicity.objections.console import register_console
from publicity.objections.gate import init_gate
from publicity.objections.personal_data import forget_reporter
from publicity.objections.replies import register_replies
from publicity.objections.views import blueprint
from wechat.forgetting import offer_forgetting


def register_objections(app: Flask) -> None:
    """Add what the part offers to the application."""
    with app.app_context():
        init_gate(app, keyvalue())
    app.register_blueprint(blueprint)
    register_console(app)
    offer_notice_tab(app, "反映情况", "/console/objections/?notice={}".format, SEE)
    register_replies(app)
    offer_forgetting(app, forget_reporter)
