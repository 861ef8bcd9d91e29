"""The one database: the typed declarative base, its naming rules and column types, the engine's options."""

from datetime import UTC, datetime
from typing import Any

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, MetaData, TypeDecorator
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase

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
        "pool_pre_ping": True,
        "hide_parameters": True,
        "connect_args": {"options": "-c timezone=UTC", "connect_timeout": 3},
    }
    app.config["SQLALCHEMY_DATABASE_URI"] = engine_url(url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the constraint that refused, which says in words what was wrong."""
    return error.orig.diag.constraint_name if isinstance(error.orig, psycopg.Error) else None
