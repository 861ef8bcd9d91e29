"""Reading options: the database is asked at most every five seconds, and never stands in anybody's way."""

import threading

import pytest
from flask import Flask

from app.factory import create_app
from app.texts import HOME_NOTICE
from config import Settings
from foundation.database import db
from foundation.embedded.servers import Connections
from foundation.transaction import transaction
from staff.options.shelf import SECONDS_KEPT, Shelf, option_shelf
from tests.staff.options.factories_options import put_version, questions, set_to
from votes.limits import PER_VOTER


class Clock:
    """A clock that stands until it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """The application's shelf, by a clock that stands."""
    shelf = Shelf(clock)
    monkeypatch.setitem(app.extensions, "options", shelf)
    return shelf


def test_what_nobody_set_is_the_default(shelf: Shelf, settings: Settings) -> None:
    assert (HOME_NOTICE.value(), PER_VOTER.value()) == ("", settings.gate_per_voter)


def test_the_latest_version_holds(shelf: Shelf) -> None:
    for text in ("第一版", "第二版"):
        set_to(HOME_NOTICE, text)

    assert HOME_NOTICE.value() == "第二版"


def test_where_the_latest_version_has_no_value_the_default_holds_again(shelf: Shelf) -> None:
    set_to(HOME_NOTICE, "第一版")
    put_version(HOME_NOTICE, None)

    assert HOME_NOTICE.value() == ""


def test_a_thousand_readings_are_one_question(shelf: Shelf) -> None:
    set_to(HOME_NOTICE, "通知")

    with questions() as asked:
        read = {HOME_NOTICE.value() for _ in range(1_000)} | {str(PER_VOTER.value()) for _ in range(1_000)}

    assert (read, len(asked)) == ({"通知", str(PER_VOTER.default_value())}, 1)


def test_what_another_process_sets_is_seen_within_five_seconds(shelf: Shelf, clock: Clock) -> None:
    set_to(HOME_NOTICE, "旧")
    assert HOME_NOTICE.value() == "旧"
    elsewhere = option_shelf().forget
    option_shelf().forget = lambda: None  # type: ignore[method-assign]  # another process tells this one nothing
    set_to(HOME_NOTICE, "新")
    option_shelf().forget = elsewhere  # type: ignore[method-assign]

    clock.now += SECONDS_KEPT - 0.1
    before = HOME_NOTICE.value()
    clock.now += 0.2

    assert (before, HOME_NOTICE.value()) == ("旧", "新")


def test_a_value_that_fits_its_kind_no_more_is_the_default(shelf: Shelf) -> None:
    put_version(PER_VOTER, "many")

    assert PER_VOTER.value() == PER_VOTER.default_value()


def test_while_the_database_is_away_what_was_known_holds(app: Flask, connections: Connections) -> None:
    set_to(HOME_NOTICE, "通知")
    assert HOME_NOTICE.value() == "通知"
    away = Connections("postgresql://nobody@127.0.0.1:1/none", connections.owner_url, connections.redis_url)
    stranded = create_app(app.config["SETTINGS"], away)
    known, shelf = option_shelf(), Shelf(Clock())
    with stranded.app_context():
        stranded.extensions["options"] = shelf
        without_any = HOME_NOTICE.value()
        shelf._kept = known._kept
        shelf.forget()
        remembered = HOME_NOTICE.value()
        db.engine.dispose()

    assert (without_any, remembered) == ("", "通知")


def test_reading_leaves_the_transaction_that_is_open_as_it_is(shelf: Shelf) -> None:
    with transaction() as session:
        before = session.connection()
        HOME_NOTICE.value()
        assert session.connection() is before


def test_while_one_reads_anew_the_others_go_by_what_was_known(
    app: Flask, shelf: Shelf, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to(HOME_NOTICE, "旧")
    assert HOME_NOTICE.value() == "旧"
    reading, go_on = threading.Event(), threading.Event()

    def read_slowly() -> dict[str, str]:
        reading.set()
        assert go_on.wait(10)
        return {HOME_NOTICE.name: "新"}

    monkeypatch.setattr("staff.options.shelf._read", read_slowly)
    clock.now += SECONDS_KEPT
    seen: list[str] = []

    def read_elsewhere() -> None:
        with app.app_context():
            seen.append(HOME_NOTICE.value())

    slow = threading.Thread(target=read_elsewhere)
    slow.start()
    assert reading.wait(10)
    meanwhile = HOME_NOTICE.value()
    go_on.set()
    slow.join(10)

    assert (meanwhile, seen, HOME_NOTICE.value()) == ("旧", ["新"], "新")


def test_what_was_read_before_a_change_does_not_outlive_it(
    app: Flask, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([{HOME_NOTICE.name: "旧"}, {HOME_NOTICE.name: "新"}])

    def read_while_somebody_commits() -> dict[str, str]:
        answer = next(answers)
        if answer[HOME_NOTICE.name] == "旧":
            shelf.forget()
        return answer

    monkeypatch.setattr("staff.options.shelf._read", read_while_somebody_commits)

    assert [HOME_NOTICE.value() for _ in range(3)] == ["旧", "新", "新"]
