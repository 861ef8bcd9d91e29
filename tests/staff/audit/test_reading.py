"""Finding acts in the trail: by person, act, result, day and word, page by page, without reading the whole of it."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from foundation.database import db
from foundation.embedded.servers import Connections
from foundation.errors import InvalidInput
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import COMMAND_LINE, SYSTEM
from staff.audit import latest_acts, record
from staff.audit.choosing import Choice, check_choice, in_words, read_choice, written
from staff.audit.reading import chosen_acts
from staff.audit.wording import declare_fields, declare_kinds, field_words, kind_words
from tests.conftest import DatabaseClock
from tests.staff.audit.factories_trail import LEADER, owner_unbound
from tests.staff.factories_staff import actor_of

MANY = """
INSERT INTO audit_entry (at, actor, act, object, result, fields)
SELECT now() - (20000 - n) * interval '5 minutes', 'person' || (n * 7 % 40),
       (ARRAY['staff.sign_in', 'staff.sign_out', 'polls.open', 'polls.edit', 'tally.download'])[1 + n * 13 % 5],
       '示例投票（shili-' || (n % 300) || '）', CASE WHEN n % 9 = 0 THEN 'refused' ELSE 'done' END, '{opens_at}'
FROM generate_series(1, 20000) AS n
"""


def objects(choice: Choice) -> list[str]:
    return [line.object for line in chosen_acts(choice).lines]


def test_acts_are_read_newest_first_with_the_persons_name(member: Account) -> None:
    with transaction():
        record("people.add", "jingban", COMMAND_LINE)
        record("polls.open", "example", actor_of(member), fields=("state", "opens_at"))
        record("polls.close", "example", LEADER, purpose="按方案结束")
    newest, middle, oldest = latest_acts().lines
    assert (middle.person, middle.act, middle.fields, middle.network) == (
        "示例经办",
        "polls.open",
        ("state", "opens_at"),
        "127.0.0.0/24",
    )
    assert (oldest.person, oldest.actor, oldest.object) == ("命令行", "command line", "jingban")
    assert (newest.person, newest.role, newest.asker, newest.purpose) == ("lingdao", "leader", "示例经办", "按方案结束")


@pytest.fixture
def several(member: Account) -> None:
    with transaction():
        record("polls.open", "一号投票（yihao）", actor_of(member))
        record("polls.close", "一号投票（yihao）", actor_of(member))
        record("polls.close", "二号投票（ERHAO-2026）", SYSTEM)
        record("staff.sign_in", "jingban", actor_of(member), result="refused")


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (Choice(), ["jingban", "二号投票（ERHAO-2026）", "一号投票（yihao）", "一号投票（yihao）"]),
        (Choice(act="polls.close"), ["二号投票（ERHAO-2026）", "一号投票（yihao）"]),
        (Choice(act="polls.*", person="jingban"), ["一号投票（yihao）", "一号投票（yihao）"]),
        (Choice(act="poll.*"), []),
        (Choice(act="polls.close", person="system"), ["二号投票（ERHAO-2026）"]),
        (Choice(result="refused"), ["jingban"]),
        (Choice(result="done", person="jingban", act="staff.sign_in"), []),
        (Choice(text="二号"), ["二号投票（ERHAO-2026）"]),
        (Choice(text="erhao-20"), ["二号投票（ERHAO-2026）"]),
        (Choice(text="投票（"), ["二号投票（ERHAO-2026）", "一号投票（yihao）", "一号投票（yihao）"]),
        (Choice(text="票投"), []),
        (Choice(text="%%"), []),
        (Choice(text="号投票（erhao"), ["二号投票（ERHAO-2026）"]),
    ],
)
def test_acts_are_found_by_what_was_chosen(several: None, choice: Choice, found: list[str]) -> None:
    assert objects(choice) == found


def test_days_are_days_of_shanghai_and_the_last_one_counts_whole(app: Flask, database_clock: DatabaseClock) -> None:
    for moment in ("2026-04-24T15:59:59", "2026-04-24T16:00:00", "2026-04-25T15:59:58", "2026-04-25T16:00:01"):
        database_clock.set(datetime.fromisoformat(moment).replace(tzinfo=UTC))
        with transaction():
            record("polls.open", moment[8:], SYSTEM)
    assert objects(Choice(since="2026-04-25", until="2026-04-25")) == ["25T15:59:58", "24T16:00:00"]
    assert objects(Choice(until="2026-04-24")) == ["24T15:59:59"]
    assert objects(Choice(since="2026-04-26")) == ["25T16:00:01"]


def test_the_trail_is_read_in_pages_that_neither_repeat_nor_miss(app: Flask) -> None:
    with transaction():
        for number in range(7):
            record("polls.open", str(number), SYSTEM)
    found, before, sizes = [], None, []
    while True:
        page = latest_acts(before=before, size=3)
        found += [line.object for line in page.lines]
        sizes.append(len(page.lines))
        before = page.older
        if before is None:
            break
    assert (found, sizes) == (list("6543210"), [3, 3, 1])


def test_acts_of_one_moment_are_read_once_though_ids_and_times_run_apart(
    app: Flask, database_clock: DatabaseClock
) -> None:
    for hour in (12, 10, 11):
        database_clock.set(datetime(2026, 4, 25, hour, tzinfo=UTC))
        with transaction():
            record("polls.open", f"{hour} first", SYSTEM)
            record("polls.open", f"{hour} second", SYSTEM)
    first = latest_acts(size=3)
    second = latest_acts(size=3, before=first.older)
    assert [line.object for line in (*first.lines, *second.lines)] == [
        "12 second",
        "12 first",
        "11 second",
        "11 first",
        "10 second",
        "10 first",
    ]


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (Choice(since="2026-02-30"), "since"),
        (Choice(until="25.4.2026"), "until"),
        (Choice(since="2026-04-26", until="2026-04-25"), "until"),
        (Choice(text="一"), "text"),
        (Choice(text="长" * 61), "text"),
        (Choice(text="一\x00二"), "text"),
        (Choice(until="9999-12-31"), "until"),
        (Choice(since="0001-01-01"), "since"),
    ],
)
def test_what_cannot_be_chosen_names_its_field(choice: Choice, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_choice(choice)
    assert refused.value.field == field


@given(st.builds(Choice, *[st.text(max_size=20)] * 6))
def test_a_choice_that_is_kept_comes_back_as_it_was(choice: Choice) -> None:
    assert read_choice(written(choice)) == choice


def test_a_choice_is_said_in_words() -> None:
    people = {"jingban": "示例经办"}
    assert in_words(Choice(), people) == "全部"
    assert (
        in_words(Choice("jingban", "audit.*", "refused", "2026-04-01", "", "demo"), people)
        == "2026-04-01至最近，示例经办，操作记录类，未通过，对象含“demo”"
    )
    assert in_words(Choice(act="audit.see", until="2026-04-01"), people) == "最早至2026-04-01，查看操作记录"


def test_rooms_say_what_their_fields_and_kinds_are_called() -> None:
    declare_fields({"example_field": "示例项目"})
    declare_fields({"example_field": "另一项目"}, "other")
    declare_kinds({"example": "示例"})
    assert [field_words("example_field", act) for act in ("example.act", "other.act")] == ["示例项目", "另一项目"]
    assert field_words("unknown_field", "other.act") == "unknown_field"
    assert (kind_words("example"), kind_words("unknown")) == ("示例", "unknown")


def plan_of(choice: Choice, before: int | None) -> str:
    """Return how the database finds a page."""
    seen: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        chosen_acts(choice, before=before)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    statement, parameters = seen[-1]
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)  # type: ignore[arg-type]  # as they came
        return "\n".join(row[0] for row in rows)


def test_every_page_is_found_by_an_index(app: Flask, connections: Connections) -> None:
    with owner_unbound(connections) as owner:
        owner.execute(MANY)
        owner.execute("ANALYZE audit_entry")
    choices = [
        Choice(),
        Choice(person="person7"),
        Choice(person="nobody"),
        Choice(act="polls.open"),
        Choice(act="polls.*"),
        Choice(act="nothing.*"),
        Choice(result="refused"),
        Choice(since="2026-01-01", until="2026-02-01"),
        Choice(text="shili-77"),
        Choice(text="没有的字"),
        Choice("person7", "polls.*", "refused", "2026-01-01", "", "shili"),
    ]
    read_whole = [
        (choice, before)
        for choice in choices
        for before in (None, 10_000)
        if "Seq Scan on audit_entry" in plan_of(choice, before)
    ]
    assert read_whole == []
