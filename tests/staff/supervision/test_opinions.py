"""Opinions that have to be answered: raised, answered, settled or asked again, with nothing lost."""

import threading
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foundation.errors import AppError, Conflict, InvalidInput, NotFound
from foundation.transaction import transaction
from foundation.working_days import UnknownYear
from staff.actors import Actor
from staff.supervision.opinion_rules import State
from staff.supervision.opinions import (
    answer_opinion,
    ask_again,
    list_opinions,
    open_opinions,
    opinion_sheet,
    opinions_on,
    raise_opinion,
    refuse_while_objected,
    settle_opinion,
    unsettled_opinions,
)
from staff.supervision.witnessing import Subject, find_subject
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import recorded
from tests.staff.supervision.conftest import Orchard

WEDNESDAY = datetime(2017, 4, 19, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _wednesday(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(WEDNESDAY)


@pytest.fixture
def apple(orchard: Orchard) -> Subject:
    found = find_subject("tree", "apple")
    assert found is not None
    return found


def history(key: str) -> list[tuple[str, str, str, date | None]]:
    return [(turn.state, turn.person, turn.text, turn.due_on) for turn in opinion_sheet(key).turns]


def test_an_opinion_goes_to_and_fro_until_it_is_settled(apple: Subject, supervisor: Actor, clerk: Actor) -> None:
    key = raise_opinion(apple, " 树坑太浅。 ", supervisor)
    answer_opinion(key, "已经加深。", clerk)
    ask_again(key, "加深了多少？", supervisor, days=1)
    answer_opinion(key, "半米。", clerk)
    settle_opinion(key, "", supervisor)

    assert history(key) == [
        ("open", "示例监督员", "树坑太浅。", date(2017, 4, 24)),  # a weekend lies between
        ("answered", "示例经办", "已经加深。", None),
        ("reopened", "示例监督员", "加深了多少？", date(2017, 4, 20)),
        ("answered", "示例经办", "半米。", None),
        ("settled", "示例监督员", "", None),
    ]
    assert opinion_sheet(key).subject == apple
    about = f"示例苹果树（{key}）"
    assert recorded() == [
        ("jiandu", "supervision.object", about, "done"),
        ("jingban", "supervision.answer", about, "done"),
        ("jiandu", "supervision.ask_again", about, "done"),
        ("jingban", "supervision.answer", about, "done"),
        ("jiandu", "supervision.settle", about, "done"),
    ]


def test_an_opinion_may_be_about_nothing_in_particular(supervisor: Actor) -> None:
    key = raise_opinion(None, "请规范登记。", supervisor, days=1)
    sheet = opinion_sheet(key)
    assert (sheet.subject, sheet.line.title, sheet.line.due_on) == (None, "", date(2017, 4, 20))
    assert recorded() == [("jiandu", "supervision.object", f"综合意见（{key}）", "done")]


def test_only_unanswered_opinions_on_the_very_subject_keep_it_back(
    apple: Subject, orchard: Orchard, supervisor: Actor, clerk: Actor
) -> None:
    orchard.plant("pear", "示例梨树")
    raise_opinion(None, "请规范登记。", supervisor)
    first, second = (raise_opinion(apple, words, supervisor) for words in ("太浅。", "太近。"))
    assert [open_opinions("tree", key) for key in ("apple", "pear")] == [2, 0]
    with pytest.raises(Conflict, match="还有2条监督意见没有答复"):
        refuse_while_objected("tree", "apple")
    refuse_while_objected("tree", "pear")

    answer_opinion(first, "已经加深。", clerk)
    answer_opinion(second, "已经移开。", clerk)
    refuse_while_objected("tree", "apple")
    ask_again(second, "移到哪里？", supervisor)
    assert open_opinions("tree", "apple") == 1


def test_an_opinion_waits_for_a_step_that_is_being_done(
    app: Flask, apple: Subject, supervisor: Actor, clerk: Actor
) -> None:
    """Whoever asks first whether there are objections has the word until the step is done."""
    raised = threading.Event()

    def object_meanwhile() -> None:
        with app.app_context():
            raise_opinion(apple, "等一等。", supervisor)
            raised.set()

    objecting = threading.Thread(target=object_meanwhile)
    with transaction() as session:
        refuse_while_objected("tree", "apple")
        objecting.start()
        while not session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")):
            pass
        assert not raised.is_set()
        assert open_opinions("tree", "apple") == 0
    objecting.join(10)
    assert open_opinions("tree", "apple") == 1


TURNS = ("answer", "ask again", "settle")


def take(turn: str, key: str, supervisor: Actor, clerk: Actor) -> None:
    if turn == "answer":
        answer_opinion(key, "已经加深。", clerk)
    elif turn == "ask again":
        ask_again(key, "加深了多少？", supervisor)
    else:
        settle_opinion(key, "", supervisor)


@pytest.mark.parametrize(
    ("so_far", "due"),
    [
        ((), {"answer"}),
        (("answer",), {"ask again", "settle"}),
        (("answer", "ask again"), {"answer"}),
        (("answer", "settle"), set()),
    ],
)
@pytest.mark.parametrize("turn", TURNS)
def test_a_turn_is_taken_when_it_is_due_and_refused_otherwise(
    apple: Subject, supervisor: Actor, clerk: Actor, *, so_far: tuple[str, ...], due: set[str], turn: str
) -> None:
    key = raise_opinion(apple, "太浅。", supervisor)
    for earlier in so_far:
        take(earlier, key, supervisor, clerk)
    before = history(key)
    if turn in due:
        take(turn, key, supervisor, clerk)
        assert len(history(key)) == len(before) + 1
    else:
        with pytest.raises(Conflict):
            take(turn, key, supervisor, clerk)
        assert history(key) == before


def test_of_two_answers_at_once_one_is_kept(app: Flask, apple: Subject, supervisor: Actor, clerk: Actor) -> None:
    key = raise_opinion(apple, "太浅。", supervisor)
    together, refused = threading.Barrier(2, timeout=10), []

    def answer(words: str) -> None:
        with app.app_context():
            together.wait()
            try:
                answer_opinion(key, words, clerk)
            except AppError as error:
                refused.append(type(error))

    threads = [threading.Thread(target=answer, args=(words,)) for words in ("甲", "乙")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert (len(history(key)), refused) == (2, [Conflict])


@pytest.mark.parametrize(("words", "days", "field"), [("  ", 3, "text"), ("长" * 2001, 3, "text"), ("短", 0, "days")])
def test_what_will_not_do_names_its_field(supervisor: Actor, words: str, days: int, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        raise_opinion(None, words, supervisor, days=days)
    assert (refused.value.field, list_opinions().lines) == (field, ())


def test_no_deadline_is_guessed_for_a_year_without_a_notice(supervisor: Actor, database_clock: DatabaseClock) -> None:
    database_clock.set(datetime(2039, 12, 30, 4, tzinfo=UTC))
    with pytest.raises(UnknownYear):
        raise_opinion(None, "请规范登记。", supervisor)
    assert list_opinions().lines == ()


def test_a_key_that_nobody_has_is_not_there(app: Flask) -> None:
    for key in ("K7QX-3M9T-P2VA", "\x00"):
        with pytest.raises(NotFound):
            opinion_sheet(key)


def test_an_answer_is_overdue_after_its_last_day_and_stands_first(
    apple: Subject, supervisor: Actor, clerk: Actor, database_clock: DatabaseClock
) -> None:
    late = raise_opinion(apple, "第一条。", supervisor, days=2)
    answered = raise_opinion(apple, "第二条。", supervisor, days=1)
    soon = raise_opinion(apple, "第三条。", supervisor, days=5)
    answer_opinion(answered, "办了。", clerk)

    overdue = []
    for day in (date(2017, 4, 21), date(2017, 4, 22)):
        database_clock.set(datetime(day.year, day.month, day.day, 4, tzinfo=UTC))
        overdue.append([(line.key, line.overdue) for line in unsettled_opinions()])
    assert overdue == [
        [(late, False), (soon, False), (answered, False)],
        [(late, True), (soon, False), (answered, False)],
    ]


def test_opinions_are_listed_by_state_subject_and_page(
    apple: Subject, orchard: Orchard, supervisor: Actor, clerk: Actor
) -> None:
    keys = [raise_opinion(apple if number % 2 else None, f"第{number}条。", supervisor) for number in range(5)]
    answer_opinion(keys[1], "办了。", clerk)

    first = list_opinions(size=3)
    second = list_opinions(size=3, before=first.older)
    assert [line.key for line in (*first.lines, *second.lines)] == keys[::-1]
    assert (len(first.lines), second.older) == (3, None)
    assert [line.key for line in list_opinions(state=State.ANSWERED).lines] == [keys[1]]
    assert [(line.key, line.unanswered) for line in opinions_on("tree", "apple")] == [(keys[3], True), (keys[1], False)]


@pytest.mark.parametrize("table", ["opinion", "opinion_entry"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET id = DEFAULT"])
def test_the_history_is_only_added_to(apple: Subject, supervisor: Actor, table: str, change: str) -> None:
    key = raise_opinion(apple, "太浅。", supervisor)
    with pytest.raises(DBAPIError, match=r"permission denied|are only added"), transaction() as session:
        session.execute(text(change.format(table)))
    assert len(history(key)) == 1
