"""The database's own promises: by rights for the application's role, by triggers for everybody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege, RaiseException
from sqlalchemy import create_engine, pool, select

from app.factory import ROOT
from app.migrating import APPEND_ONLY, grant, migrate
from foundation.database import Base, engine_url
from foundation.embedded.servers import Connections
from foundation.transaction import transaction
from foundation.uploads import Upload
from publicity.notices.amending import begin_change
from publicity.notices.drafting import attach, draft_notice
from publicity.notices.kinds import Change
from publicity.notices.models import NoticeVersion
from staff import audit
from tests.conftest import DatabaseClock
from tests.factories import CLERK, STEPS, fill_ledger, make_poll
from tests.publicity.factories_notices import MONDAY, entry_for, make_office, publish
from votes.models import CertifiedCount

INDEXES_MADE_BY_HAND = {
    "ballots_waiting_for_a_number",
    "audit_entries_by_kind",
    "audit_entries_by_letter_pairs",
}
NEWEST = max(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("0*.py"))
CHANGES = {
    "ballot": "UPDATE ballot SET choices = '\\x00'",
    "audit_entry": "UPDATE audit_entry SET actor = 'somebody'",
    "audit_link": "UPDATE audit_link SET hash = previous",
    "certified_count": "UPDATE certified_count SET votes = votes + 1",
    "option_version": "UPDATE option_version SET reason = 'other'",
    "menu_publication": "UPDATE menu_publication SET published_by = 'other'",
    "witness_mark": "UPDATE witness_mark SET remark = 'other'",
    "opinion": "UPDATE opinion SET title = 'other'",
    "opinion_entry": "UPDATE opinion_entry SET text = 'other'",
    "staff_hand_over": "UPDATE staff_hand_over SET reason = 'other'",
    "retention_erasure": "UPDATE retention_erasure SET count = count + 1",
    "retention_certificate": "UPDATE retention_certificate SET document = '{}'",
}
FROZEN_PAPER = [
    (
        "INSERT INTO award (poll_id, position, name, for_organisations, places, min_choices, max_choices) "
        "SELECT id, 9, '示例追加', false, 1, 0, 1 FROM poll WHERE slug = 'demo'"
    ),
    "UPDATE award SET max_choices = max_choices + 1 WHERE poll_id = {poll}",
    "UPDATE award SET name = '示例改名' WHERE poll_id = {poll} AND position = 0",
    "DELETE FROM award WHERE poll_id = {poll} AND position = 0",
    "DELETE FROM candidate WHERE poll_id = {poll} AND number = 1",
    "UPDATE candidate SET number = number + 100 WHERE poll_id = {poll} AND number = 1",
    (
        "UPDATE candidate SET award_id = (SELECT max(id) FROM award WHERE poll_id = {poll}) "
        "WHERE poll_id = {poll} AND number = 1"
    ),
    "UPDATE candidate SET poll_id = {poll}, number = 99 WHERE poll_id = {draft} AND number = 1",
    "UPDATE candidate SET poll_id = {draft}, number = 99 WHERE poll_id = {poll} AND number = 1",
    "UPDATE award SET poll_id = {poll}, name = '示例移入' WHERE poll_id = {draft} AND position = 0",
]

FROZEN_NOTICE = [
    "UPDATE notice_version SET title = '示例改名' WHERE id = {published}",
    "UPDATE notice_version SET body = '' WHERE id = {published}",
    "UPDATE notice_version SET office_phone = '0' WHERE id = {published}",
    "UPDATE notice_version SET last_day = last_day + 1 WHERE id = {published}",
    "UPDATE notice_version SET published_at = clock_now() WHERE id = {published}",
    "UPDATE notice_version SET state = 'dropped', published_at = NULL, issued_by = NULL WHERE id = {published}",
    "DELETE FROM notice_version WHERE id = {published}",
    "UPDATE notice_version SET notice_id = notice_id + 0, number = 7 WHERE id = {draft}",
    "UPDATE notice_version SET drafted_by = drafted_by + 1 WHERE id = {draft}",
    "INSERT INTO notice_version (notice_id, number, state) VALUES ({notice}, 3, 'published')",
    "DELETE FROM notice WHERE id = {notice}",
    "UPDATE notice SET key = 'other' WHERE id = {notice}",
    "UPDATE notice SET working_days = 1 WHERE id = {notice}",
    "UPDATE notice SET kind = 'unit' WHERE id = {notice}",
]
FROZEN_PARTS = [
    "UPDATE {part} SET position = 9 WHERE version_id = {published}",
    "DELETE FROM {part} WHERE version_id = {published}",
    "UPDATE {part} SET version_id = {draft} WHERE version_id = {published}",
    "UPDATE {part} SET version_id = {published} WHERE version_id = {draft}",
]


@pytest.fixture
def as_app(connections: Connections, app: Flask) -> Callable[..., object]:
    return runner(connections.database_url)


@pytest.fixture
def as_owner(connections: Connections, app: Flask) -> Callable[..., object]:
    return runner(connections.owner_url)


def runner(url: str) -> Callable[..., object]:
    def run(statement: str, **values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(url) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def certified(app: Flask) -> int:
    """A certified poll with ballots, its counts and an audit entry."""
    poll_id = make_poll(state="draft", awards=(("示例奖", 7, 7),))
    fill_ledger(poll_id, 3)
    with transaction() as session:
        audit.record("polls.certify", "demo", CLERK)
        session.add(CertifiedCount(poll_id=poll_id, number=1, votes=2))
    return poll_id


def kept(as_owner: Callable[..., object]) -> list[object]:
    return [as_owner(f"SELECT * FROM {table} ORDER BY 1, 2") for table in APPEND_ONLY]


def test_the_migration_makes_what_the_models_say(connections: Connections) -> None:
    engine = create_engine(engine_url(connections.owner_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, Base.metadata)

    assert [found for found in differences if getattr(found[1], "name", None) not in INDEXES_MADE_BY_HAND] == []


def test_migrating_again_changes_nothing(application: Flask, as_owner: Callable[..., object]) -> None:
    rights = "SELECT grantee, table_name, privilege_type FROM information_schema.table_privileges ORDER BY 1, 2, 3"
    before = as_owner(rights)

    migrate(application)

    assert as_owner(rights) == before
    assert as_owner("SELECT version_num FROM alembic_version") == [(NEWEST,)]


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("act", ["change", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_application_has_no_right_to_rewrite(
    certified: int, as_app: Callable[..., object], as_owner: Callable[..., object], table: str, act: str
) -> None:
    before = kept(as_owner)

    with pytest.raises(InsufficientPrivilege):
        as_app(CHANGES[table] if act == "change" else act.format(table))

    assert kept(as_owner) == before


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("act", ["change", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_even_the_owner_is_stopped_from_rewriting(
    certified: int, as_owner: Callable[..., object], table: str, act: str
) -> None:
    before = kept(as_owner)

    with pytest.raises(RaiseException, match=r"only numbered|are only added"):
        as_owner(CHANGES[table] if act == "change" else act.format(table))

    assert kept(as_owner) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alembic_version SET version_num = '0'",
        "ALTER TABLE ballot DISABLE TRIGGER ALL",
        "DROP TRIGGER ballot_is_only_numbered_once ON ballot",
        "SET session_replication_role = replica",
        "CREATE TABLE of_our_own (id integer)",
        "CREATE OR REPLACE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now()'",
        "DROP TABLE ballot",
        "CREATE ROLE another",
    ],
)
def test_the_application_cannot_take_the_locks_off(as_app: Callable[..., object], statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        as_app(statement)


@pytest.mark.parametrize(
    "column", ["choices", "voter_tag", "nonce", "salt", "code", "accepted_at", "period", "poll_id"]
)
def test_the_application_may_update_nothing_of_a_ballot_but_its_number(
    as_app: Callable[..., object], column: str
) -> None:
    assert as_app("SELECT has_column_privilege('ballot', %(c)s, 'UPDATE')", c=column) == [(False,)]
    assert as_app("SELECT has_column_privilege('ballot', 'number', 'UPDATE')") == [(True,)]


def test_a_ballot_is_numbered_once(app: Flask, as_app: Callable[..., object]) -> None:
    fill_ledger(make_poll(awards=(("示例奖", 7, 7),)), 1, numbered=False)

    as_app("UPDATE ballot SET number = 1")

    for second in ("2", "1", "NULL"):
        with pytest.raises(RaiseException, match="only numbered, once"):
            as_app(f"UPDATE ballot SET number = {second}")
    assert as_app("SELECT number FROM ballot") == [(1,)]


def test_numbering_is_no_cover_for_another_change(app: Flask, as_owner: Callable[..., object]) -> None:
    fill_ledger(make_poll(awards=(("示例奖", 7, 7),)), 1, numbered=False)

    with pytest.raises(RaiseException, match="nothing else about it changes"):
        as_owner("UPDATE ballot SET number = 1, choices = '\\x00'")


@pytest.mark.parametrize("start", STEPS)
@pytest.mark.parametrize("target", STEPS)
def test_a_poll_goes_one_way_one_step_at_a_time(as_app: Callable[..., object], start: str, target: str) -> None:
    make_poll(state=start)
    certified_at = "clock_now()" if target == "certified" else "NULL"
    statement = f"UPDATE poll SET state = '{target}', certified_at = {certified_at}"

    if STEPS.index(target) - STEPS.index(start) in (0, 1):
        as_app(statement)
        reached = target
    else:
        with pytest.raises(RaiseException, match="one step at a time"):
            as_app(statement)
        reached = start

    assert as_app("SELECT state FROM poll") == [(reached,)]


@pytest.mark.parametrize("state", STEPS[1:])
@pytest.mark.parametrize(
    "change", ["slug = 'other'", "period = 'daily'", "voter_key = '\\x01'", "opens_at = opens_at - interval '1 second'"]
)
def test_what_a_poll_was_opened_with_does_not_change(as_owner: Callable[..., object], state: str, change: str) -> None:
    make_poll(state=state)

    with pytest.raises(RaiseException, match="was opened with does not change"):
        as_owner(f"UPDATE poll SET {change}")


@pytest.mark.parametrize("state", STEPS[1:])
@pytest.mark.parametrize("statement", FROZEN_PAPER)
def test_the_ballot_paper_is_frozen_once_the_poll_is_open(
    as_owner: Callable[..., object], state: str, statement: str
) -> None:
    poll, draft = make_poll(state=state), make_poll("draft", state="draft")

    with pytest.raises(RaiseException, match=r"frozen|keep their numbers"):
        as_owner(statement.format(poll=poll, draft=draft))


@pytest.mark.parametrize("statement", FROZEN_PAPER)
def test_the_ballot_paper_of_a_draft_changes_freely(as_app: Callable[..., object], statement: str) -> None:
    poll, draft = make_poll(state="draft"), make_poll("other", state="draft")

    assert as_app(f"{statement.format(poll=poll, draft=draft)} RETURNING id")


def test_words_about_a_candidate_may_be_put_right_and_a_candidate_withdrawn(as_app: Callable[..., object]) -> None:
    make_poll(closes_in=timedelta(hours=1))

    as_app("UPDATE candidate SET name = '示例改正', withdrawn_at = clock_now() WHERE number = 1")

    assert as_app("SELECT count(*) FROM candidate WHERE withdrawn_at IS NOT NULL") == [(1,)]


def test_a_poll_with_ballots_is_never_deleted(certified: int, as_owner: Callable[..., object]) -> None:
    with pytest.raises(ForeignKeyViolation):
        as_owner("DELETE FROM poll")


def test_where_owner_and_application_are_one_role_nothing_is_granted(connections: Connections) -> None:
    grant(Connections(connections.owner_url, connections.owner_url, connections.redis_url))

    with psycopg.connect(connections.owner_url) as connection:
        row = connection.execute("SELECT has_table_privilege('vote_app', 'ballot', 'DELETE')").fetchone()
    assert row == (False,)


@pytest.fixture(params=["app", "owner"])
def as_either(request: pytest.FixtureRequest, connections: Connections, app: Flask) -> Callable[..., object]:
    return runner(connections.database_url if request.param == "app" else connections.owner_url)


@pytest.fixture
def notice(app: Flask, database_clock: DatabaseClock) -> dict[str, int]:
    """The ids of a published notice with a file, of its version, and of the draft that is to change it."""
    database_clock.set(MONDAY)
    staff = make_office()
    key = draft_notice(entry_for(), staff.drafter)
    attach(key, 0, Upload("示例.pdf", b"%PDF-1.7"), staff.drafter)
    publish(key)
    begin_change(key, Change.MISPRINT, "示例更正", staff.drafter)
    with transaction() as session:
        rows = session.execute(select(NoticeVersion.notice_id, NoticeVersion.id).order_by(NoticeVersion.number)).all()
    return {"notice": rows[0][0], "published": rows[0][1], "draft": rows[1][1]}


def test_a_published_notice_never_changes(as_either: Callable[..., object], notice: dict[str, int]) -> None:
    for statement in FROZEN_NOTICE:
        with pytest.raises(RaiseException, match=r"never changes|keeps its|begins as a draft|stays what it is"):
            as_either(statement.format(**notice))


def test_list_and_files_of_a_published_version_never_change(
    as_either: Callable[..., object], notice: dict[str, int]
) -> None:
    for part in ("notice_subject", "notice_attachment"):
        for statement in FROZEN_PARTS:
            with pytest.raises(RaiseException, match=r"(subject|attachment)s of a published version never change"):
                as_either(statement.format(part=part, **notice))


def test_nothing_is_added_to_a_published_version(as_either: Callable[..., object], notice: dict[str, int]) -> None:
    for columns, values in (
        (
            "notice_subject (version_id, position, kind, key, heading, name, text, unit)",
            "9, 'person', 'x', '', '甲', '', ''",
        ),
        (
            "notice_attachment (version_id, position, key, filename, media_type, size, digest)",
            "9, 'x', 'x', 'x', 1, 'x'",
        ),
    ):
        with pytest.raises(RaiseException, match="of a published version never change"):
            as_either(f"INSERT INTO {columns} VALUES ({notice['published']}, {values})")


def test_nothing_is_slipped_into_a_version_while_it_is_being_published(
    connections: Connections, notice: dict[str, int]
) -> None:
    publishing = (
        "UPDATE notice_version SET state = 'published', issued_by = drafted_by, published_at = clock_now() "
        f"WHERE id = {notice['draft']}"
    )
    slipping_in = f"UPDATE notice_subject SET name = '示例' WHERE version_id = {notice['draft']}"
    with psycopg.connect(connections.database_url) as one, ThreadPoolExecutor(1) as elsewhere:
        one.execute(publishing)
        late = elsewhere.submit(runner(connections.database_url), slipping_in)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        while not runner(connections.owner_url)(waiting)[0][0] and not late.done():  # type: ignore[index]
            pass
        one.commit()
        with pytest.raises(RaiseException, match="of a published version never change"):
            late.result(timeout=10)


def test_notices_are_never_emptied(
    as_app: Callable[..., object], as_owner: Callable[..., object], notice: dict[str, int]
) -> None:
    for table in ("notice", "notice_version", "notice_subject", "notice_attachment"):
        with pytest.raises(InsufficientPrivilege):
            as_app(f"TRUNCATE {table} CASCADE")
        with pytest.raises(RaiseException, match="are only added"):
            as_owner(f"TRUNCATE {table} CASCADE")


def test_a_notice_is_concluded_once(as_either: Callable[..., object], notice: dict[str, int]) -> None:
    conclude = "UPDATE notice SET concluded_at = clock_now(), concluded_by = created_by"
    as_either(conclude)

    for statement in (
        conclude,
        "UPDATE notice SET concluded_at = NULL, concluded_by = NULL",
        "UPDATE notice SET conclusion = 'x'",
    ):
        with pytest.raises(RaiseException, match="concluded once"):
            as_either(statement)


def test_a_draft_of_a_notice_changes_freely(as_app: Callable[..., object], notice: dict[str, int]) -> None:
    for statement in (
        "UPDATE notice_version SET title = '示例改名' WHERE id = {draft}",
        "UPDATE notice_subject SET name = '示例改名' WHERE version_id = {draft}",
        "DELETE FROM notice_attachment WHERE version_id = {draft}",
        "DELETE FROM notice_subject WHERE version_id = {draft}",
        "UPDATE notice_version SET state = 'dropped' WHERE id = {draft}",
    ):
        assert as_app(statement.format(**notice) + " RETURNING id")
