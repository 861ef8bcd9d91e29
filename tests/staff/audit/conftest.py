"""Those who look after the trail, and a second place for its checkpoints."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from config import Settings
from staff.accounts import Account
from staff.audit.checkpoints import FILE
from staff.roles import Role
from tests.staff.factories_staff import Browser, make_staff


@pytest.fixture
def supervisor(app: Flask) -> Account:
    return make_staff("jiandu", "示例监督员", Role.SUPERVISOR)


@pytest.fixture
def leader(app: Flask) -> Account:
    return make_staff("lingdao", "示例部领导", Role.LEADER)


@pytest.fixture
def watch(app: Flask, supervisor: Account) -> Browser:
    """A browser at which the supervisor has signed in."""
    return Browser(app).signed_in_as(supervisor)


@pytest.fixture
def second_place(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """Return where the checkpoints go; the folder is there, the file not yet."""
    settings: Settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"checkpoint_dir": tmp_path})
    yield tmp_path / FILE
    app.config["SETTINGS"] = settings
