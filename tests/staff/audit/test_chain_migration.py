"""A trail that was there before the chain is chained as it is, and taking the chain back loses no entry."""

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from psycopg import sql

from app.factory import create_app
from foundation.database import db, libpq_url
from foundation.embedded.servers import Connections
from staff.audit.verifying import verify_chain
from tests.conftest import make_settings, url_for_database

NAME = "vote_before_the_chain"
COLUMNS = "id, at, actor, act, object, result, fields, request_id, network"
ROWS = """
INSERT INTO audit_entry (at, actor, act, object, result, fields, request_id, network)
SELECT '2026-04-25 10:00:00.123456+08'::timestamptz + n * interval '1 hour', 'jingban', 'polls.open', '示例投票' || n,
       'done', CASE WHEN n % 2 = 0 THEN '{}' ELSE '{opens_at,closes_at}' END::text[], 'request-' || n,
       CASE WHEN n % 3 = 0 THEN NULL ELSE '192.0.2.0/24' END
FROM generate_series(1, 250) AS n
"""


@pytest.fixture
def before_the_chain(servers: Connections) -> Iterator[tuple[Flask, psycopg.Connection]]:
    """An application on a database of the version before, and its owner."""
    with psycopg.connect(libpq_url(servers.owner_url), autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        urls = [url_for_database(url, NAME) for url in (servers.database_url, servers.owner_url)]
        app = create_app(make_settings(), Connections(urls[1], urls[1], servers.redis_url))
        with app.app_context():
            upgrade(revision="0003")
            with psycopg.connect(libpq_url(urls[1]), autocommit=True) as inside:
                yield app, inside
            db.session.remove()
            db.engine.dispose()
        owner.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(NAME)))


def entries(owner: psycopg.Connection) -> list[tuple[object, ...]]:
    return owner.execute(f"SELECT {COLUMNS} FROM audit_entry ORDER BY id".encode()).fetchall()


def test_entries_that_were_there_are_chained_in_their_order(
    before_the_chain: tuple[Flask, psycopg.Connection],
) -> None:
    _, owner = before_the_chain
    owner.execute(ROWS)
    before = entries(owner)

    upgrade(revision="0004")

    assert entries(owner) == before
    assert owner.execute(
        "SELECT array_agg(entry_id ORDER BY seq) = array_agg(seq ORDER BY seq) FROM audit_link"
    ).fetchall() == [(True,)]
    assert verify_chain().seq == len(before) == 250
    owner.execute(ROWS)
    assert verify_chain().seq == 500


def test_an_empty_trail_begins_its_chain_with_the_first_entry(
    before_the_chain: tuple[Flask, psycopg.Connection],
) -> None:
    _, owner = before_the_chain
    upgrade(revision="0004")
    assert verify_chain().seq == 0
    owner.execute(ROWS)
    assert verify_chain().seq == 250


def test_the_chain_can_be_taken_back_and_made_again(before_the_chain: tuple[Flask, psycopg.Connection]) -> None:
    _, owner = before_the_chain
    owner.execute(ROWS)
    upgrade(revision="0004")
    first = verify_chain()
    before = entries(owner)

    downgrade(revision="0003")
    assert entries(owner) == before
    upgrade(revision="0004")

    assert verify_chain() == first
