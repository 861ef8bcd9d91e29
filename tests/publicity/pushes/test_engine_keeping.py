"""What is kept of deliveries: counts for good, whom they went to for thirty days, nothing of whoever leaves."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from foundation.clock import database_now
from foundation.transaction import transaction
from publicity.pushes import audience, planning
from publicity.pushes.channels import Channel
from publicity.pushes.figures import pushes_of_notice
from publicity.pushes.jobs import start_push
from publicity.pushes.models import Delivery
from publicity.pushes.planning import bring_on
from publicity.pushes.progress import push_progress
from staff.personal.retention import RULES, Rows
from tests.conftest import DatabaseClock
from tests.publicity.factories_pushes import CONTENTS, make_followers, make_push, push_of, states_of, work
from tests.wechat.sending.conftest import Platform
from wechat.forgetting import forget_person
from wechat.sending.ledger import Order, plan
from wechat.sending.models import SendingJob

RULE = RULES["pushes.deliveries"]


@pytest.fixture
def finished(platform: Platform) -> str:
    """A push that reached three and was refused by one."""
    make_followers([platform.openid(person) for person in ("jia", "yi", "bing", "ding")])
    content = {**CONTENTS["template"], "template_id": platform.template("公示：{{thing1.DATA}}")}
    platform.fault("errcode", "message/template/send", errcode=43101, errmsg="user refuse")
    key = make_push("template", content=content)
    start_push(key)
    work()
    platform.finish_jobs()
    return key


def rows() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Delivery)) or 0


def erase(rule_id: str) -> tuple[int, int]:
    """Return how many are due by a rule, and how many it erased."""
    rule = RULES[rule_id]
    with transaction() as session:
        now = database_now(session)
        assert rule.due is not None
        assert rule.erase is not None
        due = session.scalar(select(rule.due.counted(now))) if isinstance(rule.due, Rows) else rule.due(session, now)
        return due or 0, rule.erase(session, now)


def test_after_thirty_days_counts_are_left(platform: Platform, finished: str, database_clock: DatabaseClock) -> None:
    before = push_progress(finished), pushes_of_notice(push_of(finished).notice_id)
    database_clock.advance(timedelta(days=29))
    assert (erase(RULE.id), rows()) == ((0, 0), 4)
    database_clock.advance(timedelta(days=1, minutes=1))
    assert (erase(RULE.id), rows()) == ((4, 4), 0)
    assert (push_progress(finished), pushes_of_notice(push_of(finished).notice_id)) == before
    assert erase(RULE.id) == (0, 0)


def test_whoever_leaves_is_dropped_from_what_ended_and_from_what_waits(platform: Platform, finished: str) -> None:
    waiting = make_push("template", content=push_of(finished).content)
    start_push(waiting)
    with transaction() as session:
        forget_person(session, platform.openid("jia"))
    with transaction() as session:
        kept = session.execute(select(Delivery.follower_id, Delivery.number, Delivery.told)).all()
    assert kept.count((None, None, None)) == 1
    assert states_of(waiting) == {"unfollowed": 1, "waiting": 3}
    assert sum(states_of(finished).values()) == 4


def test_what_was_sent_in_the_accounts_name_is_kept_two_years(
    platform: Platform, database_clock: DatabaseClock
) -> None:
    plan(Order("示".encode().hex(), "mass", "all"))
    database_clock.advance(timedelta(days=729))
    assert erase("wechat.sending_jobs") == (0, 0)
    database_clock.advance(timedelta(days=2))
    assert erase("wechat.sending_jobs") == (1, 1)
    with transaction() as session:
        assert session.scalars(select(SendingJob.key)).all() == []


def test_planning_goes_on_where_it_stopped(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "LOT", 2)
    monkeypatch.setattr(planning, "SLICE", 0.0)
    ids = make_followers([f"oInvented{number:019d}" for number in range(5)])
    key = make_push(Channel.TEMPLATE)
    planned = []
    while (push := bring_on(key, lambda: None)) and push.state == "planning":
        planned.append((push.planned_after, push.total))
    assert planned == [(ids[1], 2), (ids[3], 4), (ids[4], 5)]
    assert (push_of(key).state, states_of(key)) == ("running", {"waiting": 5})
