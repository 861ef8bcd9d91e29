"""The account's menu: what the rooms offer or staff set, within the platform's limits, published by somebody."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from flask import Flask, current_app
from sqlalchemy import select

from foundation.errors import InvalidInput, NotAllowed
from foundation.transaction import transaction
from foundation.web import safe_path
from staff.actors import NOT_MEMBERS, Actor
from staff.audit import record
from staff.models import Member
from staff.options.acts import MENU as MENU_ACT
from staff.options.kinds import Choice, Line
from staff.options.registry import DefaultFrom, Group, Preview, declare_option
from staff.options.tables import ROWS, Column, Table, field_of
from wechat.account import current_account
from wechat.errors import WeChatError
from wechat.keywords import is_answered
from wechat.models import MenuPublication

MOST_BUTTONS, MOST_ENTRIES, MOST_DOMAINS = 3, 5, 3
BUTTON_BYTES, ENTRY_BYTES = 16, 60
KEY_BYTES, URL_BYTES = 128, 1024
BUTTON_CHARACTERS, ENTRY_CHARACTERS = 4, 8  # Chinese ones; what is wider ends in an ellipsis on the phone
ACT = "wechat.menu"
KINDS = {"view": "打开网页，先登录", "page": "打开网页", "click": "当作发来一个词"}
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


@dataclass(frozen=True, slots=True)
class Published:
    """The menu that the platform took last, when, and by whom."""

    buttons: "list[Button]"
    at: datetime
    person: str


Button = dict[str, Any]


def init_menu(app: Flask) -> None:
    app.extensions[_ENTRIES] = []


def offer_menu(app: Flask, *entries: MenuEntry) -> None:
    """Add entries; buttons appear in the order in which they are first named."""
    app.extensions[_ENTRIES].extend(entries)


def menu_entries() -> tuple[MenuEntry, ...]:
    """Return what staff set, or else what the rooms offer."""
    return MENU.value()


def publish_menu(actor: Actor) -> None:
    """Replace the account's menu by the one that is set.

    Raises NotAllowed without the right "menu", InvalidInput naming what breaks a limit, WeChatError.
    """
    account = current_account()
    if not account.may("menu"):
        raise NotAllowed("这个公众号没有自定义菜单的权限（见 WECHAT_CAPABILITIES）。")
    buttons = build_menu(menu_entries(), account.site)
    try:
        with transaction() as session:
            record(ACT, "公众号菜单", actor, fields=("button",))
            session.add(MenuPublication(buttons=buttons, published_by=actor.name))
            account.client.create_menu(buttons)
    except WeChatError:
        record(ACT, "公众号菜单", actor, fields=("button",), result="refused")
        raise


def published_menu() -> Published | None:
    """Return what was published last, None before the first time."""
    query = select(MenuPublication, Member.display_name).outerjoin(Member, Member.name == MenuPublication.published_by)
    with transaction() as session:
        row = session.execute(query.order_by(MenuPublication.id.desc()).limit(1)).one_or_none()
        if row is None:
            return None
        kept, person = row
        shown = person or NOT_MEMBERS.get(kept.published_by, kept.published_by)
        return Published(kept.buttons, kept.published_at, shown)


def build_menu(entries: tuple[MenuEntry, ...], site: str) -> list[Button]:
    """Return the platform's buttons; raises InvalidInput where it would not take them."""
    grouped = _grouped(entries)
    if not 1 <= len(grouped) <= MOST_BUTTONS:
        raise InvalidInput(f"菜单要有1到{MOST_BUTTONS}个按钮，现在是{len(grouped)}个。", field="button")
    return [_top(name, group, site) for name, group in grouped.items()]


def _grouped(entries: tuple[MenuEntry, ...]) -> dict[str, list[MenuEntry]]:
    grouped: dict[str, list[MenuEntry]] = {}
    for entry in entries:
        grouped.setdefault(entry.button, []).append(entry)
    return grouped


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


def width_of(text: str) -> float:
    """Return how wide a phone shows `text`, in Chinese characters; a Latin letter is half of one."""
    return sum(1 if unicodedata.east_asian_width(character) in "WFA" else 0.5 for character in text)


def _check_menu(entries: tuple[MenuEntry, ...]) -> Mapping[str, str]:
    faults = {field_of(row, field): text for row, entry in enumerate(entries) for field, text in _check_entry(entry)}
    named = Counter((entry.button, entry.name) for entry in entries)
    for row, entry in enumerate(entries):
        if named[entry.button, entry.name] > 1:
            faults.setdefault(field_of(row, "name"), f"“{entry.button}”下面有两个“{entry.name}”。")
    domains = {urlsplit(entry.target).netloc for entry in entries if entry.target.startswith("http")}
    if len(domains) > MOST_DOMAINS:
        faults[ROWS] = f"菜单里最多用{MOST_DOMAINS}个别的网站，现在是{len(domains)}个。"
    try:
        build_menu(entries, current_account().site)
    except InvalidInput as error:
        faults.setdefault(ROWS, error.message)
    return faults


def _check_entry(entry: MenuEntry) -> Iterator[tuple[str, str]]:
    for field, text, most in (("button", entry.button, BUTTON_CHARACTERS), ("name", entry.name, ENTRY_CHARACTERS)):
        if width_of(text) > most:
            yield field, f"手机上最多显示{most}个汉字（字母、数字算半个），“{text}”太长。"
    fault = _target_fault(entry)
    if fault:
        yield "target", fault


def _target_fault(entry: MenuEntry) -> str | None:
    """Say what is wrong with where an entry leads."""
    if entry.kind == "click":
        known = is_answered(entry.target)
        return None if known else f"没有人会答复“{entry.target}”。请先在“关键词”里加上这个词。"
    is_path = entry.target.startswith("/") and safe_path(entry.target) == entry.target
    if is_path:
        return None
    if entry.kind == "view":
        return "本站网页要写成以“/”开头的路径，例如/vote。"
    parts = urlsplit(entry.target)
    whole = parts.scheme in ("http", "https") and parts.hostname and not any(map(str.isspace, entry.target))
    return None if whole else "网址要以https://开头，本站网页以“/”开头。"


def _show_menu(entries: tuple[MenuEntry, ...]) -> Mapping[str, object]:
    published = published_menu()
    buttons = build_menu(entries, current_account().site)
    return {"buttons": buttons, "published": published, "differs": not published or published.buttons != buttons}


MENU = declare_option(
    "wechat.menu",
    "公众号菜单",
    Table(
        MenuEntry,
        (
            Column("button", "底部按钮", Line(most=16)),
            Column("name", "菜单项", Line(most=60)),
            Column("kind", "点了以后", Choice(lambda: KINDS)),
            Column("target", "网址或词", Line(most=500), wide=True),
        ),
        "菜单项",
        most=MOST_BUTTONS * MOST_ENTRIES,
        told_by=1,
    ),
    DefaultFrom(lambda: tuple(current_app.extensions[_ENTRIES])),
    group=Group.MENU,
    act=MENU_ACT,
    hint=f"底部最多{MOST_BUTTONS}个按钮，按钮名最多{BUTTON_CHARACTERS}个汉字；每个按钮下面最多{MOST_ENTRIES}项，"
    f"每项最多{ENTRY_CHARACTERS}个汉字。底部按钮相同的几项归在一起。只有一项、名称又和按钮相同时，点按钮就直接打开。",
    check=_check_menu,
    preview=Preview("wechat/options/_menu.html", _show_menu),
    remark="手机上的菜单还没有变，请到“公众号设置”发布。",
)
