"""The ballot page as everyone gets it: built from plain values, compressed once, the same bytes for each reader."""

import re
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template

from foundation.pages import Prepared, prepare

BRIEF_ON_CARD = 60
SECONDS_KEPT = 30.0
PAGES_KEPT = 64
_CHANNEL = re.compile(r"[a-z0-9-]{1,24}")
STATE_WORDS = {
    "draft": "筹备中",
    "not_open": "尚未开始",
    "open": "投票进行中",
    "closed": "投票已结束",
    "certified": "结果已认证",
}
# These stand in the head or in the amber box of the page, so they are not repeated among the points.
_SAID_ELSEWHERE = ("投票时间：", "凡以主办方名义收费刷票", "帮家人投票", "未满14周岁")
_CANDIDATE_SCRIPTS = ("http", "draft", "paper", "source", "me", "candidate")
_LIST_SCRIPTS = ("order", "list", "search", "hand-over")
_BALLOT_SCRIPTS = ("sections", *_LIST_SCRIPTS, "take-over", "review", "submit", "result", "ballot")


@dataclass(frozen=True, slots=True)
class CandidateCard:
    """A candidate as the list shows them; `photo` and its 120 × 160 `thumbnail` are digests of public files."""

    number: int
    name: str
    unit: str
    post: str
    brief: str
    initials: str
    photo: str | None
    thumbnail: str | None
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class AwardColumn:
    """An award with its candidates in the order in which they are listed."""

    name: str
    for_organisations: bool
    places: int
    min_choices: int
    max_choices: int
    candidates: tuple[CandidateCard, ...]

    @property
    def measure(self) -> str:
        return "个" if self.for_organisations else "名"

    @property
    def choosable(self) -> tuple[int, ...]:
        return tuple(card.number for card in self.candidates if not card.withdrawn)


@dataclass(frozen=True, slots=True)
class BallotPage:
    """What the ballot page says to everyone; `rules` are its points, a sentence each.

    `closed_early` is when it ended, where that was before `closes_at`.
    """

    slug: str
    title: str
    period: str
    candidate_order: str
    opens_at: datetime | None
    closes_at: datetime | None
    enquiry_phone: str
    supervision_phone: str
    rules: tuple[str, ...]
    awards: tuple[AwardColumn, ...]
    closed_early: datetime | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """Return the units in the order in which they first appear."""
        return tuple(dict.fromkeys(card.unit for award in self.awards for card in award.candidates if card.unit))

    @staticmethod
    def state_words(state: str) -> str:
        return STATE_WORDS[state]


def scripts_of(page: str) -> tuple[str, ...]:
    """Name the scripts a page needs, in the order in which they build on each other: ballot, candidate or column."""
    names = {
        "ballot": (*_CANDIDATE_SCRIPTS, *_BALLOT_SCRIPTS),
        "candidate": (*_CANDIDATE_SCRIPTS, "candidate-page"),
        "column": ("http", "draft", "paper", *_LIST_SCRIPTS, "column"),
    }[page]
    return tuple(f"votes/{name}.js" for name in names)


def points_of(rules_text: str) -> tuple[str, ...]:
    """Split the rules into the points of the list, without the times and warnings that the page has in any case."""
    lines = (line.strip() for line in rules_text.splitlines())
    return tuple(line for line in lines if line and not line.startswith(_SAID_ELSEWHERE))


def shorten(brief: str, length: int = BRIEF_ON_CARD) -> str:
    """Cut a brief to what two lines of a card can show."""
    plain = " ".join(brief.split())
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def paragraphs_of(text: str) -> tuple[str, ...]:
    """Split deeds into paragraphs, which people indent and separate as they like."""
    return tuple(line for line in (part.strip(" \t　") for part in text.splitlines()) if line)


def render_ballot_page(page: BallotPage, *, state: str, csrf_token: str, site: str) -> Prepared:
    """Build and compress the page as it is while the poll is in `state` and the day's token holds.

    `site` is where phones reach it, which the QR code made in the browser leads to.
    """
    html = render_template(
        "votes/ballot.html", page=page, state=state, csrf_token=csrf_token, site=site, scripts=scripts_of("ballot")
    )
    return prepare(_without_indents(html).encode(), "text/html; charset=utf-8")


class PageShelf:
    """Pages in use, in this process. One thread builds a page; meanwhile the others get the one before."""

    def __init__(self, seconds_kept: float = SECONDS_KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds_kept = seconds_kept
        self._clock = clock
        self._pages: dict[Hashable, tuple[float, Prepared]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, build: Callable[[], Prepared]) -> Prepared:
        """Return the page of `key`: (slug, revision, day, state). It is built anew after `seconds_kept`,
        so that a corrected word shows without a new revision.
        """
        kept = self._pages.get(key)
        if kept and self._clock() - kept[0] < self._seconds_kept:
            return kept[1]
        if kept and not self._lock.acquire(blocking=False):
            return kept[1]
        if not kept:
            self._lock.acquire()
        try:
            return self._build(key, build)
        finally:
            self._lock.release()

    def _build(self, key: Hashable, build: Callable[[], Prepared]) -> Prepared:
        kept = self._pages.get(key)
        if kept and self._clock() - kept[0] < self._seconds_kept:
            return kept[1]
        page = build()
        self._pages.pop(key, None)
        while len(self._pages) >= PAGES_KEPT:
            self._pages.pop(next(iter(self._pages)))
        self._pages[key] = self._clock(), page
        return page


def _without_indents(html: str) -> str:
    return "\n".join(line for line in map(str.strip, html.splitlines()) if line)


def marked_address(page_address: str, channel: str | None) -> str:
    """Return a page's address that says by which channel it is opened; what is no channel's key is left out."""
    return f"{page_address}?from={channel}" if channel and _CHANNEL.fullmatch(channel) else page_address


def cut_words(places: int, cuts: Sequence[str]) -> str:
    """Say what the line below the last place means; `cuts` are the standings' cuts in order of rank."""
    tied = sum(cut == "tied_at_cut" for cut in cuts)
    tie = f"（最后{tied}名并列，未分先后）" if tied else ""
    return f"以上为得票前{places}名{tie}。得票是参考之一，表彰对象由研究确定。"
