"""The console's navigation: rooms add their entries, the frame shows those a member may use."""

from dataclasses import dataclass
from itertools import groupby

from flask import Flask, current_app, request, url_for

from staff.authority import current_actor, may

OWN_GROUP = "管理"


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry: the group it stands under ("" for the top), its words, where it leads, the act it needs."""

    group: str
    label: str
    endpoint: str
    act: str


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry as the frame draws it; `current` where the reader is on its page or on one below."""

    label: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """Entries under one heading, in the order in which the rooms added them."""

    name: str
    entries: tuple[MenuEntry, ...]


def add_navigation(app: Flask, group: str, label: str, endpoint: str, act: str) -> None:
    """Add an entry; groups stand in the order of their first entry, the top first, 管理 and our own pages last."""
    items: list[NavigationItem] = app.extensions.setdefault("console_navigation", [])
    items.append(NavigationItem(group, label, endpoint, act))


def console_menu() -> tuple[MenuGroup, ...]:
    """Return the groups of entries that the current actor may use."""
    items: list[NavigationItem] = current_app.extensions["console_navigation"]
    usable = [item for item in items if may(current_actor(), item.act)]
    here = _current_address([url_for(item.endpoint) for item in usable])
    ordered = _in_groups(usable)
    return tuple(
        MenuGroup(name, tuple(_entry(item, here) for item in members))
        for name, members in groupby(ordered, key=lambda item: item.group)
    )


def _entry(item: NavigationItem, here: str) -> MenuEntry:
    address = url_for(item.endpoint)
    return MenuEntry(item.label, address, address == here)


def _in_groups(items: list[NavigationItem]) -> list[NavigationItem]:
    first: dict[str, int] = {}
    for position, item in enumerate(items):
        first.setdefault(item.group, position)
    return sorted(items, key=lambda item: (_is_own(item), item.group == OWN_GROUP, item.group != "", first[item.group]))


def _is_own(item: NavigationItem) -> bool:
    """Tell whether this is one of the console's own pages, which stand below those of the other rooms."""
    return item.group == OWN_GROUP and item.endpoint.startswith("console.")


def _current_address(addresses: list[str]) -> str:
    """Return the longest address that this page is or lies below; the desk is only itself."""
    path = request.path
    above = [address for address in addresses if path == address or path.startswith(address.rstrip("/") + "/")]
    fitting = [address for address in above if path == address or address.strip("/").count("/")]
    return max(fitting, key=len, default="")
