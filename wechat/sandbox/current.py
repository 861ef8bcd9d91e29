"""The account of the application that is answering the present request."""

from typing import cast

from flask import Flask, current_app

from wechat.sandbox.account import Account

NAME = "sandbox"


def account_of(app: Flask) -> Account:
    return cast("Account", app.extensions[NAME])


def current_account() -> Account:
    return account_of(current_app)
