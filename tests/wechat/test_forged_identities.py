"""Nobody votes as somebody else, by any of the ways in the table; the trials try each many times more."""

from collections.abc import Iterator

import pytest

from foundation.embedded.servers import Connections
from tests.conftest import empty
from tests.wechat.forgeries import FORGERIES, REFUSED, Ground, forging_ground, genuine_ballots


@pytest.fixture(scope="module")
def ground(connections: Connections) -> Iterator[Ground]:
    with forging_ground(connections) as made:
        yield made
    empty(connections)


@pytest.mark.parametrize("name", FORGERIES)
def test_no_forged_ballot_is_taken(ground: Ground, name: str) -> None:
    assert FORGERIES[name](ground) in REFUSED
    assert ground.ballots() == []


def test_on_the_same_ground_honest_ballots_are_taken(ground: Ground) -> None:
    assert genuine_ballots(ground) == sorted(ground.ballots())
