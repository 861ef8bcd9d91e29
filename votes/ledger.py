"""The ledger of ballots: what is committed here counts, and nothing else does.

One committer per process takes what waits, writes it in one transaction per poll and answers everyone (group commit).
"""

import queue
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

import psycopg
import structlog
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from foundation.errors import Unavailable
from foundation.ids import short_code
from votes.models import Ballot, Poll

log = structlog.get_logger(__name__)
POLL_LOCK = 1  # the first key of the advisory lock that casting shares and closing takes alone
MAX_BATCH = 512
PATIENCE = 3.0  # seconds a voter waits before being asked to try again

_LOCK = "SELECT pg_advisory_xact_lock_shared(%s, %s)"
# Sorted, because two processes inserting the same voters in different orders would wait for each other for ever.
_INSERT = """
INSERT INTO ballot (poll_id, voter_tag, period, nonce, choices, salt, code, accepted_at)
SELECT poll.id, entry.voter_tag, poll_period(poll.period), entry.nonce, entry.choices, entry.salt, entry.code,
       clock_now()
FROM unnest(%s::bytea[], %s::text[], %s::bytea[], %s::bytea[], %s::text[])
     AS entry (voter_tag, nonce, choices, salt, code)
JOIN poll ON poll.id = %s AND poll.state = 'open' AND poll.revision = %s
         AND poll.opens_at <= clock_now() AND clock_now() < poll.closes_at
ORDER BY entry.voter_tag, entry.nonce
ON CONFLICT DO NOTHING
RETURNING voter_tag, nonce, code, accepted_at, period
"""
# A statement of its own: the one above does not see the rows it lost to.
_FIND = """
SELECT ballot.voter_tag, ballot.nonce, ballot.code, ballot.accepted_at, ballot.period = poll_period(poll.period)
FROM ballot JOIN poll ON poll.id = ballot.poll_id
JOIN unnest(%s::bytea[], %s::text[]) AS entry (voter_tag, nonce) ON entry.voter_tag = ballot.voter_tag
WHERE ballot.poll_id = %s AND (ballot.nonce = entry.nonce OR ballot.period = poll_period(poll.period))
"""
_WINDOW = """
SELECT CASE WHEN state = 'draft' OR (state = 'open' AND clock_now() < opens_at) THEN 'not_open'
            WHEN state <> 'open' OR clock_now() >= closes_at THEN 'closed'
            WHEN revision <> %s THEN 'changed' ELSE 'open' END
FROM poll WHERE id = %s
"""


