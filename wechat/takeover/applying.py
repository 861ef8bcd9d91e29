"""What staff chose of the old menu and the old replies, put into our options; nothing is published by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from foundation.errors import Conflict, InvalidInput, NotFound
from staff.actors import Actor
from staff.options.reading import option_sheet
from staff.options.setting import set_option
from wechat.account import current_account
from wechat.buttons import Button
from wechat.keywords import REPLY, WORDS, Word, is_answered
from wechat.menu import MENU, MenuEntry, build_menu, menu_entries
from wechat.replies import GREETING, NOT_UNDERSTOOD
from wechat.takeover.autoreplies import FoundReplies, FoundWord, understand_replies
from wechat.takeover.merging import Line, merge
from wechat.takeover.readings import Reading, latest_reading

REASON = "接管公众号时合并原有内容"
MOST_WORD, MOST_REPLY, MOST_GREETING, MOST_OTHERWISE = 20, 600, 300, 200


@dataclass(frozen=True, slots=True)
class Choice:
    """What staff say to a line of the merge: whether it stays, under which button, by which name."""

    kept: bool
    button: str
    name: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that the account answered and that may become ours; `fault` says why it may not."""

    id: str
    word: str
    text: str
    remark: str
    fault: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Takeover:
    """What was read last, and what may be made of it. `menu_version` is the version of our menu that it goes by."""

    reading: Reading
    lines: tuple[Line, ...]
    offers: tuple[Offer, ...]
    menu_version: int


def takeover() -> Takeover | None:
    """Return what stands to be decided, None before anybody has looked at the account."""
    reading = latest_reading()
    if reading is None:
        return None
    lines = merge(menu_entries(), reading.menu.buttons, is_answered)
    offers = _offers(understand_replies(reading.replies or {}))
    return Takeover(reading, lines, offers, option_sheet(MENU.name).current.number)


def first_choices(lines: Sequence[Line]) -> tuple[Choice, ...]:
    """Return what we suggest."""
    return tuple(Choice(line.kept, line.button, line.name) for line in lines)


def preview(lines: Sequence[Line], choices: Sequence[Choice]) -> list[Button]:
    """Return the buttons that would come of it; raises InvalidInput naming what breaks a limit."""
    return build_menu(tuple(entry for entry, _ in _chosen(lines, choices)), current_account().site)


def own_buttons() -> list[Button]:
    """Return our menu as it would be published, none where it could not be."""
    try:
        return build_menu(menu_entries(), current_account().site)
    except InvalidInput:
        return []


def keep_menu(reading: int, menu_version: int, choices: Sequence[Choice], actor: Actor) -> bool:
    """Set our menu to what was chosen, and the keywords that it needs; tells whether anything changed.

    Raises Conflict where somebody has looked again or changed our menu meanwhile, InvalidOption, NotAllowed.
    """
    found = _still(reading)
    if found.menu_version != menu_version or len(choices) != len(found.lines):
        raise Conflict("本系统的菜单刚被别人改过，请按现在的内容再选一次。")
    chosen = _chosen(found.lines, choices)
    words = [Word(entry.target, REPLY, text, "") for entry, text in chosen if text]
    if words:
        _add_words(words, actor)
    typed = MENU.kind.show(tuple(entry for entry, _ in chosen))
    return set_option(MENU.name, typed, actor, based_on=menu_version, reason=REASON)


def keep_replies(reading: int, ids: Sequence[str], actor: Actor) -> int:
    """Make the chosen replies ours and count them; raises Conflict, InvalidOption, NotFound, NotAllowed."""
    offers = {offer.id: offer for offer in _still(reading).offers}
    chosen = [offers[one] for one in ids if one in offers and not offers[one].fault]
    if not chosen:
        raise NotFound("请先选要带过来的回复。")
    words = [Word(offer.word, REPLY, offer.text, "") for offer in chosen if offer.word]
    if words:
        _add_words(words, actor)
    for offer in chosen:
        if offer.id in _TEXTS:
            _set_text(offer, actor)
    return len(chosen)


def _chosen(lines: Sequence[Line], choices: Sequence[Choice]) -> list[tuple[MenuEntry, str]]:
    """Return the entries that stay, each with the text it answers by a keyword, if any."""
    return [
        (replace(line.entry, button=choice.button, name=choice.name), line.text)
        for line, choice in zip(lines, choices, strict=True)
        if choice.kept and line.entry is not None
    ]


def _still(reading: int) -> Takeover:
    found = takeover()
    if found is None or found.reading.number != reading:
        raise Conflict("公众号又读取过一次，请按新读到的内容再选一次。")
    return found


def _add_words(words: Sequence[Word], actor: Actor) -> None:
    sheet = option_sheet(WORDS.name)
    kept: tuple[Word, ...] = sheet.current.value
    typed = WORDS.kind.show((*kept, *words))
    set_option(WORDS.name, typed, actor, based_on=sheet.current.number, reason=REASON)


def _set_text(offer: Offer, actor: Actor) -> None:
    option = _TEXTS[offer.id]
    version = option_sheet(option.name).current.number
    set_option(option.name, option.kind.show(offer.text), actor, based_on=version, reason=REASON)


_TEXTS = {"greeting": GREETING, "otherwise": NOT_UNDERSTOOD}
_ROOM: Mapping[str, int] = {"greeting": MOST_GREETING, "otherwise": MOST_OTHERWISE}


def _offers(found: FoundReplies) -> tuple[Offer, ...]:
    texts = [
        Offer(name, "", reply.text, reply.remark, _fault(reply.text, _ROOM[name]), _TEXTS[name].value())
        for name, reply in (("greeting", found.greeting), ("otherwise", found.otherwise))
        if reply
    ]
    words = [_word_offer(number, one) for number, one in enumerate(found.words)]
    return (*texts, *words)


def _word_offer(number: int, found: FoundWord) -> Offer:
    text = found.reply.text
    remark = _remark(found.reply.remark, whole=found.whole)
    return Offer(f"word-{number}", found.word, text, remark, _word_fault(found.word, text))


def _remark(remark: str, *, whole: bool) -> str:
    return remark if whole else f"{remark}原来消息里有这个词就回，本系统只认整条消息就是这个词。"


def _word_fault(word: str, text: str) -> str:
    if len(word) > MOST_WORD:
        return f"词最多{MOST_WORD}个字。"
    return f"本系统已经答复“{word}”。" if is_answered(word) else _fault(text, MOST_REPLY)


def _fault(text: str, most: int) -> str:
    if not text:
        return "没有文字可带。"
    return f"文字最多{most}个字，这里有{len(text)}个。请到“设置”里自己缩短。" if len(text) > most else ""
