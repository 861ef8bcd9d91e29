"""The table of options: every version of each."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, String, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment


class OptionVersion(Base):
    """An option as somebody set it; the highest version holds. Without a value the default holds again."""

    __tablename__ = "option_version"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column()
    value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    set_by: Mapped[str] = mapped_column(String(40))
    set_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    reason: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("name", "version", name="one_value_per_version_of_an_option"),
        CheckConstraint("version >= 1", name="versions_of_options_count_from_one"),
        CheckConstraint("btrim(reason) <> ''", name="every_version_of_an_option_has_its_reason"),
    )
