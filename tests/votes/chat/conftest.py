"""A phone in the chat, on an account that pushes in clear and may do nothing but answer."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from foundation.clock import utc_now
from tests.conftest import make_settings
from tests.votes.chat.dialogues import Phone, phone_of
from votes.chat.voting import EXTENSION
from votes.parts import votes_parts
from wechat.account import Account


@pytest.fixture
def account(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The weakest account there is; no ballot paper is known from another test."""
    made = Account(make_settings(wechat_message_mode="plain", wechat_capabilities="sub-unverified"), utc_now)
    monkeypatch.setitem(app.extensions, "wechat_account", made)
    app.extensions[EXTENSION].forget()
    for slug in ("demo", "other"):
        votes_parts().shelf.forget(slug)
    return made


@pytest.fixture
def phone(client: FlaskClient, account: Account) -> Phone:
    return phone_of(client, account)
