"""People of each role, and the administrator's browser."""

import pytest
from flask import Flask

from staff.accounts import Account
from staff.actors import Actor
from staff.roles import Role
from tests.staff.factories_staff import Browser, actor_of, make_staff


@pytest.fixture
def administrator(app: Flask) -> Account:
    return make_staff("guanli", "示例管理员", Role.ADMINISTRATOR)


@pytest.fixture
def admin(administrator: Account) -> Actor:
    return actor_of(administrator)


@pytest.fixture
def second(app: Flask) -> Account:
    """Another administrator."""
    return make_staff("guanlier", "示例管理员乙", Role.ADMINISTRATOR)


@pytest.fixture
def leader(app: Flask) -> Account:
    return make_staff("lingdao", "示例部领导", Role.LEADER)


@pytest.fixture
def office(app: Flask) -> Account:
    return make_staff()


@pytest.fixture
def console(app: Flask, administrator: Account) -> Browser:
    """The browser at which the administrator has signed in."""
    return Browser(app).signed_in_as(administrator)
