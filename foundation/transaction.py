"""One commit per use case: re-entrant transactions with hooks that run after the commit."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from sqlalchemy.orm import Session

from foundation.database import db

T = TypeVar("T")
log = structlog.get_logger(__name__)
_DEPTH = "transaction_depth"
_HOOKS = "after_commit_hooks"
_KNOWN = "known_in_transaction"


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a transaction or join the one that is open; only the outermost commits.

    An exception rolls everything back and forgets the hooks. A hook's own failure is logged: the commit stands.
    """
    session = db.session()
    depth: int = session.info.get(_DEPTH, 0)
    session.info[_DEPTH] = depth + 1
    hooks: list[Callable[[], object]] = session.info.setdefault(_HOOKS, [])
    committed = False
    try:
        yield session
        if depth == 0:
            session.commit()
            committed = True
    except BaseException:
        session.rollback()
        hooks.clear()
        raise
    finally:
        session.info[_DEPTH] = depth
        if depth == 0:
            session.info.pop(_HOOKS, None)
            if committed:
                _run(hooks)


@contextmanager
def snapshot() -> Iterator[Session]:
    """Open a read-only session that sees the database as of one moment, apart from any transaction."""
    engine = db.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(engine) as session:
        yield session


def known(session: Session, what: Hashable, ask: Callable[[], T]) -> T:
    """Return what `ask` answers, asked once in a transaction: for what is the same all through it."""
    asked_in, answers = session.info.get(_KNOWN, (None, {}))
    if asked_in is None or asked_in is not session.get_transaction():
        answers = {}
    if what not in answers:
        answers[what] = ask()
        session.info[_KNOWN] = session.get_transaction(), answers
    found: T = answers[what]
    return found


def after_commit(hook: Callable[[], object]) -> None:
    """Have `hook` called once the running transaction has committed; outside of one, at once."""
    session = db.session()
    if session.info.get(_DEPTH, 0):
        session.info[_HOOKS].append(hook)
    else:
        _run([hook])


def _run(hooks: list[Callable[[], object]]) -> None:
    for hook in hooks:
        try:
            hook()
        except Exception:
            log.exception("after_commit_hook_failed", hook=getattr(hook, "__qualname__", repr(hook)))
