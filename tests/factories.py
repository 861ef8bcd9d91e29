"""Things that tests need to be there, made with sensible defaults."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from foundation.clock import database_now
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.actors import Actor, Consent
from staff.roles import Role
from votes.csrf import page_token
from votes.models import Award, Candidate, Poll, PollHead
from votes.turnout import recount_turnout
from wechat.identity import sign_in_voter

CLERK = Actor("clerk", "示例经办", role=Role.OFFICE)
LEADER = Actor("leader", "示例部领导", role=Role.LEADER)
BOTH = Consent(CLERK, LEADER)
STEPS = ("draft", "open", "closed", "certified")


def make_poll(
    slug: str = "demo",
    *,
    state: str = "open",
    awards: Sequence[tuple[str, int, int]] = (("十佳组织", 3, 2), ("十佳党员", 4, 3)),
    opens_in: timedelta = timedelta(hours=-1),
    closes_in: timedelta = timedelta(days=1),
    **changes: object,
) -> int:
    """Make a poll with candidates and return its id; an award is its name, its candidates and how many to choose."""
    with transaction() as session:
        now = database_now(session)
        values = {
            "title": "示例网上评议",
            "opens_at": now + opens_in,
            "closes_at": now + closes_in,
            "visibility": "live",
            "rules_text": "每个微信号限投一次，提交后不可修改。",
            **changes,
        }
        poll = Poll(slug=slug, voter_key=secrets.token_bytes(32), **values)
        number = 0
        for position, (name, candidates, most) in enumerate(awards):
            award = Award(position=position, name=name, places=max(1, candidates // 2), max_choices=most)
            poll.awards.append(award)
            for _ in range(candidates):
                number += 1
                poll.candidates.append(_candidate(award, number))
        session.add(poll)
        session.flush()
        session.add(PollHead(poll_id=poll.id, epoch=random_id()))
        _advance(poll, state, now)
        return poll.id


def _candidate(award: Award, number: int) -> Candidate:
    return Candidate(
        award=award,
        number=number,
        name=f"示例{number:03d}",
        unit=f"示例县{number % 3 + 1}",
        post="示例单位职员",
        brief="示例简要事迹。",
        deeds="示例事迹材料。",
        initials="sl",
        consented=True,
        secrecy_reviewed=True,
    )


def _advance(poll: Poll, state: str, now: datetime) -> None:
    """Take the poll through its states; the database allows one step at a time."""
    for step in STEPS[1 : STEPS.index(state) + 1]:
        poll.state = step
        if step == "open":
            poll.opened_at = now
        if step == "closed":
            poll.closed_at = poll.closes_at
        if step == "certified":
            poll.certified_at = now
        with transaction() as session:
            session.flush()


def sign_in(client: FlaskClient, openid: str = "oVoter0000000000000000000001", *, snapshot: bool = False) -> None:
    """Give the client the cookie of somebody whom WeChat named to us."""
    response = client.application.response_class()
    with client.application.test_request_context():
        sign_in_voter(response, openid, snapshot)
    name, _, rest = response.headers["Set-Cookie"].partition("=")
    client.set_cookie(name, rest.split(";")[0], domain="localhost")


def ballot_headers(app: Flask, slug: str = "demo") -> dict[str, str]:
    """Return what the ballot page sends with a ballot."""
    settings = app.config["SETTINGS"]
    return {"X-CSRFToken": page_token(settings, slug), "Origin": settings.public_url}


def fill_ledger(poll_id: int, ballots: int, *, numbered: bool = True) -> None:
    """Put `ballots` invented ballots straight into the ledger; ballot i chooses candidate i mod 7 + 1."""
    statement = text(
        """
        INSERT INTO ballot (poll_id, voter_tag, period, nonce, choices, salt, code, number)
        SELECT :poll, substr(sha256(convert_to('tag' || i, 'UTF8')), 1, 16), 0, 'nonce-' || i,
               set_bit('\\x00'::bytea, i % 7, 1), substr(sha256(convert_to('salt' || i, 'UTF8')), 1, 16),
               lpad(i::text, 14, '0'), CASE WHEN :numbered THEN i END
        FROM generate_series(1, :ballots) AS i
        """
    )
    with transaction() as session:
        session.execute(statement, {"poll": poll_id, "ballots": ballots, "numbered": numbered})
        if numbered:
            head = session.get_one(PollHead, poll_id)
            head.size = ballots
            recount_turnout(session, head)
