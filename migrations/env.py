"""Run migrations as the owner of the tables, one process at a time."""

from typing import Literal

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool, text

import publicity.notices.models
import publicity.objections.models
import publicity.pushes.models
import staff.approvals.models
import staff.audit.models
import staff.models
import staff.options.models
import staff.personal.models
import staff.supervision.models
import votes.chat.models
import votes.models
import wechat.models
import wechat.sending.models
from foundation.database import Base, Moment, engine_url
from foundation.encryption import EncryptedBytes

MIGRATION_LOCK = 3
MODELS = (
    publicity.notices.models,
    publicity.objections.models,
    publicity.pushes.models,
    staff.approvals.models,
    staff.audit.models,
    staff.models,
    staff.options.models,
    staff.personal.models,
    staff.supervision.models,
    votes.chat.models,
    votes.models,
    wechat.models,
    wechat.sending.models,
)


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own column types as what they are in the database, so that a migration needs no code of ours."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EncryptedBytes):
        return "sa.LargeBinary()"
    return False


def run() -> None:
    connections = current_app.extensions["connections"]
    engine = create_engine(engine_url(connections.owner_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            render_item=_render,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
