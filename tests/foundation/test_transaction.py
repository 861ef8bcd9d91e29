"""Transactions: one commit at the outermost, all or nothing, hooks only after what stands."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from foundation.database import db
from foundation.transaction import after_commit, transaction
from staff.models import Member


def add(name: str) -> None:
    with transaction() as session:
        session.add(Member(name=name, display_name="示例", password_hash="-", role="office"))


def fail() -> None:
    with transaction():
        raise LookupError


def add_and_fail(name: str) -> None:
    with transaction():
        add(name)
        raise LookupError


def add_and_fail_inside(name: str) -> None:
    with transaction():
        add(name)
        fail()


def promise_and_fail(hook: Callable[[], object]) -> None:
    with transaction():
        after_commit(hook)
        raise LookupError


def add_twice(name: str, hook: Callable[[], object]) -> None:
    """Fail at the commit's own flush, with a hook promised."""
    with transaction() as session:
        after_commit(hook)
        for _ in range(2):
            session.add(Member(name=name, display_name="示例", password_hash="-", role="office"))


def names() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Member.name).order_by(Member.name)))


@pytest.fixture
def commits(app: Flask) -> list[str]:
    seen: list[str] = []
    event.listen(db.session(), "after_commit", lambda _session: seen.append("commit"))
    return seen


def test_a_use_case_within_a_use_case_commits_with_it_once(commits: list[str]) -> None:
    with transaction():
        add("inner")
        add("second")
        assert commits == []

    assert commits == ["commit"]
    assert names() == ["inner", "second"]


def test_inside_and_outside_share_one_session(app: Flask) -> None:
    with transaction() as outer, transaction() as inner:
        assert inner is outer


def test_an_error_outside_takes_what_was_done_inside_with_it(app: Flask) -> None:
    with pytest.raises(LookupError):
        add_and_fail("lost")

    assert names() == []


def test_an_error_inside_takes_what_was_done_outside_with_it(app: Flask) -> None:
    with pytest.raises(LookupError):
        add_and_fail_inside("lost")

    assert names() == []


def test_work_after_an_error_is_not_joined_to_what_was_rolled_back(app: Flask) -> None:
    with pytest.raises(LookupError):
        add_and_fail("lost")
    add("kept")

    assert names() == ["kept"]


def test_hooks_run_in_order_after_the_outermost_commit(commits: list[str]) -> None:
    with transaction():
        with transaction():
            after_commit(lambda: commits.append("first hook"))
        after_commit(lambda: commits.append("second hook"))

    assert commits == ["commit", "first hook", "second hook"]


def test_a_hook_sees_what_was_committed(app: Flask) -> None:
    seen: list[list[str]] = []
    with transaction():
        add("there")
        after_commit(lambda: seen.append(names()))

    assert seen == [["there"]]


def test_no_hook_runs_for_what_was_rolled_back(app: Flask) -> None:
    ran: list[str] = []
    with pytest.raises(LookupError):
        promise_and_fail(lambda: ran.append("never"))
    with transaction():
        after_commit(lambda: ran.append("of the next"))

    assert ran == ["of the next"]


def test_no_hook_runs_for_work_that_an_inner_error_undid(app: Flask) -> None:
    ran: list[str] = []

    with transaction():
        add("undone")
        after_commit(lambda: ran.append("for undone work"))
        with pytest.raises(LookupError):
            fail()
        add("kept")
        after_commit(lambda: ran.append("for kept work"))

    assert (names(), ran) == (["kept"], ["for kept work"])


def test_no_hook_runs_where_the_commit_itself_fails(app: Flask) -> None:
    ran: list[str] = []

    with pytest.raises(IntegrityError):
        add_twice("twice", lambda: ran.append("never"))

    assert (names(), ran) == ([], [])


def test_a_failing_hook_harms_neither_the_commit_nor_the_next_hook(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def fails() -> None:
        raise ConnectionError("redis is away")

    with transaction():
        add("kept")
        after_commit(fails)
        after_commit(lambda: ran.append("next"))

    assert (names(), ran) == (["kept"], ["next"])


def test_outside_of_a_transaction_a_hook_runs_at_once(app: Flask) -> None:
    ran: list[str] = []

    after_commit(lambda: ran.append("now"))

    assert ran == ["now"]


def test_a_hook_may_open_a_transaction_with_hooks_of_its_own(app: Flask) -> None:
    ran: list[str] = []

    def follow_up() -> None:
        with transaction():
            add("follow-up")
            after_commit(lambda: ran.append("hook of the hook"))

    with transaction():
        add("first")
        after_commit(follow_up)

    assert (names(), ran) == (["first", "follow-up"], ["hook of the hook"])


def test_each_context_has_a_transaction_of_its_own(app: Flask) -> None:
    with transaction() as outer:
        add("unfinished")
        with app.app_context(), transaction() as other:
            seen = other.scalar(select(func.count()).select_from(Member))
            assert other is not outer

    assert seen == 0
