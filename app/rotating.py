"""Encrypting all private fields and files with the newest key."""

from dataclasses import dataclass

from sqlalchemy import LargeBinary, select, text, type_coerce, update
from sqlalchemy.orm import Session

from foundation.database import Base
from foundation.encryption import EncryptedBytes, field_cipher
from foundation.files import file_store
from foundation.transaction import transaction


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many fields and files were encrypted anew."""

    fields: int
    files: int


def rotate_field_keys() -> Rotated:
    """Encrypt anew whatever an older key wrote. Running it again does nothing more."""
    with transaction() as session:
        # A poll's key is frozen once it is open; the same key in another cipher is what the trigger lets pass then.
        session.execute(text("SET LOCAL vote.rotates_keys = 'on'"))
        fields = sum(
            _rotate_column(session, table.name, column.name)
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, EncryptedBytes)
        )
    return Rotated(fields, file_store().rotate_private(field_cipher()))


def _rotate_column(session: Session, table_name: str, column_name: str) -> int:
    table, cipher = Base.metadata.tables[table_name], field_cipher()
    column = table.c[column_name]
    kind = column.type
    assert isinstance(kind, EncryptedBytes)  # noqa: S101  # the caller chose it for that
    (key,) = table.primary_key.columns
    rows = session.execute(
        select(key, type_coerce(column, LargeBinary)).where(column.is_not(None)).with_for_update()
    ).all()
    stale = [(row[0], row[1]) for row in rows if not cipher.is_newest(row[1])]
    for identity, stored in stale:
        plain = cipher.decrypt(stored, kind.context)
        session.execute(update(table).where(key == identity).values({column_name: plain}))
    return len(stale)
