"""What stands on the account now, as the platform tells it: the menu, whoever made it, and the automatic replies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wechat.account import current_account
from wechat.buttons import Button
from wechat.client import WeChat
from wechat.errors import NotPermitted

Source = Literal["api", "page", "none"]
SOURCES: tuple[Source, ...] = ("api", "page", "none")
AUTOREPLY, ON_THE_PAGE = "get_current_autoreply_info", "get_current_selfmenu_info"


@dataclass(frozen=True, slots=True)
class LivingMenu:
    """The menu that followers see: made through the API, on the account's own pages, or none.

    `conditional` is how many menus there are besides, each for some readers alone.
    """

    source: Source
    buttons: list[Button]
    conditional: int = 0


def source_of(name: str) -> Source:
    """Return the source of that name, "none" for no name at all."""
    return next((source for source in SOURCES if source == name), "none")


def read_menu() -> LivingMenu:
    """Ask the platform for the menu; raises WeChatError."""
    account = current_account()
    client = account.client
    try:
        made = client.menu() if account.may("menu") else None
    except NotPermitted:
        made = None
    if made is None:
        return _made_on_the_page(client)
    conditional = made.get("conditionalmenu")
    buttons = _list(_dict(made.get("menu")).get("button"))
    return LivingMenu("api" if buttons else "none", buttons, len(_list(conditional)))


def read_replies() -> dict[str, Any]:
    """Ask the platform for the automatic replies that are set on the account's own pages; raises WeChatError."""
    return dict(current_account().client.read(AUTOREPLY))


def _made_on_the_page(client: WeChat) -> LivingMenu:
    answer = client.read(ON_THE_PAGE)
    buttons = [_unfolded(one) for one in _list(_dict(answer.get("selfmenu_info")).get("button"))]
    is_open = bool(answer.get("is_menu_open")) and bool(buttons)
    return LivingMenu("page", buttons) if is_open else LivingMenu("none", [])


def _unfolded(button: Button) -> Button:
    """Return a button whose sub-buttons stand in a plain list, as menu/create takes them."""
    below = _dict(button.get("sub_button")).get("list")
    return {**button, "sub_button": _list(below)} if below else button


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
