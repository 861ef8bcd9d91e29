"""The one database: the typed declarative base, its naming rules and column types, the engine and its connections."""

import select
import time
from datetime import UTC, datetime
from typing import Any

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import CursorResult, DateTime, Engine, MetaData, Result, TypeDecorator, event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import IntegrityError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

RESTED = 1.0
"""Seconds after which a connection that lay in the pool is asked whether its server is still there."""

NAMING = {
    "ix": "%(table_name)s_by_%(column_0_N_name)s",
    "uq": "one_%(table_name)s_per_%(column_0_N_name)s",
    "ck": "%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_name)s_exists",
    "pk": "%(table_name)s_key",
}


class Base(DeclarativeBase):
    """Base of all tables; constraints are named as sentences by the tables themselves."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, disable_autonaming=True)


class Moment(TypeDecorator[datetime]):
    """A point in time: only aware datetimes go in, UTC comes out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a point in time needs a time zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


def engine_url(url: str) -> str:
    """Make SQLAlchemy take psycopg 3 for a plain ``postgresql://`` address."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_url(url: str) -> str:
    """The same address for psycopg itself and PostgreSQL's own programs."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def init_database(app: Flask, url: str, *, pool_size: int = 8) -> None:
    """Bind the application to its database; connections are checked before use, so a restart heals itself."""
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 3,
        "hide_parameters": True,
        "connect_args": {"options": "-c timezone=UTC", "connect_timeout": 3},
    }
    app.config["SQLALCHEMY_DATABASE_URI"] = engine_url(url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        _check_before_use(db.engine)


def rows_changed(result: Result[Any]) -> int:
    """Return how many rows an UPDATE or a DELETE touched."""
    assert isinstance(result, CursorResult)  # noqa: S101  # which is what these two give
    return result.rowcount


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the constraint that refused, which says in words what was wrong."""
    return error.orig.diag.constraint_name if isinstance(error.orig, psycopg.Error) else None


def _check_before_use(engine: Engine) -> None:
    """Replace connections whose server went away, at the price of a round trip only where there is reason to doubt.

    A server that stopped or was killed closes its sockets or says so on them, which is seen here without asking.
    """

    def note_return(_connection: psycopg.Connection, record: ConnectionPoolEntry) -> None:
        record.info["returned_at"] = time.monotonic()

    def check(connection: psycopg.Connection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        returned_at = record.info.get("returned_at")  # None: it has just been made
        rested = returned_at is not None and time.monotonic() - returned_at > RESTED
        if (rested or not _is_silent(connection)) and not _answers(connection):
            raise InvalidatePoolError

    event.listen(engine, "checkin", note_return)
    event.listen(engine, "checkout", check)


def _is_silent(connection: psycopg.Connection) -> bool:
    """Tell whether nothing lies on the socket of a connection that nobody uses: no news, and no end."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


def _answers(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("")
        connection.rollback()
    except psycopg.Error:
        return False
    return True
