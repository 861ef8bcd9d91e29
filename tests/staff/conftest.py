"""A member of staff, a colleague, and browsers."""

import pytest
from flask import Flask

from staff.accounts import Account
from tests.staff.factories_staff import Browser, make_staff


@pytest.fixture
def member(app: Flask) -> Account:
    return make_staff()


@pytest.fixture
def colleague(app: Flask) -> Account:
    return make_staff("kezhang", "示例科长")


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def desk(app: Flask, member: Account) -> Browser:
    """A browser at which the member has signed in."""
    return Browser(app).signed_in_as(member)
