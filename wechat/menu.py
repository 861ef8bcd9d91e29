"""The account's menu: what the rooms offer, within the platform's limits, published by a member of staff."""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from flask import Flask, current_app

from foundation.errors import InvalidInput, NotAllowed
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from wechat.account import current_account
from wechat.errors import WeChatError

MOST_BUTTONS, MOST_ENTRIES = 3, 5
BUTTON_BYTES, ENTRY_BYTES = 16, 60
KEY_BYTES, URL_BYTES = 128, 1024
ACT = "wechat.menu"
_ENTRIES = "wechat_menu"

Kind = Literal["view", "page", "click"]


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One thing in the menu, under the top button `button`.

    `target` of a "view" is a path on the site that is opened signed in, of a "page" a path or an address that is
    opened as it is, of a "click" the key that comes back in the push. An entry named like its button, and alone
    under it, is the button.
    """

    button: str
    name: str
    kind: Kind
    target: str


Button = dict[str, Any]


def init_menu(app: Flask) -> None:
    app.extensions[_ENTRIES] = []


def offer_menu(app: Flask, *entries: MenuEntry) -> None:
    """Add entries; buttons appear in the order in which they are first named."""
    app.extensions[_ENTRIES].extend(entries)


def menu_entries() -> tuple[MenuEntry, ...]:
    return tuple(current_app.extensions[_ENTRIES])


def publish_menu(actor: Actor) -> None:
    """Replace the account's menu by what the rooms offer.

    Raises NotAllowed without the right "menu", InvalidInput naming what breaks a limit, WeChatError.
    """
    account = current_account()
    if not account.may("menu"):
        raise NotAllowed("这个公众号没有自定义菜单的权限（见 WECHAT_CAPABILITIES）。")
    buttons = build_menu(menu_entries(), account.site)
    try:
        with transaction():
            record(ACT, "公众号菜单", actor, fields=("button",))
            account.client.create_menu(buttons)
    except WeChatError:
        record(ACT, "公众号菜单", actor, fields=("button",), result="refused")
        raise


def build_menu(entries: tuple[MenuEntry, ...], site: str) -> list[Button]:
    """Return the platform's buttons; raises InvalidInput where it would not take them."""
    grouped: dict[str, list[MenuEntry]] = {}
    for entry in entries:
        grouped.setdefault(entry.button, []).append(entry)
    if not 1 <= len(grouped) <= MOST_BUTTONS:
        raise InvalidInput(f"菜单要有1到{MOST_BUTTONS}个按钮，现在是{len(grouped)}个。", field="button")
    return [_top(name, group, site) for name, group in grouped.items()]


def _top(name: str, group: list[MenuEntry], site: str) -> Button:
    _check_size(name, BUTTON_BYTES, f"菜单按钮“{name}”的名称", "button")
    if len(group) == 1 and group[0].name == name:
        return _leaf(group[0], site)
    if len(group) > MOST_ENTRIES:
        raise InvalidInput(f"按钮“{name}”下面最多{MOST_ENTRIES}项，现在是{len(group)}项。", field="button")
    for entry in group:
        _check_size(entry.name, ENTRY_BYTES, f"“{name}”下面“{entry.name}”的名称", "name")
    return {"name": name, "sub_button": [_leaf(entry, site) for entry in group]}


def _leaf(entry: MenuEntry, site: str) -> Button:
    if entry.kind == "click":
        _check_size(entry.target, KEY_BYTES, f"“{entry.name}”的 key", "target")
        return {"type": "click", "name": entry.name, "key": entry.target}
    url = _address(entry, site)
    _check_size(url, URL_BYTES, f"“{entry.name}”的网址", "target")
    return {"type": "view", "name": entry.name, "url": url}


def _address(entry: MenuEntry, site: str) -> str:
    if entry.kind == "view":
        return f"{site}/wechat/login?next={quote(entry.target, safe='')}"
    return site + entry.target if entry.target.startswith("/") else entry.target


def _check_size(text: str, most: int, what: str, field: str) -> None:
    """The platform counts bytes of UTF-8: five Chinese characters fill the name of a top button."""
    size = len(text.encode())
    if not 1 <= size <= most:
        raise InvalidInput(f"{what}应为1到{most}个字节，现在是{size}个（一个汉字占3个）。", field=field)
