"""The account's menus: the platform's limits on what may be published, who sees which, and how they are read back."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from wechat.sandbox.errors import ApiError
from wechat.sandbox.state.followers import Follower

Button = dict[str, object]

KEYED = frozenset(
    {
        "click",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    }
)
BY_FIELD = {
    "media_id": "media_id",
    "view_limited": "media_id",
    "article_id": "article_id",
    "article_view_limited": "article_id",
    "miniprogram": "pagepath",
}
TYPES = KEYED | BY_FIELD.keys() | {"view"}
KEY_BYTES = 128
URL_BYTES = 1024
EXTERNAL_DOMAINS = 3
FIRST_MENUID = 413_000_000
RULES = ("tag_id", "group_id", "client_platform_type", "language")


@dataclass(frozen=True)
class Level:
    """The limits of one level of the menu and the errcodes by which it refuses."""

    count: int
    name_bytes: int
    bad_count: int
    bad_type: int
    bad_name: int
    bad_key: int
    bad_url: int
    bad_domain: int
    word: str


TOP = Level(3, 16, 40016, 40015, 40018, 40019, 40020, 40055, "button")
SUB = Level(5, 60, 40023, 40024, 40025, 40026, 40027, 40054, "sub button")


@dataclass(frozen=True)
class Conditional:
    """A menu that only those see who match its rule."""

    menuid: int
    buttons: tuple[Button, ...]
    rule: Mapping[str, object]

    def matches(self, follower: Follower) -> bool:
        wanted = {name: str(self.rule[name]) for name in RULES if self.rule.get(name)}
        tag = wanted.pop("tag_id", wanted.pop("group_id", None))
        if tag is not None and tag not in {str(one) for one in follower.tags}:
            return False
        return all(str(getattr(follower, name)) == value for name, value in wanted.items())


class Menu:
    """The published menu, or none, and the menus for some."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buttons: list[Button] | None = None
        self._made_on_page = False
        self._conditionals: list[Conditional] = []
        self._next = FIRST_MENUID

    def create(self, body: Mapping[str, object]) -> None:
        """Publish the menu, replacing the one before; raise ApiError for the first limit it breaks."""
        buttons = _checked_menu(body)
        with self._lock:
            self._buttons, self._made_on_page = buttons, False

    def make_on_page(self, buttons: list[Button]) -> None:
        """Set the menu as somebody does on the account's own pages, whose types the API does not know: any."""
        with self._lock:
            self._buttons, self._made_on_page = buttons, True

    def add_conditional(self, body: Mapping[str, object]) -> int:
        """Publish a menu for those who match a rule; gives its menuid."""
        rule = body.get("matchrule")
        if not isinstance(rule, dict) or not any(rule.get(name) for name in RULES):
            raise ApiError(65304, "match rule is empty")
        buttons = _checked_menu(body)
        with self._lock:
            if not self._buttons:
                raise ApiError(65303, "there is no selfmenu, please create selfmenu first")
            self._next += 1
            self._conditionals.insert(0, Conditional(self._next, tuple(buttons), rule))
            return self._next

    def delete_conditional(self, menuid: object) -> None:
        with self._lock:
            kept = [one for one in self._conditionals if str(one.menuid) != str(menuid)]
            if len(kept) == len(self._conditionals):
                raise ApiError(65301, "not exist this menuid")
            self._conditionals = kept

    def delete(self) -> None:
        """Take down the menu and with it those for some."""
        with self._lock:
            self._buttons, self._conditionals, self._made_on_page = None, [], False

    def buttons(self) -> list[Button]:
        """The top buttons, each with sub_button (empty where it has none); empty when nothing is published."""
        with self._lock:
            return self._buttons or []

    def for_follower(self, follower: Follower) -> tuple[list[Button], int | None]:
        """What one person sees: the newest conditional menu that matches and its menuid, or the ordinary one."""
        with self._lock:
            for one in self._conditionals:
                if one.matches(follower):
                    return list(one.buttons), one.menuid
            return self._buttons or [], None

    def published(self) -> dict[str, object]:
        """The answer of menu/get; 46003 when there is no menu, or none made through the API."""
        buttons = self.buttons()
        if not buttons or self._made_on_page:
            raise ApiError(46003, "menu no exist")
        with self._lock:
            conditional = [
                {"button": list(one.buttons), "matchrule": one.rule, "menuid": one.menuid} for one in self._conditionals
            ]
        return {"menu": {"button": buttons}} | ({"conditionalmenu": conditional} if conditional else {})

    def self_menu_info(self) -> dict[str, object]:
        """The answer of get_current_selfmenu_info, where sub-buttons stand in a list of their own."""
        buttons = self.buttons()
        return {
            "is_menu_open": int(bool(buttons)),
            "selfmenu_info": {"button": [_as_info(button) for button in buttons]},
        }

    def urls(self, follower: Follower) -> set[str]:
        """The addresses that a VIEW button of a person's menu opens."""
        return set(_urls(self.for_follower(follower)[0]))

    def button(self, follower: Follower, name: str) -> Button | None:
        """The button of that name which a person sees and can press."""
        leaves = [leaf for top in self.for_follower(follower)[0] for leaf in (sub_buttons(top) or [top])]
        return next((leaf for leaf in leaves if leaf["name"] == name), None)


