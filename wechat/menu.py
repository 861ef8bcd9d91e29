"""The account's menu: what the rooms offer or staff set, within the platform's limits, published by somebody."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

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
from wechat.buttons import Button, explained, host_of, outside_hosts, plain_buttons
from wechat.errors import WeChatError
from wechat.keywords import is_answered
from wechat.models import MenuPublication
from wechat.takeover.living import LivingMenu, read_menu
from wechat.takeover.readings import keep_reading

MOST_BUTTONS, MOST_ENTRIES, MOST_DOMAINS = 3, 5, 3
BUTTON_BYTES, ENTRY_BYTES = 16, 60
KEY_BYTES, URL_BYTES = 128, 1024
BUTTON_CHARACTERS, ENTRY_CHARACTERS = 4, 8  # Chinese ones; what is wider ends in an ellipsis on the phone
ACT = "wechat.menu"
KINDS = {
    "view": "打开网页，先登录",
    "page": "打开网页",
    "click": "当作发来一个词",
    "article": "打开已发布的文章",
    "material": "发一份永久素材",
    "miniprogram": "打开小程序",
}
_ENTRIES = "wechat_menu"
_BY_ID = {"article": ("article_id", "article_id"), "material": ("media_id", "media_id")}
MINIPROGRAM = "小程序要写成三段，中间用空格分开：小程序的AppID、页面路径、打不开小程序时的网址。"

Kind = Literal["view", "page", "click", "article", "material", "miniprogram"]


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One thing in the menu, under the top button `button`.

    `target` of a "view" is a path on the site that is opened signed in, of a "page" a path or an address that is
    opened as it is, of a "click" the key that comes back in the push, of an "article" or a "material" its id, of a
    "miniprogram" its appid, the page in it and an address for old phones. An entry named like its button, and alone
    under it, is the button.
    """

    button: str
    name: str
    kind: Kind
    target: str


@dataclass(frozen=True, slots=True)
class Published:
    """The menu that the platform took last, when, and by whom."""

    buttons: list[Button]
    at: datetime
    person: str


def init_menu(app: Flask) -> None:
    app.extensions[_ENTRIES] = []


def offer_menu(app: Flask, *entries: MenuEntry | Callable[[], MenuEntry]) -> None:
    """Add entries; buttons appear in the order in which they are first named.

    A function is asked whenever the menu is built, because what the account may do can change.
    """
    app.extensions[_ENTRIES].extend(entries)


def _offered() -> tuple[MenuEntry, ...]:
    offered: list[MenuEntry | Callable[[], MenuEntry]] = current_app.extensions[_ENTRIES]
    return tuple(entry if isinstance(entry, MenuEntry) else entry() for entry in offered)


def menu_entries() -> tuple[MenuEntry, ...]:
    """Return what staff set, or else what the rooms offer."""
    return MENU.value()


def publish_menu(actor: Actor) -> None:
    """Replace the account's menu by the one that is set.

    Raises NotAllowed without the right "menu", InvalidInput naming what breaks a limit, WeChatError.
    """
    account = current_account()
    _demand_right()
    replace_menu(build_menu(menu_entries(), account.site), actor, ACT)


def replace_menu(buttons: list[Button], actor: Actor, act: str) -> None:
    """Put `buttons` on the account; what somebody else had put there is kept, so that there is a way back.

    Only menu/create is called: menu/delete would take the menus for some readers with it. Raises NotAllowed,
    WeChatError, whose sentence names the entry where it is about one.
    """
    _demand_right()
    try:
        found = read_menu()
        with transaction() as session:
            record(act, "公众号菜单", actor, fields=("button",))
            if _is_elses(session, found):
                keep_reading(session, found, actor, replaced=True)
            session.add(MenuPublication(buttons=buttons, published_by=actor.name))
            current_account().client.create_menu(buttons)
    except WeChatError as error:
        record(act, "公众号菜单", actor, fields=("button",), result="refused")
        raise explained(error, buttons) from None


def _demand_right() -> None:
    if not current_account().may("menu"):
        raise NotAllowed("这个公众号没有自定义菜单的权限（见 WECHAT_CAPABILITIES）。")


def _is_elses(session: Session, found: LivingMenu) -> bool:
    """Tell whether there is a menu on the account that we did not put there."""
    last = session.scalar(select(MenuPublication.buttons).order_by(MenuPublication.id.desc()).limit(1))
    return found.source != "none" and plain_buttons(found.buttons) != plain_buttons(last or [])


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
    if entry.kind in _BY_ID:
        kind, field = _BY_ID[entry.kind]
        return {"type": kind, "name": entry.name, field: entry.target}
    if entry.kind == "miniprogram":
        appid, page, url = _miniprogram(entry)
        return {"type": "miniprogram", "name": entry.name, "appid": appid, "pagepath": page, "url": url}
    url = _address(entry, site)
    _check_size(url, URL_BYTES, f"“{entry.name}”的网址", "target")
    return {"type": "view", "name": entry.name, "url": url}


def _miniprogram(entry: MenuEntry) -> list[str]:
    parts = entry.target.split()
    if len(parts) != 3 or not host_of(parts[2]):
        raise InvalidInput(f"“{entry.name}”：{MINIPROGRAM}", field="target")
    return parts


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
    try:
        buttons = build_menu(entries, current_account().site)
    except InvalidInput as error:
        return {ROWS: error.message, **faults}
    hosts = outside_hosts(buttons)
    if len(hosts) > MOST_DOMAINS:
        faults[ROWS] = (
            f"菜单里的链接最多通向{MOST_DOMAINS}个网站（本站也算，微信自己的不算），现在是{len(hosts)}个：{'、'.join(hosts)}。"
        )
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
    if entry.kind in ("article", "material"):
        return None if _is_id(entry.target) else "这里填微信给的编号，由字母、数字、横线和下划线组成。"
    if entry.kind == "miniprogram":
        parts = entry.target.split()
        return None if len(parts) == 3 and host_of(parts[2]) else MINIPROGRAM
    return _address_fault(entry)


def _address_fault(entry: MenuEntry) -> str | None:
    if entry.kind == "view" and not current_account().may("oauth"):
        return "这个公众号没有网页授权，网页认不出读者。请把“点了以后”改成“当作发来一个词”，例如“投票”。"
    if entry.target.startswith("/") and safe_path(entry.target) == entry.target:
        return None
    if entry.kind == "view":
        return "本站网页要写成以“/”开头的路径，例如/vote。"
    whole = host_of(entry.target) and not any(map(str.isspace, entry.target))
    return None if whole else "网址要以https://开头，本站网页以“/”开头。"


def _is_id(text: str) -> bool:
    return text.isascii() and text.replace("-", "").replace("_", "").isalnum()


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
    DefaultFrom(_offered),
    group=Group.MENU,
    act=MENU_ACT,
    hint=f"底部最多{MOST_BUTTONS}个按钮，按钮名最多{BUTTON_CHARACTERS}个汉字；每个按钮下面最多{MOST_ENTRIES}项，"
    f"每项最多{ENTRY_CHARACTERS}个汉字。底部按钮相同的几项归在一起。只有一项、名称又和按钮相同时，点按钮就直接打开。"
    f"链接最多通向{MOST_DOMAINS}个网站，本站也算。",
    check=_check_menu,
    preview=Preview("wechat/options/_menu.html", _show_menu),
    remark="手机上的菜单还没有变，请到“公众号设置”发布。",
)
