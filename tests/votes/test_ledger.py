"""The ledger: batches of ballots, what stands in the way of one, and what the committer survives."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from foundation.database import db, libpq_url
from foundation.embedded.servers import Connections
from foundation.errors import Unavailable
from foundation.transaction import transaction
from tests.conftest import DatabaseClock
from tests.factories import BOTH, make_poll
from votes.ledger import POLL_LOCK, Answer, Committer, Entry, Verdict
from votes.models import Ballot, Poll
from votes.polls import close_poll
from votes.verifying import verify_ledger

PLUG = sha256(b"plug").digest()[:16]
PATIENCE = 10.0  # seconds: what is not about patience must not depend on a busy machine


@dataclass
class Book:
    """A committer on the tests' database, whose connections can be kept from opening."""

    connections: Connections
    patience: float = PATIENCE
    options: str = "-c timezone=UTC"
    opens: threading.Event = field(default_factory=threading.Event)
    connecting: threading.Event = field(default_factory=threading.Event)
    remembered: list[tuple[int, int, list[bytes]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.opens.set()
        self.committer = Committer(self._connect, self._remember, patience=self.patience)
        self.callers = ThreadPoolExecutor(200)

    def commit(self, entry: Entry) -> Answer:
        answer = self.committer.commit(entry)
        assert isinstance(answer, Answer)
        return answer

    def commit_in_one_batch(self, poll_id: int, entries: Sequence[Entry]) -> list[Answer | BaseException]:
        """Have all entries wait, in their order, while the committer is kept busy with another; return their fates."""
        self.committer._drop_connection()
        self.connecting.clear()
        self.opens.clear()
        plug = self.callers.submit(self.commit, Entry(poll_id, 0, PLUG, "nonce-of-the-plug", b"\x01"))
        assert self.connecting.wait(PATIENCE)
        waiting: list[Future[Answer]] = []
        for entry in entries:
            waiting.append(self.callers.submit(self.commit, entry))
            await_that(lambda: self.committer.waiting == len(waiting))
        self.opens.set()
        plug.result()
        return [future.exception() or future.result() for future in waiting]

    def _connect(self) -> psycopg.Connection:
        self.connecting.set()
        self.opens.wait()
        return psycopg.connect(libpq_url(self.connections.database_url), autocommit=True, options=self.options)

    def _remember(self, poll_id: int, period: int, voter_tags: Sequence[bytes]) -> None:
        self.remembered.append((poll_id, period, list(voter_tags)))


def await_that(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was awaited did not come"
        time.sleep(0.002)


@pytest.fixture
def make_book(app: Flask, connections: Connections) -> Iterator[Callable[..., Book]]:
    made: list[Book] = []

    def make(**changes: object) -> Book:
        made.append(Book(connections, **changes))  # type: ignore[arg-type]  # handed through
        return made[-1]

    yield make
    for book in made:
        book.callers.shutdown()
        book.committer._drop_connection()


@pytest.fixture
def book(make_book: Callable[..., Book]) -> Book:
    return make_book()


@pytest.fixture
def owner(connections: Connections) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq_url(connections.owner_url), autocommit=True) as connection:
        yield connection


def entry(poll_id: int, voter: int, nonce: str = "first", *, revision: int = 0, choices: bytes = b"\x01") -> Entry:
    return Entry(poll_id, revision, sha256(str(voter).encode()).digest()[:16], f"{nonce}-nonce-{voter}", choices)


def in_ledger(poll_id: int) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Ballot).where(Ballot.poll_id == poll_id)) or 0


@contextmanager
def held_poll(owner: psycopg.Connection, poll_id: int, *, shared: bool = False) -> Iterator[None]:
    """Hold the poll's lock: alone, as closing does, or shared, as a batch being written does."""
    kind = "_shared" if shared else ""
    owner.execute(f"SELECT pg_advisory_lock{kind}(%s, %s)", (POLL_LOCK, poll_id))
    try:
        yield
    finally:
        owner.execute(f"SELECT pg_advisory_unlock{kind}(%s, %s)", (POLL_LOCK, poll_id))


def waiting_for_the_poll(owner: psycopg.Connection, mode: str) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = %s AND NOT granted"
    row = owner.execute(query, (mode,)).fetchone()
    return row is not None and row[0] > 0


