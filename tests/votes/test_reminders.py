"""Reminders on the desk: on the last working day before a poll opens or closes."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.factories import make_poll
from tests.staff.factories_staff import actor_of, make_staff
from votes.reminders import desk_items


def told(app: Flask, role: Role = Role.OFFICE) -> list[str]:
    with app.test_request_context():
        return [item.text for item in desk_items(actor_of(make_staff(f"m{role}", "示例某人", role)))]


def at_noon(clock: DatabaseClock, month: int, day: int, year: int = 2026) -> None:
    clock.set(datetime(year, month, day, 4, tzinfo=UTC))


@pytest.mark.parametrize(("day", "reminded"), [(29, False), (30, True)])
def test_an_opening_after_the_holidays_is_remembered_before_them(
    app: Flask, database_clock: DatabaseClock, day: int, reminded: bool
) -> None:
    at_noon(database_clock, 9, day)
    make_poll(state="draft", title="示例评议", opens_in=timedelta(days=37 - day), closes_in=timedelta(days=60))

    assert told(app) == (["“示例评议”10月7日 12:00开始"] if reminded else [])


def test_a_closing_on_a_sunday_is_remembered_on_the_friday(app: Flask, database_clock: DatabaseClock) -> None:
    at_noon(database_clock, 4, 24)
    make_poll("closing", title="示例评议", closes_in=timedelta(days=2))
    make_poll("draft", state="draft", title="示例草稿", opens_in=timedelta(days=20), closes_in=timedelta(days=21))

    assert told(app) == ["“示例评议”4月26日 12:00结束"]


def test_what_happens_today_or_after_the_next_working_day_is_not_remembered(
    app: Flask, database_clock: DatabaseClock
) -> None:
    at_noon(database_clock, 4, 22)
    make_poll("today", closes_in=timedelta(hours=5))
    make_poll("friday", closes_in=timedelta(days=2))

    assert told(app) == []


def test_who_does_not_run_polls_is_not_reminded(app: Flask, database_clock: DatabaseClock) -> None:
    at_noon(database_clock, 4, 24)
    make_poll("closing", closes_in=timedelta(days=2))

    assert told(app, Role.SUPERVISOR) == []


def test_without_a_calendar_the_desk_says_nothing_wrong(app: Flask, database_clock: DatabaseClock) -> None:
    at_noon(database_clock, 4, 23, 2027)
    make_poll("closing", closes_in=timedelta(days=2))

    assert told(app) == []
