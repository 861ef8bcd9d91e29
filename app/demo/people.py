"""The invented candidates of the demo, composed from the stock of texts beside this module; the same at every call.

In a text `@` stands for 他 or 她, `{3~5}` for a number drawn once per candidate, `{甲}` for an invented surname
that belongs to the paragraph, and any other `{word}` for a fact about the candidate or a place of theirs.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

TEXTS = Path(__file__).parent / "texts"

COMPOUND_SURNAMES = frozenset({"欧阳", "上官", "司马", "慕容", "阿依"})
BYSTANDERS = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹章苏潘葛范彭鲁韦马方"
BRIEF_LIMIT = 212
SLOT = re.compile(r"\{([^{}]+)\}")
RANGE = re.compile(r"(\d+)~(\d+)")

# A difference set modulo 11: the members of one walk take shifted copies, of which any two share three.
HAND, STOCK_SIZE = (0, 2, 6, 7, 8, 10), 11
ORGANISATION_HAND = 7
TOPICS_PER_PERSON = 5
TOPICS_PER_ORGANISATION = 4
PAST_FIRST_HAND = 3

Passage = tuple[str, str]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class DemoCandidate:
    """One line of the demo's ballot; `number` runs through all awards, `sex` is empty for an organisation."""

    number: int
    name: str
    unit: str
    post: str
    brief: str
    deeds: str
    sex: str
    portrait_seed: int
    photo: bool


@dataclass(frozen=True, slots=True)
class DemoAward:
    """An award with its places and the most a ballot may choose."""

    name: str
    places: int
    max_choices: int
    is_organisation: bool
    candidates: tuple[DemoCandidate, ...]
    min_choices: int = 0


@dataclass(frozen=True, slots=True)
class Stock:
    """What can be told of one walk of life: openings and middles are pairs of a short form and a paragraph.

    `span` bounds the years in the post, or the number of an organisation's members.
    """

    openings: tuple[Passage, ...]
    middles: tuple[Passage, ...]
    span: tuple[int, int]
    posts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """Paragraphs that fit every walk of life, by topic, and last paragraphs."""

    topics: tuple[tuple[str, ...], ...]
    closings: tuple[str, ...]


@cache
def demo_awards() -> tuple[DemoAward, ...]:
    """The three awards of the demo selection with their 15, 15 and 150 candidates."""
    roster = _read("roster.toml")
    names, lines = roster["awards"], roster["roster"]
    organisations = _organisations(lines["organisations"])
    people = _people(lines["outstanding"] + lines["excellent"], roster, first=len(organisations) + 1)
    split = len(lines["outstanding"])
    return (
        DemoAward(names["organisations"], 10, 10, True, organisations),
        DemoAward(names["outstanding"], 10, 10, False, people[:split]),
        DemoAward(names["excellent"], 100, 100, False, people[split:]),
    )


@cache
def past_awards() -> tuple[DemoAward, ...]:
    """The one award of a smaller selection that is over; its numbers run from 1."""
    roster = _read("roster.toml")
    volunteers = _people(roster["roster"]["volunteers"], roster, first=1, first_hand=PAST_FIRST_HAND)
    return (DemoAward(roster["awards"]["volunteers"], 8, 8, False, volunteers),)