class Verdict(Enum):
    """What the ledger says of an entry."""

    ACCEPTED = "accepted"
    REPLAYED = "replayed"
    ALREADY_VOTED = "already_voted"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    CHANGED = "changed"
    """The poll changed since the entry was checked; check again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked ballot on its way into the ledger."""

    poll_id: int
    revision: int
    voter_tag: bytes
    nonce: str
    choices: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict, and the ballot in the ledger that it is about, if there is one."""

    verdict: Verdict
    code: str | None = None
    accepted_at: datetime | None = None


@dataclass(slots=True)
class _Waiter:
    entry: Entry
    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None

    def tell(self, answer: Answer | None) -> None:
        self.answer = answer
        self.done.set()


Connect = Callable[[], psycopg.Connection]
OnCommit = Callable[[int, int, Sequence[bytes]], object]


class Committer:
    """Commits what callers hand in, many at once; each call returns when its ballot's fate is known."""

    def __init__(self, connect: Connect, on_accepted: OnCommit, *, patience: float = PATIENCE) -> None:
        """`connect` opens an autocommit connection; `on_accepted(poll_id, period, tags)` runs after each commit.

        `patience` is how many seconds a caller waits for an answer.
        """
        self._connect = connect
        self._on_accepted = on_accepted
        self._patience = patience
        self._waiting: queue.SimpleQueue[_Waiter] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connection: psycopg.Connection | None = None

    def commit(self, entry: Entry) -> Answer:
        """Write `entry` or find what stands in its place; raises Unavailable when that takes too long.

        After Unavailable the ballot may still be committed; the same nonce finds it.
        """
        self._ensure_running()
        waiter = _Waiter(entry)
        self._waiting.put(waiter)
        if not waiter.done.wait(self._patience) or waiter.answer is None:
            raise Unavailable("尚未确认，请稍候再试。")
        return waiter.answer

    def _ensure_running(self) -> None:
        """Start the thread at the first ballot: a server that forks later would lose an earlier one."""
        if self._thread is None or not self._thread.is_alive():
            with self._start:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < MAX_BATCH and not self._waiting.empty():
                batch.append(self._waiting.get())
            for poll_id in {waiter.entry.poll_id for waiter in batch}:
                self._serve(poll_id, [waiter for waiter in batch if waiter.entry.poll_id == poll_id])

    def _serve(self, poll_id: int, waiters: list[_Waiter]) -> None:
        """Commit one poll's share; what fails is tried once more.

        A database that was away may be back, so the whole is tried again. Any other failure lies with a ballot, and
        each is tried alone, so that one cannot fail all.
        """
        if not self._attempt(poll_id, waiters):
            database_was_away = self._connection is None
            unanswered = [waiter for waiter in waiters if not waiter.done.is_set()]
            for share in [unanswered] if database_was_away else [[waiter] for waiter in unanswered]:
                if not self._attempt(poll_id, share):
                    for waiter in share:
                        waiter.tell(None)

    def _attempt(self, poll_id: int, waiters: list[_Waiter]) -> bool:
        """Commit and answer; on failure log it and return False. The thread serves everybody, so it never dies."""
        try:
            self._commit_together(poll_id, waiters)
        except psycopg.OperationalError as error:
            log.warning("database_away", error=type(error).__name__, ballots=len(waiters))
            self._drop_connection()
            return False
        except Exception as error:  # noqa: BLE001  # whatever it is, the next batch must be served
            # Its type only: the message of a database error quotes what was to be written.
            log.error("batch_failed", error=type(error).__name__, ballots=len(waiters))  # noqa: TRY400
            return False
        return True

    def _commit_together(self, poll_id: int, waiters: list[_Waiter]) -> None:
        for revision in {waiter.entry.revision for waiter in waiters}:
            share = [waiter for waiter in waiters if waiter.entry.revision == revision]
            first = {(waiter.entry.voter_tag, waiter.entry.nonce): waiter for waiter in reversed(share)}
            answers, period = self._write(poll_id, revision, [waiter.entry for waiter in first.values()])
            accepted = [tag for (tag, _), answer in answers.items() if answer.verdict is Verdict.ACCEPTED]
            for waiter in share:
                key = (waiter.entry.voter_tag, waiter.entry.nonce)
                waiter.tell(answers[key] if first[key] is waiter else _as_replay(answers[key]))
            if accepted:
                self._on_accepted(poll_id, period, accepted)

    def _write(self, poll_id: int, revision: int, entries: list[Entry]) -> tuple[dict[tuple[bytes, str], Answer], int]:
        """Return every entry's answer, and the period that the accepted ones fell into."""
        connection = self._live_connection()
        with connection.transaction(), connection.cursor(binary=True) as cursor:
            cursor.execute(_LOCK, (POLL_LOCK, poll_id))
            cursor.execute(_INSERT, (*_columns(entries), poll_id, revision))
            rows = cursor.fetchall()
            answers = {(tag, nonce): Answer(Verdict.ACCEPTED, code, at) for tag, nonce, code, at, _ in rows}
            rest = [entry for entry in entries if (entry.voter_tag, entry.nonce) not in answers]
            if rest:
                answers |= _find(cursor, poll_id, revision, rest)
        return answers, rows[0][4] if rows else 0

    def _live_connection(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def find_by_nonce(session: Session, poll_id: int, voter_tag: bytes, nonce: str) -> Answer | None:
    """Return what the ledger holds under this voter's nonce; asked before any refusal is spoken."""
    row = session.execute(
        select(Ballot.code, Ballot.accepted_at).where(
            Ballot.poll_id == poll_id, Ballot.voter_tag == voter_tag, Ballot.nonce == nonce
        )
    ).first()
    return Answer(Verdict.REPLAYED, row.code, row.accepted_at) if row else None


def find_in_period(session: Session, poll_id: int, voter_tag: bytes) -> Answer | None:
    """Return the voter's ballot of the period that is now, while the poll takes ballots by the database's clock."""
    open_now = and_(Poll.state == "open", func.clock_now() < Poll.closes_at)
    row = session.execute(
        select(Ballot.code, Ballot.accepted_at)
        .join(Poll, and_(Poll.id == Ballot.poll_id, open_now))
        .where(Ballot.poll_id == poll_id, Ballot.voter_tag == voter_tag, Ballot.period == func.poll_period(Poll.period))
    ).first()
    return Answer(Verdict.ALREADY_VOTED, row.code, row.accepted_at) if row else None


def lock_poll_exclusively(session: Session, poll_id: int) -> None:
    """Wait until no batch is being written for this poll, and keep others out until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(POLL_LOCK, poll_id)))


def _columns(entries: Iterable[Entry]) -> tuple[list[bytes], list[str], list[bytes], list[bytes], list[str]]:
    entries = list(entries)
    return (
        [entry.voter_tag for entry in entries],
        [entry.nonce for entry in entries],
        [entry.choices for entry in entries],
        [secrets.token_bytes(16) for _ in entries],
        [short_code() for _ in entries],
    )


def _find(cursor: psycopg.Cursor, poll_id: int, revision: int, entries: list[Entry]) -> dict[tuple[bytes, str], Answer]:
    """Read what stands in the ledger instead of `entries`; where nothing does, the poll was not open to them."""
    cursor.execute(_FIND, ([e.voter_tag for e in entries], [e.nonce for e in entries], poll_id))
    rows = cursor.fetchall()
    same = {(tag, nonce): Answer(Verdict.REPLAYED, code, at) for tag, nonce, code, at, _ in rows}
    other = {tag: Answer(Verdict.ALREADY_VOTED, code, at) for tag, _, code, at, of_now in rows if of_now}
    cursor.execute(_WINDOW, (revision, poll_id))
    row = cursor.fetchone()
    window = row[0] if row else "closed"
    answers = {}
    for entry in entries:
        key = (entry.voter_tag, entry.nonce)
        refused = Answer(Verdict(window)) if window != "open" else other.get(entry.voter_tag)
        answers[key] = same.get(key) or refused or Answer(Verdict.CHANGED)
    return answers


def _as_replay(answer: Answer) -> Answer:
    if answer.verdict is not Verdict.ACCEPTED:
        return answer
    return Answer(Verdict.REPLAYED, answer.code, answer.accepted_at)
