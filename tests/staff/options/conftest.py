"""A member who may set most options, and an administrator who may set all."""

import pytest
from flask import Flask

from staff.accounts import Account
from staff.actors import Actor
from staff.roles import Role
from tests.staff.factories_staff import Browser, actor_of, make_staff


@pytest.fixture
def clerk(app: Flask) -> Account:
    return make_staff()


@pytest.fixture
def administrator(app: Flask) -> Account:
    return make_staff("guanli", "示例管理员", Role.ADMINISTRATOR)


@pytest.fixture
def office(clerk: Account) -> Actor:
    return actor_of(clerk)


@pytest.fixture
def desk(app: Flask, clerk: Account) -> Browser:
    return Browser(app).signed_in_as(clerk)
