"""The room put together: what the factory calls to have WeChat in the application."""

from flask import Flask

import wechat.acts  # noqa: F401  # declares what staff may do with the account
from config import Settings
from foundation.clock import Clock, utc_now
from staff.navigation import OWN_GROUP, add_navigation
from wechat import console, link_views, share_views, troubles_console, views
from wechat.account import init_account
from wechat.answering import init_answering
from wechat.cli import wechat_commands
from wechat.doctor import console as doctor_console
from wechat.farewells import init_farewells
from wechat.following import console as following_console
from wechat.forgetting import init_forgetting, offer_forgetting
from wechat.inbox import init_inbox
from wechat.keywords import read_push
from wechat.links import forget_links
from wechat.menu import init_menu
from wechat.offers import init_offers
from wechat.replies import greet, help_out
from wechat.sending.room import register_sending
from wechat.takeover import console as takeover_console


def register_wechat(app: Flask, clock: Clock = utc_now) -> None:
    """Add the account, its ways in and its page in the console; other rooms' handlers and entries come after.

    Database, Redis, encryption and the staff's console must be there.
    """
    settings: Settings = app.config["SETTINGS"]
    init_account(app, settings, clock)
    init_farewells(app)
    init_forgetting(app)
    offer_forgetting(app, forget_links)
    init_inbox(app, read_push, greet, help_out)
    init_answering(app)
    init_offers(app)
    init_menu(app)
    register_sending(app)
    for module in (views, link_views, console, troubles_console, share_views):
        app.register_blueprint(module.blueprint)
    for module in (takeover_console, following_console, doctor_console):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(views.callback)
    app.cli.add_command(wechat_commands)
    add_navigation(app, OWN_GROUP, "公众号设置", "wechat_console.account", "wechat.see")
