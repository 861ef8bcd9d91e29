"""Rotation: everything an older key wrote is written anew, so that the old key may go; nothing else changes."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.factory import create_app
from app.rotating import Rotated, rotate_field_keys
from foundation.clock import database_now
from foundation.database import db
from foundation.embedded.servers import Connections
from foundation.encryption import UndecryptableError
from foundation.files import file_store
from foundation.transaction import transaction
from tests.conftest import make_settings
from tests.factories import STEPS, make_poll
from votes.models import Poll
from wechat.models import Follower

OLD, NEW = "an-old-field-key-of-the-tests-long-enough", "a-new-field-key-of-the-tests-long-enough"
OPENID = "oVoter0000000000000000000001"


@pytest.fixture
def keyed(app: Flask, connections: Connections) -> Iterator[dict[str, Flask]]:
    """The service with the old key, with both, and with the new key alone."""
    keys = {"old": (OLD,), "both": (NEW, OLD), "new": (NEW,)}
    apps = {name: create_app(make_settings(field_keys=found), connections) for name, found in keys.items()}
    yield apps
    for keyed in apps.values():
        with keyed.app_context():
            db.engine.dispose()


def poll_keys() -> dict[str, bytes]:
    with transaction() as session:
        return {poll.slug: poll.voter_key or b"" for poll in session.scalars(select(Poll))}


def everything_at_rest() -> dict[str, list[object]]:
    queries = {
        "polls": "SELECT voter_key FROM poll ORDER BY id",
        "followers": "SELECT openid FROM follower ORDER BY id",
    }
    with transaction() as session:
        return {name: [bytes(row[0]) for row in session.execute(text(query))] for name, query in queries.items()}


@pytest.fixture
def written_with_the_old_key(keyed: dict[str, Flask]) -> tuple[dict[str, bytes], str]:
    """Polls in every state, a follower and a private file; returns the polls' keys and the file's digest."""
    with keyed["old"].app_context():
        for state in STEPS:
            make_poll(state, state=state)
        with transaction() as session:
            now = database_now(session)
            session.add(Follower(digest=b"digest", openid=OPENID.encode(), follows=True, changed_at=now))
        return poll_keys(), file_store().add_private(b"private", None)


def test_after_a_rotation_the_old_key_may_go(
    keyed: dict[str, Flask], written_with_the_old_key: tuple[dict[str, bytes], str]
) -> None:
    keys, digest = written_with_the_old_key

    with keyed["both"].app_context():
        rotated = rotate_field_keys()

    with keyed["new"].app_context():
        assert (poll_keys(), file_store().read_private(digest)) == (keys, b"private")
        with transaction() as session:
            assert session.scalar(select(Follower.openid)) == OPENID.encode()
    assert rotated == Rotated(fields=len(STEPS) + 1, files=1)
    with keyed["old"].app_context(), pytest.raises(UndecryptableError):
        poll_keys()


def test_a_second_rotation_has_nothing_to_do(
    keyed: dict[str, Flask], written_with_the_old_key: tuple[dict[str, bytes], str]
) -> None:
    with keyed["both"].app_context():
        rotate_field_keys()
        before = everything_at_rest()

        assert rotate_field_keys() == Rotated(fields=0, files=0)
        assert everything_at_rest() == before


def test_a_rotation_with_a_lost_key_changes_nothing(
    keyed: dict[str, Flask], written_with_the_old_key: tuple[dict[str, bytes], str]
) -> None:
    with keyed["new"].app_context():
        before = everything_at_rest()
        with pytest.raises(UndecryptableError):
            rotate_field_keys()
        assert everything_at_rest() == before
