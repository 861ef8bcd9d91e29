"""Who follows is what the newest event says; whoever leaves is forgotten; the unknown are asked about."""

import itertools
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from foundation.errors import Conflict
from foundation.transaction import transaction
from tests.wechat.conftest import UseAccount, World
from tests.wechat.factories_wechat import NOW, OPENID_A, OPENID_B, Platform, event_xml, text_xml
from wechat.followers import follows
from wechat.inbox import Handler, Push
from wechat.models import Follower

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
