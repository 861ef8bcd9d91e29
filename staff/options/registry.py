"""The options there are: each declared once, by the room that goes by it, with a typed handle to read it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import structlog
from flask import current_app

from config import Settings
from staff.audit.wording import declare_fields
from staff.options.kinds import Json, Kind
from staff.options.shelf import option_shelf

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Group(StrEnum):
    """Under which heading the console lists an option, in this order."""

    TEXTS = "公众号文字"
    KEYWORDS = "关键词"
    MENU = "菜单"
    CALENDAR = "工作日历"
    PUBLICITY = "公示"
    LIMITS = "限流"
    SITE = "首页与页脚文字"


@dataclass(frozen=True, slots=True)
class DefaultFrom(Generic[T]):
    """A default that is asked for each time, within the application's context."""

    ask: Callable[[], T]


@dataclass(frozen=True, slots=True)
class Preview(Generic[T]):
    """How a value looks where it will be seen: a template, and what it needs to draw `T`."""

    template: str
    context: Callable[[T], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """Something staff may set.

    `act` is what setting it is called among the acts. `check` returns a sentence for each field of a value that its
    kind lets pass and that cannot be used all the same. `consequence` tells what a change from the first value to the
    second does; then it has to be confirmed. `remark` is said once a change is saved.
    """

    name: str
    words: str
    kind: Kind[T]
    default: T | DefaultFrom[T]
    group: Group
    act: str
    hint: str
    check: Callable[[T], Mapping[str, str]] | None = None
    consequence: Callable[[T, T], str] | None = None
    preview: Preview[T] | None = None
    remark: str = ""

    def value(self) -> T:
        """Return what is set, or the default; asks no database oftener than the shelf does, and never fails."""
        return self.read(option_shelf().set_values().get(self.name))

    def default_value(self) -> T:
        return self.default.ask() if isinstance(self.default, DefaultFrom) else self.default

    def read(self, json: Json) -> T:
        """Return what rests as a value; nothing, or what does not fit the kind any more, is the default."""
        if json is not None:
            try:
                return self.kind.from_json(json)
            except ValueError:
                log.error("option_unreadable", option=self.name)  # noqa: TRY400  # its name only, never the value
        return self.default_value()


class OptionDeclaredTwiceError(Exception):
    """Two rooms declare one option."""


_options: dict[str, Option[Any]] = {}
OPTIONS: Mapping[str, Option[Any]] = MappingProxyType(_options)
"""Every option by its name."""


def declare_option(
    name: str,
    words: str,
    kind: Kind[T],
    default: T | DefaultFrom[T],
    *,
    group: Group,
    act: str,
    hint: str,
    check: Callable[[T], Mapping[str, str]] | None = None,
    consequence: Callable[[T, T], str] | None = None,
    preview: Preview[T] | None = None,
    remark: str = "",
) -> Option[T]:
    """Add an option when a room's module is imported, and return the handle by which it is read.

    Raises OptionDeclaredTwiceError.
    """
    if name in _options:
        raise OptionDeclaredTwiceError(name)
    option = Option(name, words, kind, default, group, act, hint, check, consequence, preview, remark)
    _options[name] = option
    declare_fields({name: words})
    return option


def read_option(name: str) -> Any:
    """Return the value of the option `name`; who has the handle asks the handle, which knows the type."""
    return OPTIONS[name].value()


def from_settings(read: Callable[[Settings], T]) -> DefaultFrom[T]:
    """Return the default that the environment sets."""
    return DefaultFrom(lambda: read(current_app.config["SETTINGS"]))