def test_two_ballots_of_one_voter_in_a_batch_are_one_ballot_and_its_receipt(book: Book) -> None:
    poll_id = make_poll()

    one, two = book.commit_in_one_batch(poll_id, [entry(poll_id, 1, "aaaa"), entry(poll_id, 1, "bbbb")])

    assert isinstance(one, Answer)
    assert one.verdict is Verdict.ACCEPTED
    assert two == Answer(Verdict.ALREADY_VOTED, one.code, one.accepted_at)
    assert in_ledger(poll_id) == 2  # with the plug's


def test_equal_tries_in_a_batch_are_folded_and_the_first_is_the_accepted_one(book: Book) -> None:
    poll_id = make_poll()

    first, *others = book.commit_in_one_batch(poll_id, [entry(poll_id, 1)] * 5)

    assert isinstance(first, Answer)
    assert first.verdict is Verdict.ACCEPTED
    assert others == [Answer(Verdict.REPLAYED, first.code, first.accepted_at)] * 4
    assert in_ledger(poll_id) == 2


def test_what_was_accepted_is_told_once_it_is_committed(book: Book) -> None:
    poll_id = make_poll()

    book.commit_in_one_batch(poll_id, [entry(poll_id, 1), entry(poll_id, 1, "other"), entry(poll_id, 2)])

    tags = sorted(entry(poll_id, voter).voter_tag for voter in (1, 2))
    assert [(poll, period, sorted(voters)) for poll, period, voters in book.remembered] == [
        (poll_id, 0, [PLUG]),
        (poll_id, 0, tags),
    ]


def test_two_processes_with_the_same_voters_in_opposite_orders_never_wait_for_each_other(
    make_book: Callable[..., Book],
) -> None:
    poll_id = make_poll()
    forth, back = make_book().committer, make_book().committer
    accepted = 0

    with ThreadPoolExecutor(2) as processes:
        for number in range(40):
            voters = [entry(poll_id, number * 64 + voter) for voter in range(64)]
            start = threading.Barrier(2)

            def write(committer: Committer, entries: list[Entry], start: threading.Barrier = start) -> int:
                start.wait()
                answers, _ = committer._write(poll_id, 0, entries)
                return sum(answer.verdict is Verdict.ACCEPTED for answer in answers.values())

            writing = [processes.submit(write, forth, voters), processes.submit(write, back, voters[::-1])]
            accepted += sum(future.result(60) for future in writing)

    assert accepted == 40 * 64 == in_ledger(poll_id)


def test_a_ballot_checked_against_an_older_revision_is_sent_back(book: Book) -> None:
    poll_id = make_poll()
    with transaction() as session:
        session.get_one(Poll, poll_id).revision = 1

    assert book.commit(entry(poll_id, 1, revision=0)) == Answer(Verdict.CHANGED)
    assert book.commit(entry(poll_id, 1, revision=1)).verdict is Verdict.ACCEPTED


def test_entries_of_several_polls_and_revisions_in_a_batch_are_each_judged_by_their_own(book: Book) -> None:
    here, there, draft = make_poll(), make_poll("there"), make_poll("later", state="draft")
    batch = [entry(here, 1), entry(there, 1), entry(here, 2, revision=9), entry(draft, 1), entry(here + 999, 1)]

    answers = book.commit_in_one_batch(here, batch)

    verdicts = [answer.verdict if isinstance(answer, Answer) else answer for answer in answers]
    assert verdicts == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.CHANGED, Verdict.NOT_OPEN, Verdict.CLOSED]


def test_closing_waits_for_the_batch_being_written_and_no_ballot_lands_after_it(
    book: Book, app: Flask, owner: psycopg.Connection
) -> None:
    poll_id = make_poll()
    accepted = book.commit(entry(poll_id, 1))

    def close() -> None:
        with app.app_context():
            close_poll("demo", "示例理由", BOTH)

    with held_poll(owner, poll_id, shared=True):  # a batch of another process
        closing = book.callers.submit(close)
        await_that(lambda: waiting_for_the_poll(owner, "ExclusiveLock"))
        late = book.callers.submit(book.commit, entry(poll_id, 2))
        await_that(lambda: waiting_for_the_poll(owner, "ShareLock"))
        assert not closing.done()
    closing.result(PATIENCE)

    assert late.result(PATIENCE) == Answer(Verdict.CLOSED)
    assert book.commit(entry(poll_id, 1)) == Answer(Verdict.REPLAYED, accepted.code, accepted.accepted_at)
    assert in_ledger(poll_id) == 1
    db.session.expire_all()
    assert [report.faults for report in verify_ledger()] == [()]


