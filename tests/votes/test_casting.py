"""Casting: every answer of the table, and what it stands on."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from foundation.keyvalue import keyvalue
from foundation.transaction import transaction
from tests.conftest import DatabaseClock
from tests.factories import ballot_headers, make_poll, sign_in
from votes.models import Ballot, Candidate, Poll
from votes.parts import votes_parts
from votes.rules import unpack

NONCE = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


def cast(client: FlaskClient, choices: object = (1, 4), nonce: object = NONCE, slug: str = "demo") -> Any:
    """Send a ballot the way the page does, and return (HTTP status, body)."""
    headers = ballot_headers(client.application, slug)
    body = {"choices": list(choices) if isinstance(choices, tuple) else choices, "nonce": nonce}
    response = client.post(f"/polls/{slug}/ballots", json=body, headers=headers)
    return response.status_code, response.get_json()


def ballots_in_ledger() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Ballot)) or 0


@pytest.fixture(autouse=True)
def _fresh_papers(app: Flask) -> None:
    votes_parts().shelf.forget("demo")


@pytest.fixture
def voter(client: FlaskClient) -> FlaskClient:
    sign_in(client)
    return client


def test_a_ballot_is_accepted_once_it_is_committed(voter: FlaskClient) -> None:
    make_poll()

    status, body = cast(voter)

    with transaction() as session:
        ballot = session.scalars(select(Ballot)).one()
        accepted_at = ballot.accepted_at.astimezone(UTC)
    receipt = body["receipt"]
    assert (status, body["status"]) == (201, "accepted")
    assert receipt == {
        "code": ballot.code,
        "poll": "demo",
        "accepted_at": receipt["accepted_at"],
        "url": f"http://vote.example/receipts/{ballot.code}",
        "number": None,
        "proof": None,
    }
    assert datetime.fromisoformat(receipt["accepted_at"]) == accepted_at
    assert unpack(ballot.choices) == (1, 4)
    assert b"oVoter" not in ballot.voter_tag


def test_the_same_nonce_gets_the_same_receipt_byte_for_byte(voter: FlaskClient) -> None:
    make_poll()
    first = cast(voter)

    again = cast(voter)

    assert again == (200, {"status": "replayed", "receipt": first[1]["receipt"]})
    assert ballots_in_ledger() == 1


def test_another_nonce_of_the_same_voter_gets_the_first_receipt(voter: FlaskClient) -> None:
    make_poll()
    first = cast(voter)

    second = cast(voter, (2, 5), OTHER)

    assert second == (409, {"status": "already_voted", "receipt": first[1]["receipt"]})
    assert ballots_in_ledger() == 1


@pytest.mark.parametrize(
    ("choices", "reason", "award"),
    [
        ([1, 1], "duplicate", "十佳组织"),
        ([99], "unknown", None),
        ([1, 2, 3], "too_many", "十佳组织"),
        ([], "empty", None),
        ("1", "malformed", None),
        ([1, "2"], "malformed", None),
    ],
)
def test_an_invalid_choice_is_named(voter: FlaskClient, choices: object, reason: str, award: str | None) -> None:
    make_poll()

    assert cast(voter, choices) == (422, {"status": "invalid", "reason": reason, "award": award})
    assert ballots_in_ledger() == 0


@pytest.mark.parametrize("nonce", [None, 7, "short", "x" * 65, "不是字母" * 4])
def test_a_nonce_that_is_none_is_malformed(voter: FlaskClient, nonce: object) -> None:
    make_poll()

    assert cast(voter, nonce=nonce) == (422, {"status": "invalid", "reason": "malformed", "award": None})


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff\xfe", b"{" * 70_000])
def test_a_body_that_is_no_ballot_is_malformed(voter: FlaskClient, body: bytes) -> None:
    make_poll()

    response = voter.post("/polls/demo/ballots", data=body, headers=ballot_headers(voter.application))

    assert (response.status_code, response.get_json()["reason"]) == (422, "malformed")


def test_a_body_without_a_length_is_read_no_further_than_a_ballot_may_be_long(voter: FlaskClient) -> None:
    make_poll()
    endless = BytesIO(b" " * 1_000_000)

    response = voter.post(
        "/polls/demo/ballots",
        input_stream=endless,
        headers=ballot_headers(voter.application),
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert (response.status_code, response.get_json()["reason"]) == (422, "malformed")
    assert endless.tell() < 100_000


def test_a_withdrawn_candidate_cannot_be_chosen_from_that_moment_on(voter: FlaskClient) -> None:
    poll_id = make_poll()
    assert cast(voter, (1,), "first-try-with-nobody")[0] == 201
    with transaction() as session:
        session.scalars(select(Candidate).filter_by(poll_id=poll_id, number=2)).one().withdrawn_at = datetime.now(UTC)
        session.get_one(Poll, poll_id).revision += 1
    sign_in(voter, "oVoter0000000000000000000002")

    assert cast(voter, (2,), OTHER) == (422, {"status": "invalid", "reason": "withdrawn", "award": "十佳组织"})


def test_nobody_votes_without_a_voter_in_the_session(client: FlaskClient) -> None:
    make_poll()

    assert cast(client) == (401, {"status": "sign_in"})


def test_a_snapshot_user_may_not_vote(client: FlaskClient) -> None:
    make_poll()
    sign_in(client, snapshot=True)

    assert cast(client) == (403, {"status": "not_allowed", "reason": "snapshot"})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRFToken": "0" * 32},
        {"Origin": ""},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_a_ballot_from_elsewhere_is_refused(voter: FlaskClient, headers: dict[str, str]) -> None:
    make_poll()
    sent = {**ballot_headers(voter.application), **headers} if headers else {}

    response = voter.post("/polls/demo/ballots", json={"choices": [1], "nonce": NONCE}, headers=sent)

    assert (response.status_code, response.get_json()) == (403, {"status": "not_allowed", "reason": "csrf"})


@pytest.mark.parametrize(
    ("state", "opens_in", "closes_in", "answer"),
    [
        ("draft", -1, 1, (403, {"status": "not_allowed", "reason": "not_open"})),
        ("open", 1, 2, (403, {"status": "not_allowed", "reason": "not_open"})),
        ("open", -2, -1, (410, {"status": "closed"})),
        ("closed", -2, 1, (410, {"status": "closed"})),
        ("certified", -2, -1, (410, {"status": "closed"})),
    ],
)
def test_only_an_open_poll_takes_ballots(
    voter: FlaskClient, state: str, opens_in: int, closes_in: int, answer: object
) -> None:
    make_poll(state=state, opens_in=timedelta(hours=opens_in), closes_in=timedelta(hours=closes_in))

    assert cast(voter) == answer
    assert ballots_in_ledger() == 0


def test_an_unknown_poll_is_not_found(voter: FlaskClient) -> None:
    assert cast(voter, slug="nowhere")[0] == 404


def test_a_ballot_in_the_ledger_is_answered_after_closing_too(
    voter: FlaskClient, database_clock: DatabaseClock
) -> None:
    make_poll()
    first = cast(voter)
    database_clock.advance(timedelta(days=2))

    assert cast(voter) == (200, {"status": "replayed", "receipt": first[1]["receipt"]})
    assert cast(voter, nonce=OTHER) == (410, {"status": "closed"})


def test_a_daily_poll_takes_one_ballot_a_day_by_the_clock_of_shanghai(
    voter: FlaskClient, database_clock: DatabaseClock
) -> None:
    database_clock.set(datetime(2026, 4, 20, 15, 59, tzinfo=UTC))  # 23:59 in Shanghai
    make_poll(period="daily", closes_in=timedelta(days=7))
    first = cast(voter)
    assert cast(voter, nonce=OTHER)[0] == 409
    database_clock.set(datetime(2026, 4, 20, 16, 1, tzinfo=UTC))  # 00:01 of the next day

    retried_across_midnight = cast(voter)
    of_the_new_day = cast(voter, nonce=OTHER)

    assert retried_across_midnight == (200, {"status": "replayed", "receipt": first[1]["receipt"]})
    assert of_the_new_day[0] == 201
    assert ballots_in_ledger() == 2


def test_tries_are_limited_per_voter_and_the_same_nonce_counts_once(voter: FlaskClient) -> None:
    make_poll(opens_in=timedelta(hours=1), closes_in=timedelta(hours=2))
    limit = voter.application.config["SETTINGS"].gate_per_voter
    for _ in range(3):
        cast(voter)
    answers = [cast(voter, nonce=f"another-nonce-{i}")[0] for i in range(limit)]

    response = voter.post(
        "/polls/demo/ballots",
        json={"choices": [1], "nonce": "one-nonce-too-many"},
        headers=ballot_headers(voter.application),
    )

    assert answers == [403] * (limit - 1) + [429]
    assert (response.status_code, response.get_json()) == (429, {"status": "too_fast"})
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_one_voter_at_twenty_doors_gets_one_ballot(app: Flask) -> None:
    make_poll()
    app_client = app.test_client

    def try_once(door: int) -> tuple[int, str]:
        client = app_client()
        sign_in(client)
        status, body = cast(client, (1 + door % 3, 4), NONCE if door % 2 else f"nonce-of-door-{door}")
        return status, body["receipt"]["code"]

    with ThreadPoolExecutor(20) as doors:
        answers = list(doors.map(try_once, range(20)))

    assert ballots_in_ledger() == 1
    assert sorted(status for status, _ in answers).count(201) == 1
    assert len({code for _, code in answers}) == 1


def test_voting_goes_on_while_redis_has_forgotten_everything(voter: FlaskClient) -> None:
    make_poll()
    first = cast(voter)
    keyvalue().flushall()

    assert cast(voter, nonce=OTHER) == (409, {"status": "already_voted", "receipt": first[1]["receipt"]})


def test_a_poll_whose_key_is_lost_takes_no_ballots(voter: FlaskClient) -> None:
    poll_id = make_poll(state="draft")
    with transaction() as session:
        session.execute(text("UPDATE poll SET voter_key = '\\x0102' WHERE id = :id"), {"id": poll_id})

    assert cast(voter) == (503, {"status": "unavailable"})


def test_followers_only_asks_whether_the_voter_follows(voter: FlaskClient) -> None:
    make_poll(followers_only=True)

    assert cast(voter) == (403, {"status": "not_allowed", "reason": "not_following"})
