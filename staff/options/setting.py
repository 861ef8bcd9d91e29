"""Setting an option, and taking a change back: always by a new version, never over somebody else's head."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.errors import NotFound
from foundation.transaction import after_commit, transaction
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand
from staff.options.errors import InvalidOption, OutdatedVersion, UnconfirmedConsequence
from staff.options.kinds import Json, Typed
from staff.options.models import OptionVersion
from staff.options.registry import OPTIONS, Option
from staff.options.shelf import option_shelf

MOST_REASON = 200  # characters


def option_named(name: str) -> Option[Any]:
    """Return the option; raises NotFound."""
    if name not in OPTIONS:
        raise NotFound("没有这项设置。")
    return OPTIONS[name]


def understand(option: Option[Any], typed: Typed) -> Any:
    """Return what was typed as a value of `option`; raises InvalidOption."""
    value = option.kind.understand(typed, option.words)
    faults = option.check(value) if option.check else {}
    if faults:
        raise InvalidOption(faults)
    return value


def set_option(name: str, typed: Typed, actor: Actor, *, based_on: int, reason: str, confirmed: bool = False) -> bool:
    """Set an option to what was typed, for `reason`; tells whether anything changed.

    `based_on` is the version that the form showed, 0 where there was none. Raises OutdatedVersion when another holds,
    UnconfirmedConsequence, InvalidOption, NotFound, NotAllowed.
    """
    option = option_named(name)
    demand(actor, option.act, object=_title(option))
    value = understand(option, typed)
    with transaction() as session:
        held = _held(session, option, based_on)
        before = option.read(held)
        if option.kind.to_json(value) == option.kind.to_json(before):
            return False
        _check_reason(reason)
        if option.consequence and not confirmed:
            raise UnconfirmedConsequence(option.consequence(before, value))
        _write(session, option, option.kind.to_json(value), actor, based_on=based_on, reason=reason)
    return True


def restore_version(name: str, version: int, actor: Actor, *, based_on: int, reason: str) -> bool:
    """Set an option to what it was in `version`, 0 for the default; tells whether anything changed.

    Raises OutdatedVersion, InvalidOption where the old value cannot be used any more, NotFound, NotAllowed.
    """
    option = option_named(name)
    demand(actor, option.act, object=_title(option))
    with transaction() as session:
        held = _held(session, option, based_on)
        wanted = read_version(session, option, version)
        if wanted == held:
            return False
        _check_reason(reason)
        if wanted is not None:
            understand(option, option.kind.show(option.read(wanted)))
        _write(session, option, wanted, actor, based_on=based_on, reason=reason)
    return True


def read_version(session: Session, option: Option[Any], version: int) -> Json:
    """Return what was set in `version`, None where the default held; raises NotFound."""
    if version == 0:
        return None
    query = select(OptionVersion).filter_by(name=option.name, version=version)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这个版本。")
    value: Json = found.value
    return value


def _held(session: Session, option: Option[Any], based_on: int) -> Json:
    """Return what is set now; raises OutdatedVersion where that is not what the form showed."""
    held = session.scalar(select(func.max(OptionVersion.version)).filter_by(name=option.name)) or 0
    if held != based_on:
        raise OutdatedVersion(held)
    return read_version(session, option, held)


def _write(session: Session, option: Option[Any], value: Json, actor: Actor, *, based_on: int, reason: str) -> None:
    values = {"name": option.name, "version": based_on + 1, "value": value, "set_by": actor.name, "reason": reason}
    added = insert(OptionVersion).values(values).on_conflict_do_nothing().returning(OptionVersion.id)
    if session.execute(added).scalar_one_or_none() is None:
        raise OutdatedVersion(based_on + 1)  # somebody was faster by a moment
    record(option.act, _title(option), actor, fields=(option.name,), purpose=reason)
    after_commit(option_shelf().forget)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidOption({"reason": "请写明为什么改，几个字就行。"})
    if len(reason) > MOST_REASON:
        raise InvalidOption({"reason": f"理由最多{MOST_REASON}个字，现在是{len(reason)}个。"})


def _title(option: Option[Any]) -> str:
    return f"设置“{option.words}”"
