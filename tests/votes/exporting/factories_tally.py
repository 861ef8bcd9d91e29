"""Invented polls with a ledger behind them, and an independent recount of what was put in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from foundation.transaction import transaction
from votes.models import Award, Ballot, Candidate, CertifiedCount, Poll
from votes.rules import pack

OPENS = datetime(2017, 4, 18, 1, 0, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=7)
ORDER = ("draft", "open", "closed", "certified")


@dataclass(frozen=True)
class Person:
    """A candidate of the award at `award` (0, 1, …); numbers follow the order in which they are given."""

    award: int
    name: str
    unit: str = "示例县"
    post: str = "示例单位职员"
    withdrawn: bool = False


def invented_people(*sizes: int) -> tuple[Person, ...]:
    """Return so many candidates per award, from three units in turn."""
    return tuple(
        Person(award, f"示例{award + 1}号奖{place}", f"示例单位{'甲乙丙'[place % 3]}")
        for award, size in enumerate(sizes)
        for place in range(size)
    )


def make_poll_with_ledger(
    people: Sequence[Person],
    ballots: Sequence[Sequence[int]],
    *,
    slug: str = "shili",
    title: str = "示例先进典型网上评议",
    places: Sequence[int] = (2, 2, 2),
    state: str = "open",
    visibility: str = "live",
    period: str = "once",
    waiting: Sequence[Sequence[int]] = (),
) -> int:
    """Make a poll whose ledger holds `ballots`, numbered, three an hour, and `waiting` ones without a number.

    A certified poll gets the counts that the ballots add up to. Returns the poll's id.
    """
    with transaction() as session:
        poll = Poll(
            slug=slug, title=title, visibility=visibility, period=period, voter_key=b"k" * 32, opens_at=OPENS,
            closes_at=CLOSES,
        )  # fmt: skip
        session.add(poll)
        _add_paper(poll, people, places)
        session.flush()
        for step in ORDER[1 : ORDER.index(state) + 1]:
            poll.state = step
            poll.certified_at = CLOSES if step == "certified" else None
            session.flush()
        size = (len(people) + 7) // 8
        for order, choices in enumerate([*ballots, *waiting]):
            number = order + 1 if order < len(ballots) else None
            session.add(_ballot(poll.id, order, number, pack(choices, size), daily=period == "daily"))
        if state == "certified":
            counts = recount(ballots)
            session.add_all(
                CertifiedCount(poll_id=poll.id, number=n, votes=counts[n]) for n in range(1, len(people) + 1)
            )
        return poll.id


def recount(ballots: Sequence[Sequence[int]]) -> Counter[int]:
    """Count the choices one by one, without any code of the service."""
    return Counter(number for ballot in ballots for number in ballot)


def fill_ledger(poll_id: int, first: int, last: int) -> None:
    """Add ballots `first` to `last` of pseudo-random choices among 180 candidates, by SQL alone."""
    with transaction() as session:
        session.execute(
            text(
                """
                INSERT INTO ballot (poll_id, voter_tag, period, nonce, choices, salt, code, accepted_at, number)
                SELECT :poll, decode(md5('voter' || n), 'hex'), 0, 'nonce-' || n,
                       substr(sha256(('choices' || n)::bytea), 1, 22) || substr('\\x0009060f'::bytea, n % 4 + 1, 1),
                       decode(md5('salt' || n), 'hex'), substr(md5('code' || n), 1, 14),
                       timestamptz '2017-04-18 09:00+08' + n * interval '5 seconds', n
                FROM generate_series(cast(:first AS integer), cast(:last AS integer)) AS n
                """
            ),
            {"poll": poll_id, "first": first, "last": last},
        )


def _add_paper(poll: Poll, people: Sequence[Person], places: Sequence[int]) -> None:
    poll.awards = [
        Award(position=position, name=f"示例{position + 1}号奖", places=places[position], max_choices=len(people))
        for position in range(max(person.award for person in people) + 1)
    ]
    for number, person in enumerate(people, start=1):
        candidate = Candidate(
            number=number, name=person.name, unit=person.unit, post=person.post, poll=poll,
            withdrawn_at=OPENS if person.withdrawn else None,
        )  # fmt: skip
        poll.awards[person.award].candidates.append(candidate)


def _ballot(poll_id: int, order: int, number: int | None, choices: bytes, *, daily: bool) -> Ballot:
    """A daily poll's ballots come from two voters in turn; otherwise each has a voter of its own."""
    voter, day = (order % 2, order // 2) if daily else (order, 0)
    return Ballot(
        poll_id=poll_id,
        voter_tag=voter.to_bytes(16, "big"),
        period=day,
        nonce=f"nonce-{order:08}",
        choices=choices,
        salt=bytes(16),
        code=f"SL{order:012}",
        accepted_at=OPENS + timedelta(minutes=20 * order),
        number=number,
    )
