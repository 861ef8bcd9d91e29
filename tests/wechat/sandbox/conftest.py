"""A running sandbox for each test that asks for one."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from .platform import MakePlatform, Platform, running


@pytest.fixture
def platform() -> Iterator[Platform]:
    with running() as made:
        yield made


@pytest.fixture
def make_platform() -> Iterator[MakePlatform]:
    with ExitStack() as stack:

        def make(**settings: Any) -> Platform:
            return stack.enter_context(running(**settings))

        yield make
