"""People who look after personal data, and the rules as the whole house declares them."""

import pytest
from flask import Flask

from staff.accounts import Account
from staff.roles import Role
from tests.staff.factories_staff import Browser, make_staff


@pytest.fixture
def administrator(app: Flask) -> Account:
    return make_staff("guanli", "示例管理员", Role.ADMINISTRATOR)


@pytest.fixture
def leader(app: Flask) -> Account:
    return make_staff("lingdao", "示例部领导", Role.LEADER)


@pytest.fixture
def admin_desk(app: Flask, administrator: Account) -> Browser:
    return Browser(app).signed_in_as(administrator)
