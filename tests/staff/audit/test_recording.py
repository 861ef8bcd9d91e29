"""An entry shares the fate of its act, is chained when that is committed, and by nobody else."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

import psycopg
import pytest
from flask import Flask
from psycopg.errors import InsufficientPrivilege, RaiseException
from sqlalchemy import select

from foundation.database import libpq_url
from foundation.embedded.servers import Connections
from foundation.errors import InvalidInput, NotFound
from foundation.transaction import transaction
from staff.actors import SYSTEM
from staff.audit import record
from staff.audit.models import AuditEntry, AuditLink
from staff.audit.verifying import verify_chain
from tests.staff.audit.factories_trail import LEADER, write_trail
from tests.staff.factories_staff import recorded

FORGED = "INSERT INTO audit_link (seq, entry_id, previous, hash) SELECT 9, max(id), '\\x00', '\\x00' FROM audit_entry"
AS_A_TRIGGER_OF_ONES_OWN = (
    "CREATE TEMP TABLE forged (LIKE audit_entry)",
    "CREATE TRIGGER forged AFTER INSERT ON forged FOR EACH ROW EXECUTE FUNCTION audit_entry_is_chained()",
    "INSERT INTO forged SELECT * FROM audit_entry",
)


@pytest.fixture
def run_as(connections: Connections, app: Flask) -> Callable[..., None]:
    urls = {"application": connections.database_url, "owner": connections.owner_url}

    def run(who: str, *statements: str) -> None:
        with psycopg.connect(libpq_url(urls[who])) as connection:
            for statement in statements:
                connection.execute(statement)

    return run


def chained() -> list[tuple[int, str]]:
    """Return the numbers and objects of all links, in the chain's order."""
    query = select(AuditLink.seq, AuditEntry.object).join(AuditEntry, AuditEntry.id == AuditLink.entry_id)
    with transaction() as session:
        return [(row.seq, row.object) for row in session.execute(query.order_by(AuditLink.seq))]


def test_an_act_that_fails_leaves_neither_entry_nor_link(app: Flask) -> None:
    def open_a_poll_that_is_not_there() -> None:
        with transaction():
            record("polls.open", "example", SYSTEM)
            raise NotFound("没有这个投票。")

    with pytest.raises(NotFound):
        open_a_poll_that_is_not_there()
    assert (recorded(), chained()) == ([], [])


def test_what_is_taken_back_within_a_transaction_is_not_chained(app: Flask) -> None:
    with transaction() as session:
        record("polls.open", "stays", SYSTEM)
        with session.begin_nested() as savepoint:
            record("polls.open", "is taken back", SYSTEM)
            session.flush()
            savepoint.rollback()
        record("polls.open", "stays too", SYSTEM)
    assert chained() == [(1, "stays"), (2, "stays too")]
    assert verify_chain().seq == 2


def test_an_entry_keeps_role_wish_and_purpose(app: Flask) -> None:
    with transaction():
        record("polls.open", "example", LEADER, fields=("state",), purpose="按方案开放")
    with transaction() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.actor, entry.role, entry.asked_by, entry.purpose, entry.fields) == (
            "lingdao",
            "leader",
            "jingban",
            "按方案开放",
            ["state"],
        )


def test_a_purpose_that_is_too_long_is_refused_with_its_act(app: Flask) -> None:
    with pytest.raises(InvalidInput) as refused, transaction():
        record("polls.open", "example", SYSTEM, purpose="长" * 501)
    assert (refused.value.field, recorded()) == ("purpose", [])


def test_whoever_still_works_keeps_nobody_from_committing(app: Flask) -> None:
    """The lock is taken when a transaction commits: an earlier entry of a longer act is chained later."""
    began, may_end = threading.Event(), threading.Event()

    def long_act() -> None:
        with app.app_context(), transaction() as session:
            record("polls.open", "the long act", SYSTEM)
            session.flush()
            began.set()
            assert may_end.wait(20)

    with ThreadPoolExecutor() as threads:
        act = threads.submit(long_act)
        assert began.wait(20)
        with transaction():
            record("polls.open", "the short act", SYSTEM)
        may_end.set()
        act.result(20)
    assert chained() == [(1, "the short act"), (2, "the long act")]
    assert verify_chain().seq == 2


def test_parallel_commits_make_one_chain_without_gaps_or_forks(app: Flask) -> None:
    threads, acts = 8, 25
    barrier = threading.Barrier(threads)

    def work(number: int) -> None:
        barrier.wait(20)
        for act in range(acts):
            with app.app_context(), transaction() as session:
                for step in range(1 + act % 3):
                    record("example.act", f"{number}/{act}/{step}", SYSTEM)
                    session.flush()

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, number) for number in range(threads)]:
            done.result(60)
    links = chained()
    assert [seq for seq, _ in links] == list(range(1, threads * sum(1 + act % 3 for act in range(acts)) + 1))
    together = [list(group) for _, group in groupby(links, key=lambda link: link[1].rpartition("/")[0])]
    assert len(together) == threads * acts, "what one transaction did stands together"
    assert all([what[-1] for _, what in group] == list("012")[: len(group)] for group in together)
    assert verify_chain().seq == len(links)


@pytest.mark.parametrize(
    ("who", "statements", "refusal"),
    [
        ("application", (FORGED,), InsufficientPrivilege),
        ("owner", (FORGED,), RaiseException),
        ("application", AS_A_TRIGGER_OF_ONES_OWN, RaiseException),
        ("owner", AS_A_TRIGGER_OF_ONES_OWN, RaiseException),
        ("application", ("ALTER TABLE audit_entry DISABLE TRIGGER ALL",), InsufficientPrivilege),
        ("application", ("SET session_replication_role = replica",), InsufficientPrivilege),
    ],
)
def test_nobody_links_by_hand(
    run_as: Callable[..., None], who: str, statements: tuple[str, ...], refusal: type[Exception]
) -> None:
    head = write_trail(3)
    with pytest.raises(refusal):
        run_as(who, *statements)
    assert verify_chain() == head


def test_an_entry_written_past_the_service_is_chained_too(run_as: Callable[..., None]) -> None:
    run_as(
        "application", "INSERT INTO audit_entry (actor, act, object, result, fields) VALUES ('a', 'b', 'c', 'd', '{}')"
    )
    assert verify_chain().seq == 1
