"""The words that the account answers: those of the rooms, and what staff made of them and added."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from staff.options.acts import TEXTS
from staff.options.kinds import Choice, Line, Paragraph
from staff.options.registry import DefaultFrom, Group, Preview, declare_option
from staff.options.tables import Column, Table, field_of
from wechat.messages import Push, Reply, TextReply
from wechat.offers import Keyword, is_reserved, offered_keywords

HELP = "帮助"
REPLY = "reply"
SHOWN_IN_PREVIEW = 5


@dataclass(frozen=True, slots=True)
class Word:
    """A word, what it does (REPLY, or the word of a room that it stands for), and how the help text explains it.

    Without a `meaning` the help text passes it over.
    """

    word: str
    does: str
    text: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ListedWord:
    """A word as readers are told to write it, and what comes of it."""

    word: str
    meaning: str


def does_words() -> Mapping[str, str]:
    """Return what a word may do, by its name."""
    return {REPLY: "回复文字"} | {offer.word: f"同“{offer.word}”" for offer in _offers().values()}


def default_words() -> tuple[Word, ...]:
    """Return the rooms' own words, each standing for itself."""
    return tuple(Word(offer.word, offer.word, "", offer.meaning) for offer in _offers().values())


def read_push(push: Push) -> Push | Reply:
    """Say what `push` means: a reply that staff wrote, or the push in the word by which a room knows it."""
    asked = push.asks_for
    found = _find(asked) if asked else None
    if found is None:
        return push
    word, rest = found
    if word.does == REPLY:
        return TextReply(word.text)
    meant = f"{word.does} {rest}".rstrip()
    return replace(push, text=meant) if push.kind == "text" else replace(push, event_key=meant)


def is_answered(word: str) -> bool:
    """Tell whether something other than the help text answers `word`."""
    return word in _offers() or _find(word) is not None


def listed_words(words: tuple[Word, ...] | None = None) -> tuple[ListedWord, ...]:
    """Return what the help text names, of `words` or else of those that are set."""
    offers, set_words = _offers(), WORDS.value() if words is None else words
    return tuple(
        ListedWord(f"{word.word} {offers[word.does].follow if word.does in offers else ''}".rstrip(), word.meaning)
        for word in set_words
        if word.meaning
    )


def words_that_lead_in() -> tuple[ListedWord, ...]:
    """Return the words for readers whom a page does not know, as staff had them listed."""
    offers = _offers()
    leading = tuple(word for word in WORDS.value() if word.does in offers and offers[word.does].leads_in)
    return listed_words(leading)


def _find(asked: str) -> tuple[Word, str] | None:
    """Return the word that was asked for and what follows it; a word alone goes before one that wants more."""
    words, plain = WORDS.value(), _plain(asked)
    exact = next((word for word in words if _plain(word.word) == plain), None)
    if exact:
        return exact, ""
    offers, written = _offers(), unicodedata.normalize("NFKC", asked).strip()
    wanting = [word for word in words if word.does in offers and offers[word.does].follow]
    for word in sorted(wanting, key=lambda word: -len(word.word)):
        beginning = unicodedata.normalize("NFKC", word.word)
        if written[: len(beginning)].casefold() == beginning.casefold():
            return word, written[len(beginning) :].lstrip(" :：")
    return None


def _plain(text: str) -> str:
    """Return `text` as it is compared: width and case alike, without blanks and punctuation around it."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    start, end = 0, len(folded)
    while start < end and _is_trim(folded[start]):
        start += 1
    while start < end and _is_trim(folded[end - 1]):
        end -= 1
    return folded[start:end]


def _is_trim(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] in "PZS"


def _offers() -> dict[str, Keyword]:
    """Return the rooms' words, and the help that the account itself gives."""
    return {offer.word: offer for offer in (*offered_keywords(), Keyword(HELP, ""))}


def _check(words: tuple[Word, ...]) -> Mapping[str, str]:
    faults: dict[str, str] = {}
    often = Counter(_plain(word.word) for word in words)
    for row, word in enumerate(words):
        if not _plain(word.word):
            faults[field_of(row, "word")] = "词里要有文字。"
        elif often[_plain(word.word)] > 1:
            faults[field_of(row, "word")] = f"“{word.word}”写了两次，只能留一条。"
        elif is_reserved(word.word):
            faults[field_of(row, "word")] = f"在聊天里投票要用“{word.word}”，请换一个词。"
        if word.does == REPLY and not word.text:
            faults[field_of(row, "text")] = "请填写要回复的文字。"
        elif word.does != REPLY and word.text:
            faults[field_of(row, "text")] = "作用是“回复文字”时才填。要回复这段文字，请改选“回复文字”。"
    return faults


def _show(words: tuple[Word, ...]) -> Mapping[str, object]:
    replies = [word for word in words if word.does == REPLY]
    bubbles = [
        bubble for word in replies[:SHOWN_IN_PREVIEW] for bubble in (("reader", word.word), ("account", word.text))
    ]
    listed = "\n".join(f"回复“{word.word}”：{word.meaning}" for word in listed_words(words))
    return {"bubbles": [*bubbles, ("reader", HELP), ("account", listed or "（没有列出的词）")]}


WORDS = declare_option(
    "wechat.keywords",
    "关键词",
    Table(
        Word,
        (
            Column("word", "词", Line(most=20)),
            Column("does", "作用", Choice(does_words)),
            Column("text", "回复文字", Paragraph(most=600, required=False), wide=True),
            Column("meaning", "帮助里的说明", Line(most=40, required=False)),
        ),
        "关键词",
    ),
    DefaultFrom(default_words),
    group=Group.KEYWORDS,
    act=TEXTS,
    hint="有人在公众号里发来这个词，就按“作用”答复：回复一段文字，或者和系统自己的词（例如“投票”）一样办理。"
    "大小写、全角半角和前后的标点不论。系统自己的词从表里删去后仍然有效，只是帮助里不再列出；"
    "要让它改为回复文字，就在表里把它的作用改掉。",
    check=_check,
    preview=Preview("wechat/options/_bubbles.html", _show),
)
