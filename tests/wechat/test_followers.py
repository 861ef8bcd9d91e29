"""Who follows is what the newest event says; whoever leaves is forgotten; the unknown are asked about."""

import itertools
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from foundation.database import Base
from foundation.errors import Conflict
from foundation.transaction import transaction
from tests.factories import ballot_headers, make_poll, sign_in
from tests.wechat.conftest import UseAccount, World
from tests.wechat.factories_wechat import NOW, OPENID_A, OPENID_B, Platform, event_xml, text_xml
from votes.models import Ballot
from wechat.followers import follows
from wechat.forgetting import offer_forgetting, person_digest
from wechat.inbox import Handler, Push, TextReply
from wechat.models import AnsweredPush, Follower

EVENTS = [("subscribe", 0), ("unsubscribe", 10), ("subscribe", 20), ("unsubscribe", 30), ("subscribe", 40)]


def kept() -> list[tuple[bytes | None, bool, datetime]]:
    with transaction() as session:
        rows = session.execute(select(Follower.openid, Follower.follows, Follower.changed_at).order_by(Follower.id))
        return [(openid, following, changed_at) for openid, following, changed_at in rows]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def test_a_subscribe_event_is_kept(platform: Platform) -> None:
    platform.clear(event_xml("subscribe", "qrscene_act_7"))
    assert kept() == [(OPENID_A.encode(), True, at(0))]
    assert follows(OPENID_A) is True


def test_the_openid_rests_encrypted(platform: Platform) -> None:
    platform.clear(event_xml("subscribe"))
    with transaction() as session:
        row = session.execute(text("SELECT digest, openid FROM follower")).one()
    assert OPENID_A.encode() not in bytes(row.digest) + bytes(row.openid)


@pytest.mark.parametrize("order", list(itertools.permutations(EVENTS, 5))[::7])
def test_events_may_come_in_any_order(platform: Platform, order: tuple[tuple[str, int], ...]) -> None:
    for event, seconds in order:
        platform.clear(event_xml(event, "", at=NOW + seconds))
    assert kept() == [(OPENID_A.encode(), True, at(40))]


@pytest.mark.parametrize("order", [("subscribe", "unsubscribe"), ("unsubscribe", "subscribe")])
def test_in_one_second_leaving_wins(platform: Platform, order: tuple[str, str]) -> None:
    for event in order:
        platform.clear(event_xml(event, ""))
    assert kept() == [(None, False, at(0))]


def test_whoever_leaves_is_forgotten_but_for_the_digest(platform: Platform) -> None:
    platform.clear(event_xml("subscribe"))
    platform.clear(event_xml("subscribe", openid=OPENID_B))
    response = platform.clear(event_xml("unsubscribe", "", at=NOW + 80))
    assert response.text == "success"
    assert kept() == [(None, False, at(80)), (OPENID_B.encode(), True, at(0))]
    assert (follows(OPENID_A), follows(OPENID_B)) == (False, True)


def test_a_handler_that_refuses_does_not_undo_leaving(platform: Platform, handlers: list[Handler]) -> None:
    def refuse(push: Push) -> None:
        raise Conflict("不行。")

    platform.clear(event_xml("subscribe"))
    handlers.append(refuse)
    platform.clear(event_xml("unsubscribe", "", at=NOW + 80))
    assert kept() == [(None, False, at(80))]


def test_every_room_forgets_whoever_leaves_and_only_when_that_is_news(
    platform: Platform, handlers: list[Handler], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[str] = []
    offered = app.extensions["wechat_forget"]
    monkeypatch.setitem(app.extensions, "wechat_forget", list(offered))
    offer_forgetting(app, lambda _session, openid: forgotten.append(openid))
    handlers.append(lambda push: TextReply("您投了三号") if push.kind == "text" else None)
    platform.clear(event_xml("subscribe", at=NOW + 20))
    platform.clear(text_xml("投票 3"))
    other = text_xml("投票 3", openid=OPENID_B)
    platform.clear(other)
    platform.clear(event_xml("unsubscribe", "", at=NOW + 10))
    assert forgotten == []
    platform.clear(event_xml("unsubscribe", "", at=NOW + 30))
    platform.clear(event_xml("unsubscribe", "", at=NOW + 30))
    assert forgotten == [OPENID_A]
    with transaction() as session:
        of_whom = session.execute(select(AnsweredPush.person).where(AnsweredPush.answer.is_not(None))).all()
    assert of_whom == [(person_digest(OPENID_B),)]
    assert "您投了三号" in platform.clear(other).text


@pytest.mark.parametrize(("capabilities", "known"), [("sub-unverified", True), ("sub-verified", None)])
def test_where_the_platform_cannot_be_asked_whoever_writes_follows(
    client: FlaskClient, use_account: UseAccount, capabilities: str, known: bool | None
) -> None:
    platform = Platform(client, use_account(wechat_message_mode="plain", wechat_capabilities=capabilities))
    platform.clear(text_xml("您好", at=NOW))
    assert [following for _, following, _ in kept()] == ([known] if known else [])
    platform.clear(event_xml("unsubscribe", "", at=NOW + 10))
    platform.clear(text_xml("您好", at=NOW + 5))
    assert kept() == [(None, False, at(10))]


def test_counted_ballots_stay_when_their_voter_leaves(platform: Platform, app: Flask) -> None:
    poll_id = make_poll()
    client = app.test_client()
    sign_in(client, OPENID_A)
    ballot = {"choices": [1, 4], "nonce": "0123456789abcdef0123456789abcdef"}
    receipt = client.post("/polls/demo/ballots", json=ballot, headers=ballot_headers(app)).get_json()["receipt"]
    platform.clear(event_xml("subscribe"))
    platform.clear(event_xml("unsubscribe", "", at=NOW + 30))
    again = client.post("/polls/demo/ballots", json=ballot, headers=ballot_headers(app))
    assert (again.status_code, again.get_json()["receipt"]) == (200, receipt)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Ballot).filter_by(poll_id=poll_id)) == 1


def test_what_points_at_a_follower_outlives_them() -> None:
    pointing = [
        (table.name, key.parent.nullable, key.ondelete)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "follower"
    ]
    assert [name for name, nullable, ondelete in pointing if not nullable or ondelete != "SET NULL"] == []


@pytest.mark.parametrize("xml", [text_xml("投票"), event_xml("SCAN", "act_7"), event_xml("CLICK", "1")])
def test_nothing_else_says_who_follows(platform: Platform, xml: str) -> None:
    platform.clear(xml)
    assert kept() == []


def test_without_the_right_to_ask_the_unknown_stay_unknown(use_account: UseAccount) -> None:
    use_account(wechat_capabilities="sub-unverified", wechat_api_url="http://127.0.0.1:1")
    assert follows(OPENID_A) is None


def test_while_the_platform_is_away_the_unknown_stay_unknown(use_account: UseAccount) -> None:
    use_account(wechat_api_url="http://127.0.0.1:1")
    assert follows(OPENID_A) is None
    assert kept() == []


def test_the_platform_knows_the_followers_from_before(world: World) -> None:
    follower, stranger = world.openid("jia"), world.openid("wu")
    assert (follows(follower), follows(stranger)) == (True, False)
    (openid, following, since), *others = kept()
    assert (openid, following, others) == (follower.encode(), True, [])
    assert since < datetime.now(UTC)


def test_a_later_event_outweighs_what_the_platform_said(world: World) -> None:
    openid = world.openid("jia")
    assert follows(openid) is True
    world.phone("jia", "unfollow")
    assert follows(openid) is False
    world.phone("wu", "follow")
    assert follows(world.openid("wu")) is True
