"""The room put together: what the factory calls to have WeChat in the application."""

from flask import Flask

import wechat.acts  # noqa: F401  # declares what staff may do with the account
from config import Settings
from foundation.clock import Clock, utc_now
from staff.navigation import OWN_GROUP, add_navigation
from wechat import console, views
from wechat.account import init_account
from wechat.cli import wechat_commands
from wechat.farewells import init_farewells
from wechat.inbox import init_inbox
from wechat.keywords import read_push
from wechat.menu import init_menu
from wechat.offers import init_offers
from wechat.replies import greet, help_out


def register_wechat(app: Flask, clock: Clock = utc_now) -> None:
    """Add the account, its ways in and its page in the console; other rooms' handlers and entries come after.

    Database, Redis, encryption and the staff's console must be there.
    """
    settings: Settings = app.config["SETTINGS"]
    init_account(app, settings, clock)
    init_farewells(app)
    init_inbox(app, read_push, greet, help_out)
    init_offers(app)
    init_menu(app)
    for blueprint in (views.blueprint, views.callback, console.blueprint):
        app.register_blueprint(blueprint)
    app.cli.add_command(wechat_commands)
    add_navigation(app, OWN_GROUP, "公众号设置", "wechat_console.account", "wechat.see")
