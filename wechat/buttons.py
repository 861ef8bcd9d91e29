"""Menu buttons in the platform's own form: read, compared, and named where the platform does not take them; pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from wechat.errors import WeChatError

Button = dict[str, Any]

_NAMED_SIZES: Mapping[int, tuple[str, str]] = {
    40018: ("top", "name"),
    40025: ("sub", "name"),
    40019: ("top", "key"),
    40026: ("sub", "key"),
    40020: ("top", "url"),
    40027: ("sub", "url"),
}
_WORDS = {"name": "名称", "key": "key", "url": "网址"}
_COUNTS = (40016, 40017, 40022, 40023)
_TYPES = {40015: "top", 40024: "sub"}
_ADDRESSES = {40055: "top", 40054: "sub", 65317: ""}
_MATERIAL = (40007, 53600)
TOO_MANY_SITES = 65316


def leaves(buttons: Sequence[Button]) -> Iterator[tuple[str, Button]]:
    """Yield what can be pressed, each with the name of the top button it is under or is."""
    for top in buttons:
        for leaf in top.get("sub_button") or [top]:
            yield str(top.get("name", "")), leaf


def plain_buttons(buttons: Sequence[Button]) -> list[Button]:
    """Return buttons without what readings add to them, so that two menus can be compared."""
    return [_plain(button) for button in buttons]


def _plain(button: Button) -> Button:
    below = [_plain(one) for one in button.get("sub_button") or []]
    if below:
        return {"name": button.get("name", ""), "sub_button": below}
    return {name: value for name, value in button.items() if value not in ("", None, [])}


def outside_hosts(buttons: Sequence[Button]) -> list[str]:
    """Return the hosts that the menu leads to, in the order of the menu; WeChat's own do not count."""
    hosts = [host_of(str(leaf.get("url", ""))) for _, leaf in leaves(buttons) if leaf.get("type") == "view"]
    return [host for host in dict.fromkeys(hosts) if host and host != "qq.com" and not host.endswith(".qq.com")]


def host_of(url: str) -> str:
    """Return the host of a web address, nothing for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""


class MenuRefused(WeChatError):
    """The platform did not take the menu; the sentence names the entry that it is about, as far as can be told."""

    status = 422
    code = "menu_refused"


def explained(error: WeChatError, buttons: Sequence[Button]) -> WeChatError:
    """Return `error` with a sentence that names the entry, where its errcode is about the menu."""
    sentence = None if error.errcode is None else _sentence(error.errcode, buttons)
    if sentence is None:
        return error
    return MenuRefused(f"{sentence}（微信错误码{error.errcode}）", errcode=error.errcode, answer=error.answer)


def _sentence(errcode: int, buttons: Sequence[Button]) -> str | None:
    """The platform says what is wrong and not where, so the entry is the one that goes furthest."""
    if errcode in _NAMED_SIZES:
        level, field = _NAMED_SIZES[errcode]
        return f"{_named(_longest(_at(buttons, level), field))}的{_WORDS[field]}，微信说太长或是空的。"
    if errcode in _COUNTS:
        return f"微信说按钮的个数不对：底部现在有{len(buttons)}个，{_counted(buttons)}。"
    if errcode in _TYPES:
        return f"{_listed(_at(buttons, _TYPES[errcode]))}当中，有微信不认识的按钮类型。"
    if errcode in _ADDRESSES:
        kept = [leaf for leaf in _at(buttons, _ADDRESSES[errcode]) if leaf.get("url")]
        return f"{_listed(kept)}当中，有微信不接受的网址。"
    if errcode == TOO_MANY_SITES:
        return f"菜单通向的网站太多，微信最多允许3个：{'、'.join(outside_hosts(buttons))}。"
    if errcode in _MATERIAL:
        kept = [leaf for _, leaf in leaves(buttons) if leaf.get("type") not in ("view", "click")]
        return f"{_listed(kept)}当中，有微信找不到的素材或文章。"
    return None


def _at(buttons: Sequence[Button], level: str) -> list[Button]:
    """Return the top buttons, what is below them, or for no level all that can be pressed."""
    if level == "top":
        return list(buttons)
    return [leaf for _, leaf in leaves(buttons) if not level or leaf not in buttons]


def _longest(among: Sequence[Button], field: str) -> Button | None:
    def size(button: Button) -> int:
        return len(str(button.get(field, "")).encode())

    return max(among, key=size, default=None)


def _named(button: Button | None) -> str:
    return f"“{button.get('name', '')}”" if button else "菜单项"


def _listed(among: Sequence[Button]) -> str:
    return "、".join(_named(one) for one in among) or "菜单"


def _counted(buttons: Sequence[Button]) -> str:
    return "，".join(f"“{one.get('name', '')}”下面有{len(one.get('sub_button') or [])}项" for one in buttons)