def _checked_menu(body: Mapping[str, object]) -> list[Button]:
    given = body.get("button")
    if not isinstance(given, list) or not given:
        raise ApiError(40017, "invalid button size")
    buttons = _checked(given, TOP)
    _check_domains(buttons)
    return buttons


def sub_buttons(button: Button) -> list[Button]:
    given = button.get("sub_button")
    return given if isinstance(given, list) else []


def _checked(given: list[object], level: Level) -> list[Button]:
    if len(given) > level.count:
        raise ApiError(level.bad_count, f"invalid {level.word} size")
    return [_checked_button(button, level) for button in given]


def _checked_button(button: object, level: Level) -> Button:
    if not isinstance(button, dict):
        raise ApiError(47001, "data format error")
    _check_size(button.get("name"), level.name_bytes, level.bad_name, f"invalid {level.word} name size")
    subs = sub_buttons(button)
    if not subs:
        _check_action(button, level)
        return {**button, "sub_button": []}
    if level is SUB:
        raise ApiError(40022, "invalid sub button level")
    return {"name": button["name"], "sub_button": _checked(list(subs), SUB)}


def _check_action(button: Button, level: Level) -> None:
    kind = button.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise ApiError(level.bad_type, f"invalid {level.word} type")
    if kind in KEYED:
        _check_size(button.get("key"), KEY_BYTES, level.bad_key, f"invalid {level.word} key size")
    elif kind == "view":
        _check_size(button.get("url"), URL_BYTES, level.bad_url, f"invalid {level.word} url size")
        if not _host(str(button["url"])):
            raise ApiError(level.bad_domain, f"invalid {level.word} url domain")
    elif not button.get(BY_FIELD[kind]):
        raise ApiError(40007, f"invalid {BY_FIELD[kind]}")


def _check_size(value: object, most: int, errcode: int, errmsg: str) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= most:
        raise ApiError(errcode, errmsg)


def _check_domains(buttons: list[Button]) -> None:
    hosts = {_host(url) for url in _urls(buttons)}
    if len([host for host in hosts if not host.endswith(".qq.com")]) > EXTERNAL_DOMAINS:
        raise ApiError(65316, "there are too many links to external domains")


def _host(url: str) -> str:
    """The host of a web address; empty for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""


def _urls(buttons: list[Button]) -> list[str]:
    leaves = [leaf for button in buttons for leaf in (sub_buttons(button) or [button])]
    return [str(leaf["url"]) for leaf in leaves if leaf.get("type") == "view"]


def _as_info(button: Button) -> Button:
    subs = sub_buttons(button)
    bare = {name: value for name, value in button.items() if name != "sub_button"}
    return {**bare, "sub_button": {"list": [_as_info(sub) for sub in subs]}} if subs else bare
