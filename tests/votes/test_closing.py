"""Closing while ballots come in: the last that got in counts, and the ledger still holds."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from foundation.clock import database_now
from foundation.transaction import transaction
from tests.factories import BOTH, make_poll, sign_in
from tests.votes.test_casting import cast
from votes.models import Ballot, Poll
from votes.numbering import drain
from votes.parts import votes_parts
from votes.polls import close_poll
from votes.verifying import verify_ledger


@pytest.fixture(autouse=True)
def _fresh_paper(app: Flask) -> None:
    votes_parts().shelf.forget("demo")


def test_a_ballot_that_got_in_while_closing_waited_lies_before_the_closing(client: FlaskClient) -> None:
    poll_id = make_poll()
    sign_in(client)
    with transaction() as session:
        begun = database_now(session)
        # Committed on the committer's own connection, while this transaction's clock stands still.
        assert cast(client)[0] == 201
        close_poll("demo", "示例：提前结束", BOTH)
    drain(poll_id)

    with transaction() as session:
        accepted_at = session.scalars(select(Ballot.accepted_at)).one()
        closed_at = session.get_one(Poll, poll_id).closed_at
    assert closed_at is not None
    assert begun < accepted_at < closed_at
    assert [report.faults for report in verify_ledger()] == [()]