class Voice:
    """Puts one candidate's facts, numbers and places into the texts of the stock."""

    def __init__(self, key: str, pronoun: str, facts: dict[str, str], settings: dict[str, list[str]]) -> None:
        self._key = key
        self._pronoun = pronoun
        self._facts = facts | {
            word: names[_draw(f"{key}/{word}", 0, len(names) - 1)] for word, names in settings.items()
        }

    def say(self, text: str, passage: str) -> str:
        """`text` with every slot filled; equal numbers of one `passage` agree in its short and its long form."""
        return SLOT.sub(lambda slot: self._fill(slot[1], passage), text.replace("@", self._pronoun))

    def _fill(self, word: str, passage: str) -> str:
        if bounds := RANGE.fullmatch(word):
            return self._number(int(bounds[1]), int(bounds[2]), passage)
        if word in "甲乙丙":
            start = _draw(f"{self._key}/{passage}", 0, len(BYSTANDERS) - 1)
            others = [surname for surname in BYSTANDERS if surname != self._facts["xing"]]
            return others[(start + 7 * "甲乙丙".index(word)) % len(others)]
        return self._facts[word]

    def _number(self, low: int, high: int, passage: str) -> str:
        # Large figures (households, pupils) return in several paragraphs and must stay the same there.
        scope = "" if high >= 100 else passage
        step = 100 if high >= 8000 else 10 if high >= 1000 else 1
        value = _draw(f"{self._key}/{scope}/{low}~{high}", low // step, high // step) * step
        return "两" if value == 2 else str(max(value, low))


def _people(
    lines: list[list[str]], roster: dict[str, Any], *, first: int, first_hand: int = 0
) -> tuple[DemoCandidate, ...]:
    """The candidates of `lines`, numbered from `first`; `first_hand` is where dealing from each walk begins."""
    shared = _shared("shared_persons.toml")
    walks = list(dict.fromkeys(line[3] for line in lines))
    stocks = {walk: _stock(f"walks/{walk}.toml", "years") for walk in walks}
    hands = {walk: count(first_hand) for walk in walks}
    people = []
    for number, (name, sex, unit, walk, *marks) in enumerate(lines, start=first):
        member, stock = next(hands[walk]), stocks[walk]
        facts = _career(number, name, stock) | {"unit": roster["places"][unit]}
        voice = Voice(str(number), "他" if sex == "男" else "她", facts, roster["settings"])
        passages = _hand(stock, member, number)
        extras = _person_extras(shared, walks.index(walk), member)
        brief, deeds = _compose(voice, passages, extras)
        post = voice.say(stock.posts[member], "post")
        people.append(DemoCandidate(number, name, unit, post, brief, deeds, sex, number, photo=not marks))
    return tuple(people)


def _organisations(lines: list[list[str]]) -> tuple[DemoCandidate, ...]:
    shared = _shared("shared_organisations.toml")
    hands: defaultdict[str, count[int]] = defaultdict(count)
    organisations = []
    for number, (name, short, unit, kind, field) in enumerate(lines, start=1):
        member, stock = next(hands[kind]), _stock(f"organisations/{kind}.toml", "members")
        members = str(_draw(f"{number}/members", *stock.span))
        facts = {"name": name, "short": short, "members": members, "xing": ""}
        voice = Voice(str(number), "", facts, {})
        middles = stock.middles[:ORGANISATION_HAND] if member == 0 else stock.middles[-ORGANISATION_HAND:]
        passages = [stock.openings[member], *_shuffled(middles, f"{number}/order")]
        brief, deeds = _compose(voice, passages, _organisation_extras(shared, number - 1))
        post = f"{field}党组织，党员{members}名"
        organisations.append(DemoCandidate(number, name, unit, post, brief, deeds, "", number, photo=True))
    return tuple(organisations)


def _career(number: int, name: str, stock: Stock) -> dict[str, str]:
    years = _draw(f"{number}/years", *stock.span)
    age = min(57, years + _draw(f"{number}/start", 22, 28))
    membership = _draw(f"{number}/membership", 4, max(5, min(age - 24, years + 3)))
    surname = name[:2] if name[:2] in COMPOUND_SURNAMES else name[0]
    return {"name": name, "xing": surname, "years": str(years), "age": str(age), "dang": str(membership)}


def _hand(stock: Stock, member: int, number: int) -> list[Passage]:
    middles = [stock.middles[(place + member) % STOCK_SIZE] for place in HAND]
    return [stock.openings[member % len(stock.openings)], *_shuffled(middles, f"{number}/order")]


def _person_extras(shared: Shared, walk: int, member: int) -> list[str]:
    """Shared paragraphs and a closing; members of one walk never meet in them, nor do the outstanding fifteen."""
    variants = len(shared.topics[0])
    groups = len(shared.topics) // TOPICS_PER_PERSON
    turn, seat = divmod(walk, groups * variants)
    order = _shuffled(range(len(shared.topics)), f"topics/{turn}/{member}")
    extras = []
    for topic in order[(seat + member) % groups :: groups]:
        shift = _draw(f"shift/{turn}/{topic}", 0, variants - 1)
        extras.append(shared.topics[topic][(seat // groups + member + shift) % variants])
    return [*extras, shared.closings[(walk + 7 * member) % len(shared.closings)]]


def _organisation_extras(shared: Shared, seat: int) -> list[str]:
    """Four topics and a closing; every paragraph of the stock is used by one organisation only."""
    groups = len(shared.topics) // TOPICS_PER_ORGANISATION
    extras = [topic[seat // groups] for topic in shared.topics[seat % groups :: groups]]
    return [*extras, shared.closings[seat % len(shared.closings)]]


def _compose(voice: Voice, passages: Sequence[Passage], extras: Sequence[str]) -> tuple[str, str]:
    """The brief (the short forms, as many as fit) and the deeds (own paragraphs with shared ones between)."""
    own = [voice.say(text, str(place)) for place, (_, text) in enumerate(passages)]
    told = [voice.say(text, f"extra {place}") for place, text in enumerate(extras)]
    brief = ""
    for place, (short, _) in enumerate(passages):
        sentence = voice.say(short, str(place))
        if len(brief) + len(sentence) <= BRIEF_LIMIT:
            brief += sentence
    opening, middles, shared, closing = own[0], own[1:], told[:-1], told[-1]
    paragraphs = [opening, middles.pop(0)]
    while middles or shared:
        paragraphs += [queue.pop(0) for queue in (middles, shared) if queue]
    return brief, "\n\n".join([*paragraphs, closing])


def _stock(path: str, span: str) -> Stock:
    text = _read(path)
    openings, middles = (tuple((short, long) for short, long in text[key]) for key in ("openings", "middles"))
    low, high = text[span]
    return Stock(openings, middles, (low, high), tuple(text.get("posts", ())))


def _shared(path: str) -> Shared:
    text = _read(path)
    return Shared(tuple(tuple(topic) for topic in text["topics"].values()), tuple(text["closings"]["texts"]))


def _read(path: str) -> dict[str, Any]:
    return tomllib.loads((TEXTS / path).read_text(encoding="utf-8"))


def _draw(key: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included, that depends on `key` alone."""
    return low + int.from_bytes(blake2b(key.encode(), digest_size=8).digest()) % (high - low + 1)


def _shuffled(items: Sequence[Item], key: str) -> list[Item]:
    order = sorted(range(len(items)), key=lambda place: _draw(f"{key}/{place}", 0, 2**32))
    return [items[place] for place in order]
