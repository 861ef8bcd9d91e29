"""Time: kept in UTC, shown and cut into days in Asia/Shanghai, decided by the database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Column, MetaData, Table, select, text
from sqlalchemy.exc import StatementError

from foundation.clock import database_now, local, local_day, show_day, show_moment, utc_now
from foundation.database import Moment
from foundation.transaction import transaction
from tests.conftest import DatabaseClock
from tests.statements import statements

NOTES = Table("note", MetaData(), Column("at", Moment()))


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2017, 4, 25, 10, 0, tzinfo=UTC), "4月25日 18:00"),
        (datetime(2017, 4, 25, 15, 59, 59, tzinfo=UTC), "4月25日 23:59"),
        (datetime(2017, 4, 25, 16, 0, tzinfo=UTC), "4月26日 00:00"),
        (datetime(2016, 12, 31, 16, 5, tzinfo=UTC), "1月1日 00:05"),
        (None, "—"),
    ],
)
def test_a_moment_is_written_as_in_a_notice(moment: datetime | None, shown: str) -> None:
    assert show_moment(moment) == shown


def test_a_moment_may_be_written_with_its_year() -> None:
    assert show_moment(datetime(2016, 12, 31, 16, 5, tzinfo=UTC), year=True) == "2017年1月1日 00:05"


def test_the_time_is_asked_once_in_a_transaction_and_anew_in_the_next(
    app: Flask, database_clock: DatabaseClock
) -> None:
    with statements("clock_now") as asked:
        for _ in range(2):
            with transaction() as session:
                assert database_now(session) == database_now(session)
    assert len(asked) == 2

    with transaction() as session:
        before = database_now(session)
    database_clock.advance(timedelta(hours=1))
    with transaction() as session:
        assert database_now(session) >= before + timedelta(hours=1)


def test_a_day_is_written_with_its_weekday() -> None:
    assert [show_day(date(2017, 4, day)) for day in (3, 9)] == ["4月3日 星期一", "4月9日 星期日"]


def test_a_day_ends_at_midnight_of_shanghai() -> None:
    moments = [datetime(2017, 4, 25, 15, 59, tzinfo=UTC), datetime(2017, 4, 25, 16, 0, tzinfo=UTC)]

    assert [local_day(moment) for moment in moments] == [date(2017, 4, 25), date(2017, 4, 26)]
    assert [local(moment) for moment in moments] == moments


def test_our_own_clock_is_aware_of_its_zone() -> None:
    assert utc_now().tzinfo is UTC


def test_the_databases_clock_decides_and_stands_still_within_a_transaction(
    app: Flask, database_clock: DatabaseClock
) -> None:
    database_clock.set(datetime(2017, 4, 25, 10, 0, tzinfo=UTC))

    with transaction() as session:
        first, second = database_now(session), database_now(session)

    assert first == second
    assert first.tzinfo is UTC
    assert timedelta(0) <= first - datetime(2017, 4, 25, 10, 0, tzinfo=UTC) < timedelta(minutes=1)


def test_what_goes_in_with_any_zone_comes_out_in_utc(app: Flask) -> None:
    moment = datetime(2017, 4, 25, 10, 0, tzinfo=UTC)
    with transaction() as session:
        session.execute(text("CREATE TEMPORARY TABLE note (at timestamptz) ON COMMIT DROP"))
        session.execute(NOTES.insert(), [{"at": local(moment)}, {"at": None}])

        read = session.scalars(select(NOTES.c.at)).all()

    assert read == [moment, None]
    assert read[0].tzinfo is UTC


def test_a_time_without_a_zone_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError, match="needs a time zone"):
        with transaction() as session:
            session.execute(NOTES.insert(), {"at": datetime(2017, 4, 25)})  # noqa: DTZ001  # what is refused
