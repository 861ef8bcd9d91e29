"""People in WeChat are forgotten: those who left, and whoever asks for it, with every copy of their cookie."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from foundation.transaction import transaction
from staff.actors import SYSTEM
from staff.personal.running import carry_out, run_status, start_run
from tests.conftest import DatabaseClock
from tests.factories import sign_in
from tests.staff.factories_staff import recorded
from wechat.account import current_account
from wechat.farewells import FarewellShelf
from wechat.followers import follower_digest, follows
from wechat.identity import Voter, current_voter
from wechat.models import Follower, VoterFarewell
from wechat.personal_data import account_part, forget_voter

OPENID = "oForgotten_by_their_own_wish1"
OTHER = "oForgotten_by_nobody_at_all_2"


@pytest.fixture(autouse=True)
def _no_farewells_of_other_tests(app: Flask) -> Iterator[None]:
    """Have the process forget at the end whom it saw leave, as the tables do."""
    yield
    app.extensions["wechat_farewells"].forget()


def run() -> dict[str, int]:
    key = start_run(SYSTEM)
    carry_out(key)
    return {line.rule: line.count for line in run_status(key).erased}


def add_follower(openid: str, *, follows: bool, days_ago: int = 0) -> None:
    with transaction() as session:
        session.add(
            Follower(
                digest=follower_digest(openid),
                openid=openid.encode() if follows else None,
                follows=follows,
                changed_at=datetime.now(UTC) - timedelta(days=days_ago),
            )
        )


def voter_of(client: FlaskClient) -> Voter | None:
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in [client.get_cookie("voter")] if cookie)
    return current_voter(Request(EnvironBuilder(headers=[("Cookie", cookies)]).get_environ()))


def farewells() -> int:
    with transaction() as session:
        return session.scalar(select(func.count(VoterFarewell.digest))) or 0


def test_who_left_is_forgotten_after_30_days_and_who_follows_is_not(app: Flask) -> None:
    add_follower("left-long-ago", follows=False, days_ago=30)
    add_follower("left", follows=False, days_ago=29)
    add_follower("follows", follows=True, days_ago=400)
    assert (run(), run()) == ({"wechat.followers": 1}, {})


def test_followers_see_that_they_follow_and_others_that_nothing_is_kept(app: Flask) -> None:
    add_follower(OPENID, follows=True)
    add_follower(OTHER, follows=False)
    said = [account_part(Voter(openid, snapshot=False)).lines[0].value for openid in (OPENID, OTHER)]
    assert said == ["已关注", "没有记录"]


def test_who_asks_is_forgotten_at_once_and_nobody_else(app: Flask, client: FlaskClient) -> None:
    add_follower(OPENID, follows=True)
    add_follower(OTHER, follows=True)
    forget_voter(OPENID)
    with transaction() as session:
        assert list(session.scalars(select(Follower.openid))) == [OTHER.encode()]
    assert (follows(OTHER), farewells()) == (True, 1)
    assert recorded() == [("system", "voters.leave", "一名微信用户", "done")]


def test_every_copy_of_a_cookie_from_before_is_void_and_one_from_after_is_not(
    app: Flask, client: FlaskClient, database_clock: DatabaseClock
) -> None:
    copy, other = app.test_client(), app.test_client()
    for browser, openid in ((client, OPENID), (copy, OPENID), (other, OTHER)):
        sign_in(browser, openid)
    assert voter_of(copy) == Voter(OPENID, snapshot=False)
    forget_voter(OPENID)
    assert [voter_of(browser) for browser in (client, copy)] == [None, None]
    assert voter_of(other) == Voter(OTHER, snapshot=False)
    with transaction() as session:
        session.scalars(select(VoterFarewell)).one().left_at -= timedelta(seconds=5)
    shelf: FarewellShelf = app.extensions["wechat_farewells"]
    shelf.forget()
    sign_in(client, OPENID)
    assert voter_of(client) == Voter(OPENID, snapshot=False)


def test_other_processes_learn_of_a_farewell_within_a_second(app: Flask) -> None:
    now = 0.0
    shelf = FarewellShelf(lambda: now)
    digest = current_account().digest("farewell", OPENID)
    assert digest not in shelf.known()
    forget_voter(OPENID)
    assert digest not in shelf.known()
    now = 1.0
    assert digest in shelf.known()


def test_a_farewell_is_kept_no_longer_than_a_cookie_could_be_shown(app: Flask, database_clock: DatabaseClock) -> None:
    forget_voter(OPENID)
    database_clock.advance(timedelta(days=30, hours=23))
    assert run() == {}
    database_clock.advance(timedelta(hours=1))
    assert (run(), farewells()) == ({"wechat.farewells": 1}, 0)


@pytest.mark.parametrize("times", [1, 2])
def test_leaving_again_does_no_harm(app: Flask, times: int) -> None:
    for _ in range(times):
        forget_voter(OPENID)
    assert farewells() == 1
