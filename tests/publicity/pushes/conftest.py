"""The service and its platform, the sandbox, for pushes: on a Monday of 2017 by the database."""

import pytest

from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY
from tests.wechat.conftest import link, world
from tests.wechat.sending.conftest import Platform, platform

__all__ = ["link", "platform", "world"]


@pytest.fixture
def monday(platform: Platform, database_clock: DatabaseClock) -> Platform:
    """The platform, while the database shows 9:00 of a week without days off."""
    database_clock.set(MONDAY)
    return platform