def test_a_connection_lost_between_batches_is_healed(book: Book, owner: psycopg.Connection) -> None:
    poll_id = make_poll()
    first = book.commit(entry(poll_id, 1))
    connection = book.committer._connection
    assert connection is not None
    owner.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))

    assert book.commit(entry(poll_id, 2)).verdict is Verdict.ACCEPTED
    assert book.commit(entry(poll_id, 1)) == Answer(Verdict.REPLAYED, first.code, first.accepted_at)


def test_a_voter_is_asked_to_try_again_while_the_ledger_is_locked_and_the_same_nonce_settles_it(
    make_book: Callable[..., Book], owner: psycopg.Connection
) -> None:
    poll_id = make_poll()
    book = make_book(patience=0.4)
    with held_poll(owner, poll_id):
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            book.commit(entry(poll_id, 1))
        waited = time.monotonic() - begun

    settled = make_book().commit(entry(poll_id, 1))

    assert waited >= 0.4
    assert settled.verdict in (Verdict.ACCEPTED, Verdict.REPLAYED)
    assert in_ledger(poll_id) == 1


def test_those_who_gave_up_do_not_keep_another_poll_waiting(
    make_book: Callable[..., Book], owner: psycopg.Connection
) -> None:
    locked, free = make_poll(), make_poll("free")
    book = make_book(patience=2.0, options="-c timezone=UTC -c statement_timeout=500")
    with held_poll(owner, locked):
        refused = [book.callers.submit(book.commit, entry(locked, voter)) for voter in range(40)]
        assert [type(future.exception(PATIENCE)) for future in refused] == [Unavailable] * 40

        elsewhere = book.commit(entry(free, 1))

    assert elsewhere.verdict is Verdict.ACCEPTED


def test_a_row_that_fails_in_a_batch_fails_alone(book: Book) -> None:
    poll_id = make_poll()
    broken = Entry(poll_id, 0, b"a tag too short", "nonce-of-the-broken", b"\x01")

    one, failed, two = book.commit_in_one_batch(poll_id, [entry(poll_id, 1), broken, entry(poll_id, 2)])

    assert isinstance(failed, Unavailable)
    assert isinstance(one, Answer)
    assert isinstance(two, Answer)
    assert (one.verdict, two.verdict) == (Verdict.ACCEPTED, Verdict.ACCEPTED)
    assert in_ledger(poll_id) == 3


def test_a_hint_that_cannot_be_written_takes_nobodys_receipt_away(make_book: Callable[..., Book]) -> None:
    poll_id = make_poll()
    book = make_book()

    def fail(poll_id: int, period: int, voter_tags: Sequence[bytes]) -> None:
        raise RuntimeError("the hint is lost")

    book.committer._on_accepted = fail

    assert book.commit(entry(poll_id, 1)).verdict is Verdict.ACCEPTED
    assert book.commit(entry(poll_id, 2)).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("written_first", ["yesterday", "today"])
@pytest.mark.parametrize("plan", ["", " -c enable_indexscan=off -c enable_bitmapscan=off"])
def test_who_voted_today_is_shown_todays_receipt_even_beside_a_retry_of_yesterdays(
    make_book: Callable[..., Book], database_clock: DatabaseClock, written_first: str, plan: str
) -> None:
    book = make_book(options="-c timezone=UTC" + plan)
    days = {
        "yesterday": datetime(2026, 4, 20, 15, 0, tzinfo=UTC),  # 23:00 in Shanghai
        "today": datetime(2026, 4, 20, 17, 0, tzinfo=UTC),
    }
    database_clock.set(days["yesterday"])
    poll_id = make_poll(period="daily", closes_in=timedelta(days=7))
    voted = {}
    for day in sorted(days, key=lambda day: day != written_first):  # rows may be found in either order
        database_clock.set(days[day])
        voted[day] = book.commit(entry(poll_id, 1, day))
    database_clock.set(days["today"])

    retry, new = entry(poll_id, 1, "yesterday"), entry(poll_id, 1, "another")
    answers = [book.commit_in_one_batch(poll_id, batch) for batch in ([retry, new], [new, retry])]

    todays = Answer(Verdict.ALREADY_VOTED, voted["today"].code, voted["today"].accepted_at)
    yesterdays = Answer(Verdict.REPLAYED, voted["yesterday"].code, voted["yesterday"].accepted_at)
    assert answers == [[yesterdays, todays], [todays, yesterdays]]
