"""Bringing the database to the version of the code, and giving the application's role its rights."""

import logging

import psycopg
from flask import Flask
from flask_migrate import upgrade
from psycopg import sql
from sqlalchemy.engine import make_url

from foundation.database import libpq_url
from foundation.embedded.servers import Connections

# The ledger, the audit trail and what was certified are added to, never rewritten.
APPEND_ONLY = (
    "ballot",
    "audit_entry",
    "audit_link",
    "certified_count",
    "option_version",
    "menu_publication",
    "retention_erasure",
    "retention_certificate",
    "witness_mark",
    "opinion",
    "opinion_entry",
    "staff_hand_over",
)


def migrate(app: Flask) -> None:
    """Upgrade the database as its owner, then grant the application's role what it needs and no more."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with app.app_context():
        upgrade()
    grant(app.extensions["connections"])


def grant(connections: Connections) -> None:
    """Grant rights on all tables; does nothing where owner and application are one role."""
    role = make_url(connections.database_url).username
    if role is None or role == make_url(connections.owner_url).username:
        return
    with psycopg.connect(libpq_url(connections.owner_url)) as connection:
        name = sql.Identifier(role)
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}",
            "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {}",
        ):
            connection.execute(sql.SQL(statement).format(name))
        for table in APPEND_ONLY:
            connection.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), name)
            )
        connection.execute(sql.SQL("GRANT UPDATE (number) ON ballot TO {}").format(name))
        connection.execute(sql.SQL("REVOKE INSERT ON audit_link FROM {}").format(name))  # its own trigger links
