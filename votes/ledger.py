"""The ledger of ballots: what is committed here counts, and nothing else does.

One committer per process takes what waits, writes it in one transaction per poll and answers everyone (group commit).
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import orjson
import psycopg
import structlog
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from foundation.ids import short_code
from foundation.together import Together, Waiting
from votes.gate import Decision, Gate, Passage, Try
from votes.models import Ballot, Poll

log = structlog.get_logger(__name__)
POLL_LOCK = 1  # the first key of the advisory lock that casting shares and closing takes alone
PATIENCE = 3.0  # seconds a voter waits before being asked to try again

_LOCK = "SELECT pg_advisory_xact_lock_shared(%s, %s)"
# Sorted, because two processes inserting the same voters in different orders would wait for each other for ever.
_INSERT = """
INSERT INTO ballot (poll_id, voter_tag, period, nonce, choices, salt, code, accepted_at)
SELECT poll.id, decode(entry.tag, 'hex'), poll_period(poll.period), entry.nonce, decode(entry.choices, 'hex'),
       decode(entry.salt, 'hex'), entry.code, clock_now()
FROM json_to_recordset(%s::json) AS entry (tag text, nonce text, choices text, salt text, code text)
JOIN poll ON poll.id = %s AND poll.state = 'open' AND poll.revision = %s
         AND poll.opens_at <= clock_now() AND clock_now() < poll.closes_at
ORDER BY entry.tag, entry.nonce
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


Connect = Callable[[], psycopg.Connection]
OnCommit = Callable[[int, int, Sequence[bytes]], object]


@dataclass(frozen=True, slots=True)
class _Deposit:
    """An entry, and the try that the gate has to let pass first; without one it has passed already."""

    entry: Entry
    attempt: Try | None


_Waiting = Waiting[_Deposit, Answer | Decision]


class Committer:
    """Takes what callers hand in through the gate and into the ledger, many at once.

    Each call returns when its ballot's fate is known.
    """

    def __init__(
        self, connect: Connect, on_accepted: OnCommit, *, gate: Gate | None = None, patience: float = PATIENCE
    ) -> None:
        """`connect` opens an autocommit connection; `on_accepted(poll_id, period, tags)` runs after each commit.

        `patience` is how many seconds a caller waits for an answer.
        """
        self._connect = connect
        self._on_accepted = on_accepted
        self._gate = gate
        self._together = Together(self._serve_all, patience=patience, name="committer")
        self._connection: psycopg.Connection | None = None

    def commit(self, entry: Entry, attempt: Try | None = None) -> Answer | Decision:
        """Write `entry` or find what stands in its place; the gate's decision where it does not let `attempt` pass.

        Raises Unavailable when that takes too long. The ballot may still be committed then; the same nonce finds it.
        """
        return self._together.ask(_Deposit(entry, attempt))

    @property
    def waiting(self) -> int:
        """How many ballots wait for the next batch."""
        return self._together.waiting

    def _serve_all(self, batch: Sequence[_Waiting]) -> None:
        admitted = self._admit(batch)
        for poll_id in {waiting.item.entry.poll_id for waiting in admitted}:
            self._serve(poll_id, [waiting for waiting in admitted if waiting.item.entry.poll_id == poll_id])

    def _admit(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        """Ask the gate about the whole batch in one call, tell those who may not pass, return the others."""
        if self._gate is None:
            return list(batch)
        tries = [(waiting, waiting.item.attempt) for waiting in batch if waiting.item.attempt is not None]
        admitted = [waiting for waiting in batch if waiting.item.attempt is None]
        decisions = self._gate.admit_all([attempt for _, attempt in tries if attempt is not None])
        for (waiting, _), decision in zip(tries, decisions, strict=True):
            if decision.passage is Passage.PASS:
                admitted.append(waiting)
            else:
                waiting.tell(decision)
        return admitted

    def _serve(self, poll_id: int, waitings: list[_Waiting]) -> None:
        """Commit one poll's share; what fails is tried once more.

        A database that was away may be back, so the whole is tried again. Any other failure lies with a ballot, and
        each is tried alone, so that one cannot fail all.
        """
        if not self._attempt(poll_id, waitings):
            database_was_away = self._connection is None
            unanswered = [waiting for waiting in waitings if not waiting.told]
            for share in [unanswered] if database_was_away else [[waiting] for waiting in unanswered]:
                if not self._attempt(poll_id, share):
                    for waiting in share:
                        waiting.tell(None)

    def _attempt(self, poll_id: int, waitings: list[_Waiting]) -> bool:
        """Commit and answer; on failure log it and return False. The thread serves everybody, so it never dies."""
        try:
            self._commit_together(poll_id, waitings)
        except psycopg.OperationalError as error:
            log.warning("database_away", error=type(error).__name__, ballots=len(waitings))
            self._drop_connection()
            return False
        except Exception as error:  # noqa: BLE001  # whatever it is, the next batch must be served
            self._undo()
            # Its type only: the message of a database error quotes what was to be written.
            log.error("batch_failed", error=type(error).__name__, ballots=len(waitings))  # noqa: TRY400
            return False
        return True

    def _commit_together(self, poll_id: int, waitings: list[_Waiting]) -> None:
        for revision in {waiting.item.entry.revision for waiting in waitings}:
            share = [waiting for waiting in waitings if waiting.item.entry.revision == revision]
            first = {(waiting.item.entry.voter_tag, waiting.item.entry.nonce): waiting for waiting in reversed(share)}
            answers, period = self._write(poll_id, revision, [waiting.item.entry for waiting in first.values()])
            accepted = [tag for (tag, _), answer in answers.items() if answer.verdict is Verdict.ACCEPTED]
            for waiting in share:
                key = (waiting.item.entry.voter_tag, waiting.item.entry.nonce)
                waiting.tell(answers[key] if first[key] is waiting else _as_replay(answers[key]))
            if accepted:
                self._on_accepted(poll_id, period, accepted)

    def _write(self, poll_id: int, revision: int, entries: list[Entry]) -> tuple[dict[tuple[bytes, str], Answer], int]:
        """Return every entry's answer, and the period that the accepted ones fell into."""
        connection = self._live_connection()
        with connection.cursor(binary=True) as cursor:
            # One round trip: on every return this thread has to wait for its turn among those that serve requests.
            with connection.pipeline(), connection.transaction():
                connection.execute(_LOCK, (POLL_LOCK, poll_id))
                cursor.execute(_INSERT, (_rows(entries), poll_id, revision))
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

    def _undo(self) -> None:
        """Leave the transaction that failed; where that fails too, the connection is of no use."""
        if self._connection is not None:
            try:
                self._connection.rollback()
            except psycopg.Error:
                self._drop_connection()

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


def _rows(entries: Iterable[Entry]) -> str:
    """Write the rows to insert as one value: adapting an array for each column costs several times as much."""
    rows = [
        {
            "tag": entry.voter_tag.hex(),
            "nonce": entry.nonce,
            "choices": entry.choices.hex(),
            "salt": secrets.token_hex(16),
            "code": short_code(),
        }
        for entry in entries
    ]
    return orjson.dumps(rows).decode()


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
