"""A push under way as the console shows it: how far it is, why it stands still, what can be done, how it ended."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from publicity.pushes.desk import desk_items
from publicity.pushes.jobs import start_push
from publicity.pushes.models import Delivery, Push
from publicity.pushes.report import report_of
from publicity.pushes.sheets import list_pushes, push_sheet
from publicity.pushes.steps import request_push
from staff.desk import DeskItem
from tests.publicity.factories_composing import approve_it, clerk, compose, leader, published_notice, set_template
from tests.publicity.factories_notices import MONDAY, make_office
from tests.publicity.factories_pushes import make_followers, make_push, push_of
from tests.publicity.pushes.test_composing_drafts import TITLE
from tests.publicity.pushes.test_console_composing import desk_of
from tests.staff.factories_staff import Browser, recorded
from tests.wechat.sending.conftest import Platform
from wechat.models import Follower

NOT_REACHED = (("refused", 2, 43101), ("unfollowed", 1, 43004), ("failed", 4, 45009), ("unknown", 3, None))
COUNTS = (("sent", 60, None), *NOT_REACHED)


@pytest.fixture
def desk(monday: Platform) -> Browser:
    return desk_of(monday, "nigao")


@pytest.fixture
def leaders_desk(monday: Platform) -> Browser:
    return desk_of(monday, "qianfa")


def push_with(state: str, waiting: int = 30, **columns: Any) -> str:
    """Make a push of template messages of which some went out already; those that wait are due much later."""
    key = make_push(
        state=state, notice_key=published_notice(), total=70 + waiting, begun_at=MONDAY, planned_at=MONDAY, **columns
    )
    with transaction() as session:
        push = session.scalars(select(Push.id).where(Push.key == key)).one()
        people = iter(_people(session))
        for delivered, count, errcode in COUNTS:
            session.add_all(
                Delivery(push_id=push, follower_id=next(people), state=delivered, errcode=errcode) for _ in range(count)
            )
        later = MONDAY + timedelta(days=1)
        session.add_all(Delivery(push_id=push, state="waiting", due_at=later) for _ in range(waiting))
    return key


def _people(session: Session) -> Sequence[int]:
    """Return seventy followers, made where there are none."""
    known = session.scalars(select(Follower.id)).all()
    return known or make_followers([f"o{number:027}" for number in range(70)])


def test_what_runs_says_how_far_it_is_and_asks_again_every_two_seconds(desk: Browser) -> None:
    key = push_with("running")
    page = desk.get(f"/console/pushes/{key}/").text
    assert f'hx-get="/console/pushes/{key}/progress" hx-trigger="every 2s"' in page
    card = desk.get(f"/console/pushes/{key}/progress")
    assert '<progress max="100" value="70"' in card.text
    assert "70% · 已发出 60 · 拒收 2 · 已取关 1 · 失败 4 · 结果不明 3" in card.text
    assert re.findall(r"<button[^>]*>(\w+)</button>", card.text) == ["暂停"]
    assert "HX-Refresh" not in card.headers
    assert "70%" in desk.get("/console/pushes/").text


def test_once_nothing_moves_any_more_the_page_is_drawn_anew(desk: Browser) -> None:
    key = push_with("paused", error="微信没有应答，过一会儿自动继续。", resumes_at=MONDAY + timedelta(minutes=5))
    card = desk.get(f"/console/pushes/{key}/progress")
    assert card.headers["HX-Refresh"] == "true"
    assert "hx-get" not in card.text
    assert "自己停下来了" in card.text
    assert "微信没有应答，过一会儿自动继续。将在6月5日 09:05再试，不用守着。" in card.text


def test_it_is_paused_and_goes_on_in_somebodys_name(desk: Browser, leaders_desk: Browser) -> None:
    key = push_with("running")
    leaders_desk.submit(f"/console/pushes/{key}/pause")
    assert push_of(key).state == "paused"
    desk.submit(f"/console/pushes/{key}/resume")
    assert push_of(key).state == "running"
    assert [(actor, act) for actor, act, _, _ in recorded() if act == "pushes.control"] == [
        ("qianfa", "pushes.control"),
        ("nigao", "pushes.control"),
    ]


def test_cancelling_asks_first_and_says_what_happens(desk: Browser) -> None:
    key = push_with("running")
    asked = desk.get(f"/console/pushes/{key}/cancel").text
    assert "已经发出的收不回来，还没有发的不再发。取消以后不能恢复" in asked
    assert desk.submit(f"/console/pushes/{key}/cancel").status_code == 422
    assert push_of(key).state == "running"
    desk.submit(f"/console/pushes/{key}/cancel", confirmed="1")
    assert push_of(key).state == "cancelled"
    page = desk.get(f"/console/pushes/{key}/").text
    assert '<th scope="row">没有发</th><td class="end">30</td><td class="end">30.0%</td>' in page


def test_what_lies_with_the_platform_cannot_be_stopped(desk: Browser) -> None:
    key = make_push("mass", state="running", notice_key=published_notice(), begun_at=MONDAY)
    page = desk.get(f"/console/pushes/{key}/").text
    assert "已经交给微信，等微信告知结果" in page
    assert "发出以后不能暂停或取消。" in page
    assert f"/console/pushes/{key}/cancel" not in page
    assert "由微信统一发出，发出以后不能取消" in desk.get(f"/console/pushes/{key}/cancel").text
    refused = desk.submit(f"/console/pushes/{key}/cancel", confirmed="1")
    assert (refused.status_code, push_of(key).state) == (409, "running")


def test_the_report_tells_reasons_and_what_to_do(desk: Browser) -> None:
    key = push_with("finished", waiting=0)
    page = desk.get(f"/console/pushes/{key}/").text
    for told in ("当天次数已用完", "明天用“重发可重发的”再发一次。", "对方不愿接收，不再打扰。", "结果不明"):
        assert told in page
    assert "重发可重发的</a>" in page


def test_only_what_surely_failed_is_sent_again_unless_somebody_wants_the_rest_too(desk: Browser) -> None:
    key = push_with("finished", waiting=0)
    asked = desk.get(f"/console/pushes/{key}/retry").text
    assert "再发给4人：上次没有发到，而且知道没有发到，不会重复。" in asked
    assert "连同结果不明的3人一起重发" in asked
    assert "重发后可能有人收到两遍。" in asked
    desk.submit(f"/console/pushes/{key}/retry")
    assert (push_of(key).state, report_of(push_sheet(key).line).progress.waiting) == ("running", 4)
    other = push_with("finished", waiting=0)
    desk.submit(f"/console/pushes/{other}/retry", unknown_too="1")
    assert report_of(push_sheet(other).line).progress.waiting == 7


def test_a_failed_push_says_why(desk: Browser) -> None:
    key = make_push("draft", state="failed", notice_key=published_notice(), error="模板编号不对。")
    page = desk.get(f"/console/pushes/{key}/").text
    assert "没有发成" in page
    assert "模板编号不对。" in page


@pytest.mark.parametrize("state", ["approved", "planning", "running", "paused", "finished", "cancelled", "failed"])
@pytest.mark.parametrize("channel", ["mass", "template", "once", "customer", "publication", "draft"])
def test_every_channel_has_its_page_in_every_state(desk: Browser, channel: str, state: str) -> None:
    key = make_push(channel, state=state, notice_key=published_notice())
    for page in ("", "progress", "edit", "send", "preview", "cancel", "retry"):
        assert desk.get(f"/console/pushes/{key}/{page}").status_code == 200


def test_approval_begins_what_is_due_and_everybody_is_reached(desk: Browser, monday: Platform) -> None:
    set_template(monday)
    make_followers([monday.openid(person) for person in ("jia", "yi", "bing", "ding")])
    key = compose("template").key
    approve_it(request_push(key, 0, clerk()).key)
    assert "已经批准，马上开始。" in desk.get(f"/console/pushes/{key}/").text
    start_push(key)
    assert (push_of(key).state, push_of(key).total) == ("running", 4)


def test_the_desk_tells_what_runs_and_what_stands_still(monday: Platform) -> None:
    office = make_office()
    keys = [push_with("running"), push_with("paused"), make_push("mass", state="failed", error="次数已用完。")]
    with transaction() as session:
        session.scalars(select(Push).where(Push.key == keys[2])).one().ended_at = MONDAY
    with monday.world.app.test_request_context():
        told = desk_items(office.drafter)
        seen = desk_items(office.supervisor)
    figures = "70% · 已发出 60 · 拒收 2 · 已取关 1 · 失败 4 · 结果不明 3"
    pages = [f"/console/pushes/{key}/" for key in keys]
    assert set(told) == {
        DeskItem("running", f"推送“{TITLE}”正在发送", figures, "看进度", pages[0]),
        DeskItem("due", f"推送“{TITLE}”停着", figures, "去处理", pages[1]),
        DeskItem("urgent", "推送“示例公示”没有发成", "6月5日 09:00，次数已用完。", "看原因", pages[2]),
    }
    assert [item.kind for item in seen] == ["running"]


def test_the_list_goes_on_behind_fifty(desk: Browser) -> None:
    notice = published_notice()
    keys = [make_push("mass", state="cancelled", notice_key=notice) for _ in range(51)]
    first = list_pushes()
    assert (len(first.lines), first.lines[0].key, first.older) == (50, keys[50], keys[1])
    assert [line.key for line in list_pushes(before=first.older).lines] == [keys[0]]
    assert f"before={keys[1]}" in desk.get("/console/pushes/").text
    assert leader().name == "qianfa"
