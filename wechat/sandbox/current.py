"""The platform of the application that is answering the present request, and the account that is meant."""

from typing import cast

from flask import Flask, current_app, g

from wechat.sandbox.errors import PhoneError
from wechat.sandbox.state.account import Account
from wechat.sandbox.world import World

NAME = "sandbox"


def world_of(app: Flask) -> World:
    return cast("World", app.extensions[NAME])


def current_world() -> World:
    return world_of(current_app)


def current_account() -> Account:
    """The account whose phone pages were asked for."""
    world = current_world()
    appid = g.get("appid")
    account = world.by_appid(appid) if appid else world.first
    if account is None:
        raise PhoneError(404, "unknown_account", "没有这个公众号")
    return account
