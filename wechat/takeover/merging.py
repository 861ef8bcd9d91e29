"""One menu out of two: ours stays, and of what the account had before as much as there is room for; pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from wechat.buttons import Button, leaves
from wechat.menu import MOST_BUTTONS, MOST_ENTRIES, MenuEntry

_BY_SERVER = {
    **dict.fromkeys(("scancode_push", "scancode_waitmsg"), "扫一扫"),
    **dict.fromkeys(("pic_sysphoto", "pic_photo_or_album", "pic_weixin"), "发照片"),
    "location_select": "发位置",
}
_MOST_WORD, _MOST_TEXT = 20, 600
Answers = Callable[[str], bool]
"""Tells whether somebody answers a word."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the merge: an entry that may be kept, whether we suggest so, and what has to be known about it.

    Without an `entry` it cannot be kept. `text` is what the account answered by itself when it was pressed: kept as
    the answer to a keyword of the entry's name.
    """

    ours: bool
    button: str
    name: str
    does: str
    entry: MenuEntry | None
    kept: bool
    remark: str = ""
    text: str = ""


def merge(ours: Sequence[MenuEntry], theirs: Sequence[Button], answers: Answers) -> tuple[Line, ...]:
    """Return our entries, all kept, and then theirs: kept where there is room and we can do what they do."""
    kept = [Line(True, entry.button, entry.name, _does(entry), entry, True) for entry in ours]
    groups: dict[str, int] = {}
    for entry in ours:
        groups[entry.button] = groups.get(entry.button, 0) + 1
    there: set[tuple[str, str]] = {(entry.kind, entry.target) for entry in ours}
    return (*kept, *_placed(groups, [_understood(top, leaf, answers) for top, leaf in leaves(theirs)], there))


def _placed(groups: dict[str, int], lines: Sequence[Line], there: set[tuple[str, str]]) -> Iterator[Line]:
    """Give each line a place: under its own button, a new one, or whichever of ours has most room."""
    moved: dict[str, str] = {}
    for line in lines:
        if line.entry is None:
            yield line
            continue
        if (line.entry.kind, line.entry.target) in there:
            yield replace(line, kept=False, remark="本系统的菜单里已经有了。")
            continue
        button = moved.setdefault(line.button, _place(groups, line.button))
        if groups.get(button, 0) >= MOST_ENTRIES:
            button = min(groups, key=lambda name: groups[name])
        has_room = groups.get(button, 0) < MOST_ENTRIES
        if has_room and line.kept:
            groups[button] = groups.get(button, 0) + 1
        yield _under(line, button) if has_room else replace(line, kept=False, remark="放不下了，要留就先去掉别的。")


def _place(groups: dict[str, int], button: str) -> str:
    if button in groups or len(groups) < MOST_BUTTONS:
        return button
    return min(groups, key=lambda name: groups[name])


def _under(line: Line, button: str) -> Line:
    if line.entry is None or button == line.button:
        return line
    remark = f"{line.remark}原来在“{line.button}”下面。" if line.name != line.button else line.remark
    return replace(line, button=button, entry=replace(line.entry, button=button), remark=remark)


def _understood(button: str, leaf: Button, answers: Answers) -> Line:
    kind, name = str(leaf.get("type", "")), str(leaf.get("name", ""))
    if kind == "click":
        return _clicked(button, name, str(leaf.get("key", "")), answers)
    if kind == "text":
        return _spoken(button, name, str(leaf.get("value", "")), answers)
    entry = _entry(button, name, kind, leaf)
    if entry is not None:
        return Line(False, button, name, _does(entry), entry, True)
    if kind in _BY_SERVER:
        return Line(False, button, name, _BY_SERVER[kind], None, False, "由原来的程序处理，本系统不办这件事。")
    return Line(False, button, name, "公众号后台设置的内容", None, False, "微信不让别的程序发布这种菜单项。")


def _entry(button: str, name: str, kind: str, leaf: Button) -> MenuEntry | None:
    if kind == "view" and leaf.get("url"):
        return MenuEntry(button, name, "page", str(leaf["url"]))
    if kind in ("article_id", "article_view_limited") and leaf.get("article_id"):
        return MenuEntry(button, name, "article", str(leaf["article_id"]))
    if kind == "miniprogram":
        parts = [str(leaf.get(field) or "") for field in ("appid", "pagepath", "url")]
        return MenuEntry(button, name, "miniprogram", " ".join(parts)) if all(parts) else None
    material = leaf.get("media_id") if kind in ("media_id", "view_limited") else None
    material = material or (leaf.get("value") if kind in ("img", "voice", "news") else None)
    return MenuEntry(button, name, "material", str(material)) if material else None


def _clicked(button: str, name: str, key: str, answers: Answers) -> Line:
    entry = MenuEntry(button, name, "click", key)
    if answers(key):
        return Line(False, button, name, _does(entry), entry, True)
    remark = "由原来的程序答复，换到本系统后没有人答复。要留，先在“关键词”里加上这个词。"
    return Line(False, button, name, _does(entry), None, False, remark)


def _spoken(button: str, name: str, text: str, answers: Answers) -> Line:
    does = f"回复“{text[:20]}{'…' if len(text) > 20 else ''}”"
    if not name or len(name) > _MOST_WORD or not 1 <= len(text) <= _MOST_TEXT:
        return Line(False, button, name, does, None, False, f"回复的文字空着，或超过{_MOST_TEXT}个字。")
    if answers(name):
        return Line(False, button, name, does, None, False, f"本系统已经答复“{name}”这个词。")
    return Line(False, button, name, does, MenuEntry(button, name, "click", name), True, "同时加一个关键词。", text)


def _does(entry: MenuEntry) -> str:
    words = {
        "click": "发送“{}”",
        "article": "打开文章 {}",
        "material": "发素材 {}",
        "miniprogram": "打开小程序 {}",
        "view": "登录后打开 {}",
    }
    return words.get(entry.kind, "打开 {}").format(entry.target)
