"""The room put together: what the factory calls to have polls in the application."""

from collections.abc import Mapping, Sequence

import psycopg
from flask import Flask
from sqlalchemy import select

import votes.acts
import votes.witnessing  # noqa: F401  # what staff may do with polls, and what supervisors witness of them
from config import Settings
from foundation.clock import utc_now
from foundation.database import libpq_url
from foundation.embedded.servers import Connections
from foundation.keyvalue import keyvalue
from foundation.transaction import transaction
from votes.ballot_page import PageShelf
from votes.casting import BallotBox
from votes.chat.replies import offer_chat_word, register_chat
from votes.console import register_polls_console
from votes.gate import Gate, Limits
from votes.ledger import Committer
from votes.limits import LimitKeeper
from votes.models import Poll, PollHead
from votes.numbering import Sequencer, TallyKeeper
from votes.paper import PaperShelf
from votes.parts import EXTENSION, Parts, votes_parts
from votes.polls import close_due_polls
from votes.replies import register_replies
from votes.slot import open_slot
from votes.sources import Source, SourceCounter, write_sources
from votes.tally import RunningTally
from votes.turnout import recount_turnout
from votes.views import blueprint
from wechat.followers import follows


def register_votes(app: Flask, connections: Connections) -> None:
    """Give the application its polls. `connections` leads the committer to the ledger on a connection of its own."""
    settings: Settings = app.config["SETTINGS"]
    with app.app_context():
        client = keyvalue()
    limits = Limits(settings.gate_per_voter, settings.gate_per_address, settings.gate_per_poll)
    gate, shelf = Gate(client, limits), PaperShelf()
    committer = build_committer(connections, gate)
    box = BallotBox(shelf, committer, follows, utc_now)
    app.extensions[EXTENSION] = Parts(
        box, RunningTally(client), shelf, PageShelf(), _build_source_counter(app), LimitKeeper(gate)
    )
    app.register_blueprint(blueprint)
    register_polls_console(app)
    register_chat(app)
    register_replies(app)
    offer_chat_word(app)
    open_slot(app)


def build_committer(connections: Connections, gate: Gate) -> Committer:
    """Return a committer with a connection to the ledger of its own, behind `gate`."""
    url = libpq_url(connections.database_url)

    def connect() -> psycopg.Connection:
        # Not a statement_timeout: it would end the wait for a standby at COMMIT, and call done what is not.
        options = "-c timezone=UTC -c synchronous_commit=on -c lock_timeout=2500"
        return psycopg.connect(url, autocommit=True, connect_timeout=2, options=options, tcp_user_timeout=8_000)

    def remember(poll_id: int, period: int, voter_tags: Sequence[bytes]) -> None:
        gate.remember(str(poll_id), period, voter_tags)

    return Committer(connect, remember, gate=gate)


def _build_source_counter(app: Flask) -> SourceCounter:
    def write(counts: Mapping[Source, int]) -> None:
        with app.app_context():
            write_sources(counts)

    return SourceCounter(write)


def build_sequencer() -> Sequencer:
    """Return the sequencer for a process of its own."""
    return Sequencer(TallyKeeper(votes_parts().tally), close_due_polls)


def rebuild_tallies() -> int:
    """Forget every shown tally and count it anew, and the turnout kept beside the ledger; returns how many polls."""
    keeper, tally = TallyKeeper(votes_parts().tally), votes_parts().tally
    with transaction() as session:
        polls = list(session.scalars(select(Poll.id).where(Poll.state != "draft")))
    for poll_id in polls:
        with transaction() as session:
            recount_turnout(session, session.get_one(PollHead, poll_id, with_for_update=True))
        tally.forget(poll_id)
        keeper.keep(poll_id)
    return len(polls)
