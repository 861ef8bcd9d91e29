"""The gate's limits as staff set them while a poll runs."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from tests.factories import ballot_headers, make_poll, sign_in
from tests.staff.options.factories_options import questions, set_to
from votes.gate import Limits
from votes.limits import PER_ADDRESS, PER_POLL, PER_VOTER, limits_in_force
from votes.parts import votes_parts


@pytest.fixture
def voter(client: FlaskClient) -> FlaskClient:
    votes_parts().shelf.forget("demo")
    sign_in(client)
    return client


def cast(client: FlaskClient, nonce: str) -> int:
    """Send a ballot with a nonce of its own; returns the HTTP status."""
    body = {"choices": [1, 4], "nonce": nonce}
    return client.post("/polls/demo/ballots", json=body, headers=ballot_headers(client.application)).status_code


def test_without_a_change_the_environments_limits_hold(app: Flask, settings: Settings) -> None:
    assert limits_in_force() == Limits(settings.gate_per_voter, settings.gate_per_address, settings.gate_per_poll)


def test_what_staff_set_holds_instead(app: Flask) -> None:
    for option, limit in ((PER_VOTER, 5), (PER_ADDRESS, 600), (PER_POLL, 7_000)):
        set_to(option, limit)

    assert limits_in_force() == Limits(5, 600, 7_000)


def test_a_new_limit_holds_from_the_next_ballot_on(voter: FlaskClient) -> None:
    make_poll()
    before = [cast(voter, f"a-nonce-of-a-try-{number}") for number in range(7)]
    set_to(PER_VOTER, 5)

    assert before == [201] + [409] * 6
    assert cast(voter, "a-nonce-of-another-try") == 429


def test_ballots_cost_no_question_about_limits(voter: FlaskClient) -> None:
    make_poll()
    limits_in_force()

    with questions() as asked:
        answers = [cast(voter, f"a-nonce-of-a-try-{number}") for number in range(10)]

    assert (answers[0], len(asked)) == (201, 0)
