"""How long things are kept: the rules that rooms declare, which the runs follow and the public reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, delete, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from foundation.database import Base, rows_changed

Count = Callable[[Session, datetime], int]
"""Takes the running transaction and the database's time; returns how many are due, or how many it erased."""

Due = Callable[[datetime], ColumnElement[bool]]
"""Takes the database's time; returns the condition on the rows of a table that are due."""

_YEAR, _DAY, _HOUR, _MINUTE = timedelta(days=365), timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """What the public is told of something that is kept about them: what, what for, and who gets to see it."""

    what: str
    why: str
    seen_by: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are due, by a condition for each table they stand in; those of all rules are counted at once."""

    tables: Mapping[type[Base], Due]

    def counted(self, now: datetime) -> ColumnElement[int]:
        """Return how many are due, as a part of a statement."""
        counts = [
            select(func.count()).select_from(table).where(due(now)).scalar_subquery()
            for table, due in self.tables.items()
        ]
        return sum(counts, start=literal(0))

    def delete(self, session: Session, now: datetime) -> int:
        """Delete what is due and return how many rows that were."""
        return sum(delete_rows(session, table, due(now)) for table, due in self.tables.items())


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that is kept: for `term` after `since` (for ever without a term), then `erase` ends it.

    Without `erase` nothing here ends it: it is reported, or another hand looks after it. `subjects` says what a
    hold on a single subject has to name; a rule without knows no subjects and is held as a whole.
    """

    id: str
    words: str
    term: timedelta | None
    since: str
    due: Count | Rows | None = None
    erase: Count | None = None
    subjects: str = ""
    notice: Notice | None = None

    @property
    def lasts(self) -> str:
        """Say how long, as a notice does: 关闭后190天."""
        if self.term is None:
            return self.since or "长期保存"
        return f"{self.since}{show_term(self.term)}"


class DeclaredTwiceError(Exception):
    """Two rules, or two kinds of what can be revealed, have one name."""


_rules: dict[str, Rule] = {}
RULES: Mapping[str, Rule] = MappingProxyType(_rules)
"""Every rule by its id, in the order in which the rooms declared them."""


def declare_retention(
    id: str,  # noqa: A002
    words: str,
    term: timedelta,
    due: Count | Rows,
    erase: Count | None,
    *,
    since: str = "",
    subjects: str = "",
    notice: Notice | None = None,
) -> None:
    """Declare that `words` are kept for `term` and then erased; `erase=None` is only reported as due.

    What is due is told by its rows, or else by a count of its own. `erase` may be called at any time and again; both
    leave out what is held where the rule knows subjects (`staff.personal.holds.not_held`).
    """
    _declare(Rule(id, words, term, since, due, erase, subjects, notice))


def declare_expiring(
    id: str,  # noqa: A002
    words: str,
    term: timedelta,
    begins: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    *only: ColumnElement[bool],
    since: str,
    notice: Notice | None = None,
) -> None:
    """Declare that rows are deleted `term` after the moment in their column `begins`, where all of `only` holds too."""
    table: type[Base] = begins.parent.class_
    rows = Rows({table: lambda now: and_(begins <= now - term, *only)})
    declare_retention(id, words, term, rows, rows.delete, since=since, notice=notice)


def declare_kept(
    id: str,  # noqa: A002
    words: str,
    term: timedelta | None,
    *,
    since: str = "",
    notice: Notice | None = None,
) -> None:
    """Declare what no run erases: because it ends by itself, or stays (`term=None`), for good unless `since` says."""
    _declare(Rule(id, words, term, since, notice=notice))


def delete_rows(session: Session, table: type[Base], *conditions: ColumnElement[bool]) -> int:
    """Delete the rows of a table that fit all conditions and return how many they were."""
    return rows_changed(session.execute(delete(table).where(*conditions).execution_options(synchronize_session=False)))


def show_term(term: timedelta) -> str:
    """Write a term in the largest unit that fits it: 20分钟, 24小时, 190天, 3年."""
    if term >= _YEAR and term.days % 365 <= 1:
        return f"{term.days // 365}年"
    if term > _DAY:
        return f"{term // _DAY}天"
    return f"{term // _HOUR}小时" if term >= _HOUR else f"{term // _MINUTE}分钟"


def _declare(rule: Rule) -> None:
    if _rules.setdefault(rule.id, rule) != rule:
        raise DeclaredTwiceError(rule.id)
