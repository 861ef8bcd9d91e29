"""What the demo's invented staff have done before anybody looks."""

from datetime import datetime

import pytest
from flask import Flask

from app.demo.office import DRAFT_SLUG, READY_SLUG, Office, add_staff, do_business
from foundation.clock import database_now, local_day
from foundation.transaction import transaction
from staff.actors import Actor
from staff.approvals.listing import waiting_for
from staff.supervision.alarms import latest_unseen
from staff.supervision.opinion_rules import State
from staff.supervision.opinions import unsettled_opinions
from tests.conftest import DatabaseClock
from tests.factories import make_poll
from tests.votes.factories_polls import NOON
from votes.overview import poll_overview
from votes.steps import request_certification
from votes.witnessing import poll_witnesses


@pytest.fixture
def now(app: Flask, database_clock: DatabaseClock) -> datetime:
    database_clock.set(NOON)
    with transaction() as session:
        return database_now(session)


@pytest.fixture
def office(app: Flask, now: datetime) -> Office:
    make_poll("open")
    make_poll("past", state="closed")
    office = add_staff(local_day(now))
    office.consent_to(request_certification("past", office.clerk))
    with app.test_request_context():
        do_business(office, "open", "past", now)
    return office


def titles_waiting_for(actor: Actor) -> list[str]:
    return [line.title for line in waiting_for(actor)]


def test_the_leader_has_two_requests_to_decide(office: Office) -> None:
    poll = poll_overview(READY_SLUG).title
    assert sorted(titles_waiting_for(office.leader)) == sorted([poll, "示例副部长（部领导）"])


def test_one_draft_could_be_opened_and_the_other_lacks_a_little(office: Office) -> None:
    assert poll_overview(READY_SLUG).readiness.missing == ()
    assert [concern.about for concern in poll_overview(DRAFT_SLUG).readiness.missing] == ["candidates", "candidates"]


def test_the_supervisor_has_witnessed_objected_and_been_told(office: Office, app: Flask) -> None:
    with app.test_request_context():
        opening = poll_witnesses("open").steps[0]
    assert [mark.person for mark in opening.marks] == ["示例监督员"]
    assert {line.state for line in unsettled_opinions()} == {State.ANSWERED, State.OPEN}
    assert "动态码重设" in {alarm.name for alarm in latest_unseen(5)}
