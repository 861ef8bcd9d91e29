"""Options as the console shows them: all by group, one whole, its history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from foundation.errors import NotFound
from foundation.transaction import transaction
from staff.actors import NOT_MEMBERS
from staff.models import Member
from staff.options.differences import Difference, differences
from staff.options.kinds import Json, Typed
from staff.options.models import OptionVersion
from staff.options.registry import OPTIONS, Group, Option
from staff.options.setting import option_named

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an option; number 0 is the default, which nobody set.

    `is_default` tells that somebody let the default hold again.
    """

    number: int
    value: Any
    lines: tuple[str, ...]
    is_default: bool
    person: str = ""
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OptionSheet:
    """An option with the version that holds."""

    option: Option[Any]
    current: Version

    @property
    def brief(self) -> str:
        return self.option.kind.brief(self.current.value)

    @property
    def typed(self) -> Typed:
        """What the form holds before anybody typed."""
        return self.option.kind.show(self.current.value)


@dataclass(frozen=True, slots=True)
class VersionSheet:
    """An old version beside the one that holds, and what restoring it would change."""

    option: Option[Any]
    current: Version
    old: Version
    changes: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A version and what it changed."""

    version: Version
    changes: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class History:
    """Versions of an option, the latest first; `older` leads to the next page, None at the end."""

    option: Option[Any]
    current: int
    lines: tuple[HistoryLine, ...]
    older: int | None


def list_options() -> tuple[tuple[Group, tuple[OptionSheet, ...]], ...]:
    """Return every option with what holds, by group; one query however many there are."""
    latest = _versions().ext(distinct_on(OptionVersion.name)).order_by(OptionVersion.name, OptionVersion.version.desc())
    with transaction() as session:
        rows = {row.OptionVersion.name: row for row in session.execute(latest)}
        sheets = [OptionSheet(option, _current(option, rows.get(name))) for name, option in OPTIONS.items()]
    groups = ((group, tuple(sheet for sheet in sheets if sheet.option.group is group)) for group in Group)
    return tuple((group, members) for group, members in groups if members)


def option_sheet(name: str) -> OptionSheet:
    """Return one option with the version that holds; raises NotFound."""
    option = option_named(name)
    with transaction() as session:
        return OptionSheet(option, _current(option, _latest(session, option)))


def version_sheet(name: str, version: int) -> VersionSheet:
    """Return an old version of an option beside what holds; raises NotFound."""
    option = option_named(name)
    with transaction() as session:
        current = _current(option, _latest(session, option))
        row = session.execute(
            _versions().where(OptionVersion.name == name, OptionVersion.version == version)
        ).one_or_none()
        if row is None and version != 0:
            raise NotFound("没有这个版本。")
        old = _current(option, row)
    return VersionSheet(option, current, old, differences(current.lines, old.lines))


def option_history(name: str, before: int | None = None) -> History:
    """Return the versions of an option below the number `before`; raises NotFound."""
    option = option_named(name)
    query = _versions().where(OptionVersion.name == name).order_by(OptionVersion.version.desc())
    if before is not None:
        query = query.where(OptionVersion.version < before)
    with transaction() as session:
        latest = _latest(session, option)
        versions = [_current(option, row) for row in session.execute(query.limit(PAGE_SIZE + 1))]
        if len(versions) <= PAGE_SIZE:
            versions.append(_current(option, None))
    lines = tuple(_history_lines(versions))
    older = versions[-2].number if len(versions) > PAGE_SIZE and versions[-1].number else None
    return History(option, latest.OptionVersion.version if latest else 0, lines, older)


def _history_lines(versions: Iterable[Version]) -> Iterable[HistoryLine]:
    for newer, older in pairwise(versions):
        yield HistoryLine(newer, differences(older.lines, newer.lines))


def _versions() -> Select[OptionVersion, str]:
    return select(OptionVersion, Member.display_name).outerjoin(Member, Member.name == OptionVersion.set_by)


def _latest(session: Session, option: Option[Any]) -> Row[OptionVersion, str] | None:
    query = _versions().where(OptionVersion.name == option.name).order_by(OptionVersion.version.desc()).limit(1)
    return session.execute(query).one_or_none()


def _current(option: Option[Any], row: Row[OptionVersion, str] | None) -> Version:
    """Return the version in `row`, or the default where there is none."""
    if row is None:
        return _as_version(option, 0, None)
    kept, person = row
    shown = person or NOT_MEMBERS.get(kept.set_by, kept.set_by)
    return _as_version(option, kept.version, kept.value, person=shown, at=kept.set_at, reason=kept.reason)


def _as_version(option: Option[Any], number: int, json: Json, **told: Any) -> Version:
    value = option.read(json)
    return Version(number, value, option.kind.lines(value), json is None, **told)
