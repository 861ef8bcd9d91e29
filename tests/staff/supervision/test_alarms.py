"""Alarms as they come about: with what sets them off, folded when they repeat, seen once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import SYSTEM, Actor
from staff.audit import record
from staff.audit.models import AuditCheck
from staff.supervision.alarms import acknowledge, list_alarms, raise_alarm
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import Browser, recorded

MORNING = datetime(2017, 4, 19, 1, tzinfo=UTC)  # 9:00 in Jiaozuo
NIGHT = datetime(2017, 4, 19, 15, tzinfo=UTC)  # 23:00 in Jiaozuo


@pytest.fixture(autouse=True)
def _morning(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(MORNING)


def alarms() -> list[tuple[str, str, int]]:
    """Return name, subject and number of times of each alarm, the latest first."""
    return [(line.name, line.about, line.times) for line in list_alarms().lines]


def test_an_alarm_that_repeats_within_an_hour_is_counted_once(database_clock: DatabaseClock) -> None:
    for _ in range(3):
        raise_alarm("lock_out", "有账号暂停登录。", "jingban")
    raise_alarm("lock_out", "有账号暂停登录。", "kezhang")
    database_clock.advance(timedelta(minutes=61))
    raise_alarm("lock_out", "有账号暂停登录。", "jingban")

    assert alarms() == [("暂停登录", "jingban", 1), ("暂停登录", "kezhang", 1), ("暂停登录", "jingban", 3)]


def test_of_two_at_once_one_repeats_the_other(app: Flask) -> None:
    together = threading.Barrier(2, timeout=10)

    def raise_it() -> None:
        with app.app_context():
            together.wait()
            raise_alarm("lock_out", "有账号暂停登录。", "jingban")

    threads = [threading.Thread(target=raise_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert alarms() == [("暂停登录", "jingban", 2)]


def test_what_happens_again_after_somebody_saw_it_is_a_new_alarm(supervisor: Actor) -> None:
    raise_alarm("lock_out", "有账号暂停登录。", "jingban")
    acknowledge(list_alarms().lines[0].key, "", supervisor)
    raise_alarm("lock_out", "有账号暂停登录。", "jingban")

    assert [(line.times, line.seen_by) for line in list_alarms().lines] == [(1, None), (1, "示例监督员")]


def test_an_alarm_shares_the_fate_of_the_act(app: Flask) -> None:
    def lock_what_is_not_there() -> None:
        with transaction():
            record("staff.lock", "jingban", SYSTEM)
            raise NotFound("没有这个人。")

    with pytest.raises(NotFound):
        lock_what_is_not_there()
    assert (alarms(), recorded()) == ([], [])

    with transaction():
        record("staff.lock", "jingban", SYSTEM)
    assert alarms() == [("暂停登录", "jingban", 1)]


def test_wrong_passwords_until_the_account_is_locked_are_an_alarm(browser: Browser, member: Account) -> None:
    for _ in range(5):
        browser.post("/console/sign-in", name="jingban", password="wrong, wrong, wrong")

    assert ("暂停登录", "示例经办", 1) in alarms()


def test_twenty_refused_requests_raise_one_alarm(desk: Browser) -> None:
    """A refused request is rolled back, its line in the trail and its alarm are not."""
    for number in range(22):
        desk.post(f"/console/supervision/opinions/{number}/answer", csrf_token="stale")

    assert alarms() == [("多次被拒绝", "示例经办", 3)]


@pytest.mark.parametrize(("at", "raised"), [(MORNING, []), (NIGHT, [("夜间导出", "示例经办", 1)])])
def test_an_export_at_night(
    clerk: Actor, database_clock: DatabaseClock, at: datetime, raised: list[tuple[str, str, int]]
) -> None:
    database_clock.set(at)
    with transaction():
        record("downloads.request", "tally demo", clerk)
    assert alarms() == raised


def test_the_twenty_first_reveal_in_an_hour_and_each_that_follows(clerk: Actor) -> None:
    for number in range(20):
        with transaction():
            record("personal.reveal", str(number), clerk)
    assert alarms() == []
    for number in range(3):
        with transaction():
            record("personal.reveal", str(number), clerk)
    assert alarms() == [("大量查看个人信息", "示例经办", 3)]


def test_a_quick_approval_from_the_same_network(
    clerk: Actor, administrator: Actor, database_clock: DatabaseClock
) -> None:
    for seconds in (20, 5):
        with transaction():
            record("approvals.request", "开启投票：示例", clerk)
        database_clock.advance(timedelta(seconds=seconds))
        with transaction():
            record("approvals.approve", "开启投票：示例", administrator)
    assert alarms() == [("批准过快", "开启投票：示例", 1)]


def test_a_check_that_finds_the_chain_broken_is_an_alarm(app: Flask) -> None:
    with transaction() as session:
        check = AuditCheck(whole=True)
        session.add(check)
        session.flush()
        check.fault, check.fault_seq, check.finished_at = "changed", 7, MORNING

    (line,) = list_alarms().lines
    assert (line.name, line.sentence) == (
        "操作记录不连续",
        "操作记录的链条不完好：第7条记录被改动过。请立即查明原因。",
    )


def test_a_supervisor_says_what_became_of_it_once(supervisor: Actor, other_supervisor: Actor) -> None:
    raise_alarm("night_export", "夜间有人取走导出文件。", "jingban")
    key = list_alarms(unseen=True).lines[0].key

    acknowledge(key, " 已与本人核实。 ", supervisor)

    with pytest.raises(Conflict, match="已经确认过"):
        acknowledge(key, "", other_supervisor)
    (line,) = list_alarms().lines
    assert (line.seen_by, line.seen_at is not None, line.note) == ("示例监督员", True, "已与本人核实。")
    assert list_alarms(unseen=True).lines == ()
    assert recorded() == [("jiandu", "supervision.acknowledge", f"夜间导出（{line.id}）", "done")]


def test_an_alarm_that_is_not_there_and_a_note_that_is_too_long(supervisor: Actor) -> None:
    with pytest.raises(NotFound):
        acknowledge("0" * 32, "", supervisor)
    raise_alarm("night_export", "夜间有人取走导出文件。")
    with pytest.raises(InvalidInput) as refused:
        acknowledge(list_alarms().lines[0].key, "长" * 501, supervisor)
    assert refused.value.field == "note"
    assert list_alarms(unseen=True).lines[0].note == ""


def test_alarms_are_read_in_pages_that_neither_repeat_nor_miss(app: Flask) -> None:
    for number in range(7):
        raise_alarm("lock_out", "有账号暂停登录。", str(number))
    read, before, sizes = [], None, []
    while True:
        page = list_alarms(before=before, size=3)
        read += [line.about for line in page.lines]
        sizes.append(len(page.lines))
        before = page.older
        if before is None:
            break
    assert (read, sizes) == (list("6543210"), [3, 3, 1])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM alarm",
        "UPDATE alarm SET sentence = ''",
        "UPDATE alarm SET times = times - 1",
        "UPDATE alarm SET object = 'somebody else'",
        "UPDATE alarm SET seen_by = NULL, seen_at = NULL WHERE seen_at IS NOT NULL",
        "UPDATE alarm SET note = 'other' WHERE seen_at IS NOT NULL",
    ],
)
def test_nobody_takes_an_alarm_back(supervisor: Actor, statement: str) -> None:
    for about in ("jingban", "kezhang"):
        raise_alarm("lock_out", "有账号暂停登录。", about)
    acknowledge(list_alarms().lines[0].key, "已核实。", supervisor)
    before = list_alarms()

    with pytest.raises(DBAPIError, match="an alarm is repeated or acknowledged, once"), transaction() as session:
        session.execute(text(statement))
    assert list_alarms() == before
