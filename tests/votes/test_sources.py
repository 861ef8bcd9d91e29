"""By which way ballots came: counted after they were accepted, tied to nobody, and never in the way of casting."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError

from foundation.transaction import transaction
from tests.factories import CLERK, ballot_headers, fill_ledger, make_poll, sign_in
from votes.channels import add_channel
from votes.models import TurnoutChannel
from votes.parts import votes_parts
from votes.sources import Source, SourceCounter, channel_sent, turnout_by_source, write_sources

NOON = datetime(2026, 4, 20, 4, 30, tzinfo=UTC)
HOUR = NOON.replace(minute=0)


@pytest.fixture(autouse=True)
def _fresh(app: Flask) -> None:
    """Let what other tests counted go to polls that are no more."""
    votes_parts().shelf.forget("demo")
    votes_parts().sources.flush()


@pytest.fixture
def voter(client: FlaskClient) -> FlaskClient:
    sign_in(client)
    return client


def post(client: FlaskClient, channel: str | None, nonce: str = "0123456789abcdef", choices: object = (1,)) -> int:
    headers = ballot_headers(client.application) | ({"X-Channel": channel} if channel is not None else {})
    body = {"choices": list(choices) if isinstance(choices, tuple) else choices, "nonce": nonce}
    return client.post("/polls/demo/ballots", json=body, headers=headers).status_code


def shown() -> dict[str, int]:
    return {source.name: source.ballots for source in turnout_by_source("demo") if source.ballots}


def in_table() -> list[tuple[str, int]]:
    with transaction() as session:
        rows = session.execute(select(TurnoutChannel.channel, TurnoutChannel.ballots).order_by(TurnoutChannel.channel))
        return [(row[0], row[1]) for row in rows]


def test_an_accepted_ballot_counts_for_the_way_its_page_was_opened(voter: FlaskClient) -> None:
    make_poll()

    assert post(voter, "menu") == 201
    votes_parts().sources.flush()

    assert in_table() == [("menu", 1)]
    assert shown() == {"公众号菜单": 1}


def test_only_what_is_accepted_now_is_counted(voter: FlaskClient) -> None:
    make_poll()

    statuses = [
        post(voter, "menu", choices="nobody"),
        post(voter, "menu"),
        post(voter, "chat"),
        post(voter, "column", nonce="another-nonce-of-theirs"),
    ]
    votes_parts().sources.flush()

    assert statuses == [422, 201, 200, 409]
    assert in_table() == [("menu", 1)]


def test_the_staffs_own_channels_count_and_unknown_ones_fold_into_one(app: Flask) -> None:
    fill_ledger(make_poll(), 4)
    poster = add_channel("demo", "政务大厅海报", CLERK)

    write_sources({("demo", HOUR, channel): 1 for channel in (poster, "singlemessage", "other", "direct")})

    assert shown() == {"政务大厅海报": 1, "没有标记（直接打开、转发等）": 1, "其他标记": 2}


def test_what_was_accepted_and_never_counted_has_no_known_source(app: Flask) -> None:
    fill_ledger(make_poll(), 10)

    write_sources({("demo", HOUR, "menu"): 7})

    assert shown() == {"公众号菜单": 7, "来源不明": 3}


def test_counts_of_the_same_hour_add_up_and_a_poll_that_is_gone_is_left_out(app: Flask) -> None:
    make_poll()

    for _ in range(2):
        write_sources({("demo", HOUR, "menu"): 2, ("nowhere", HOUR, "menu"): 5})

    assert in_table() == [("menu", 4)]


@pytest.mark.parametrize(
    ("sent", "channel"),
    [("", "direct"), ("menu", "menu"), ("q1a2b3", "q1a2b3"), ("菜单", "other"), ("a" * 25, "other"), ("a b", "other")],
)
def test_what_a_page_sends_is_a_plain_key_or_something_else(sent: str, channel: str) -> None:
    assert channel_sent(sent) == channel


def test_where_the_database_is_away_the_counts_wait_for_the_next_time() -> None:
    written: list[Mapping[Source, int]] = []
    away = [True]

    def write(counts: Mapping[Source, int]) -> None:
        if away:
            raise OperationalError("INSERT", {}, Exception(away.pop()))
        written.append(dict(counts))

    counter = SourceCounter(write, pause=3_600)
    counter.count("demo", NOON, "menu")
    counter.flush()
    counter.count("demo", NOON, "menu")
    counter.flush()

    assert written == [{("demo", HOUR, "menu"): 2}]


def test_it_is_written_by_a_thread_of_its_own() -> None:
    written = threading.Event()
    counter = SourceCounter(lambda _counts: written.set(), pause=0.01)

    counter.count("demo", NOON, "menu")

    assert written.wait(10)


def test_however_many_kinds_are_sent_memory_stays_bounded() -> None:
    written: list[Mapping[Source, int]] = []
    counter = SourceCounter(written.append, pause=3_600)

    for number in range(5_000):
        counter.count("demo", NOON, f"k{number}")
    counter.flush()

    assert len(written[0]) <= 2_001
    assert sum(written[0].values()) == 5_000


def test_no_column_of_the_counts_leads_to_a_voter() -> None:
    assert {column.key for column in inspect(TurnoutChannel).columns} == {"poll_id", "hour", "channel", "ballots"}
