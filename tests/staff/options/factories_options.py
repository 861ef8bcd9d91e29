"""Options set without a console, and what is kept of them."""

from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlalchemy import select

from foundation.transaction import transaction
from staff.options.kinds import Typed
from staff.options.models import OptionVersion
from staff.options.registry import Option
from staff.options.shelf import option_shelf
from tests.statements import statements

T = TypeVar("T")


def set_to(option: Option[T], value: T) -> None:
    """Let `value` hold as another member of staff might have set it a while ago."""
    put_version(option, option.kind.to_json(value))


def put_version(option: Option[Any], json: Any) -> None:
    """Put the next version of an option into the table as it is."""
    with transaction() as session:
        version = len(kept(option)) + 1
        row = OptionVersion(name=option.name, version=version, value=json, set_by="kezhang", reason="示例理由")
        session.add(row)
    option_shelf().forget()


def kept(option: Option[Any]) -> list[tuple[int, Any, str, str]]:
    """Return version, value, who and why of every version, the oldest first."""
    query = select(OptionVersion).filter_by(name=option.name).order_by(OptionVersion.version)
    with transaction() as session:
        return [(row.version, row.value, row.set_by, row.reason) for row in session.scalars(query)]


def questions() -> AbstractContextManager[list[str]]:
    """Collect what the database is asked about options."""
    return statements("option_version")


def one(text: str) -> Typed:
    """Return what a form with a single control holds."""
    return ({"value": text},)
