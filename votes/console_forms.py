"""The console's forms about polls: what was typed, kept as it was typed, and turned into plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Self

from foundation.clock import SHANGHAI, local
from foundation.forms import Fields, InvalidFields, is_whole, text_of, whole
from votes.candidate_list import CandidateRow
from votes.candidates import CandidateEntry
from votes.overview import PollOverview
from votes.rules import MAX_CANDIDATES
from votes.settings import (
    DEFAULT_AWARDS,
    MOST_CHOICES,
    AwardSettings,
    PollSettings,
    check_awards,
    check_settings,
    check_slug,
)
from votes.wording import unpack_numbers

_AWARD_NUMBERS = ("places", "min_choices", "max_choices")
_NUMBER_NAMES = {"places": "名额", "min_choices": "最少须选", "max_choices": "最多可选"}
_MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class AwardsForm:
    """The rows of the awards' table, without the empty ones."""

    rows: tuple[Mapping[str, str], ...]

    @classmethod
    def of(cls, awards: Sequence[AwardSettings]) -> Self:
        return cls(tuple(_award_row(award) for award in awards))

    @classmethod
    def read(cls, form: Fields) -> Self:
        """Take the rows as typed; one that is to be removed or was left empty is dropped, `up` moves one up."""
        rows = [(row, _read_award(form, row)) for row in range(_MOST_ROWS) if f"awards-{row}-name" in form]
        up = form.get("up", "")
        kept = [(at, cells) for at, cells in rows if _is_filled(cells) and not form.get(f"awards-{at}-remove")]
        place = next((place for place, (at, _) in enumerate(kept) if str(at) == up), 0)
        if place > 0:
            kept[place - 1 : place + 1] = [kept[place], kept[place - 1]]
        return cls(tuple(cells for _, cells in kept))

    @staticmethod
    def is_arranged(form: Fields) -> bool:
        """Tell whether the rows are only to be shown again, in another order or with one more."""
        return "up" in form or "more" in form

    def values(self) -> tuple[AwardSettings, ...]:
        """Return the awards; raises InvalidFields where a number is none."""
        if faults := self.unreadable():
            raise InvalidFields(faults)
        return self.readable()

    def unreadable(self) -> dict[str, str]:
        """Return a sentence for each number that is none."""
        return {
            f"awards-{row}-{name}": f"{_NUMBER_NAMES[name]}要填数字。"
            for row, cells in enumerate(self.rows)
            for name in _AWARD_NUMBERS
            if not is_whole(cells[name])
        }

    def readable(self) -> tuple[AwardSettings, ...]:
        """Return the awards, with numbers that nobody objects to in the place of those that are none."""
        return tuple(_award_of(cells) for cells in self.rows)


@dataclass(frozen=True, slots=True)
class PollForm:
    """What is entered about a poll; `awards` are entered along only when it is new."""

    typed: Mapping[str, str]
    awards: AwardsForm = field(default_factory=lambda: AwardsForm(()))

    @classmethod
    def blank(cls) -> Self:
        return cls(_typed(PollSettings("")), AwardsForm.of(DEFAULT_AWARDS))

    @classmethod
    def of(cls, poll: PollOverview) -> Self:
        typed = _typed(poll.settings)
        return cls(typed | {"rules_text": ""} if poll.rules_are_default else typed)

    @classmethod
    def read(cls, form: Fields) -> Self:
        names = [*(field.name for field in fields(PollSettings)), "slug"]
        return cls({name: text_of(form, name) for name in names}, AwardsForm.read(form))

    def values(self) -> PollSettings:
        """Return the settings; raises InvalidFields where a time is none."""
        opens_at, closes_at, faults = _moments(self.typed)
        if faults:
            raise InvalidFields(faults)
        return self._settings(opens_at, closes_at)

    def _settings(self, opens_at: datetime | None, closes_at: datetime | None) -> PollSettings:
        typed = self.typed
        return PollSettings(
            title=typed["title"],
            opens_at=opens_at,
            closes_at=closes_at,
            period=typed["period"],
            visibility=typed["visibility"],
            candidate_order=typed["candidate_order"],
            draw_seed=typed["draw_seed"] or None,
            followers_only=bool(typed["followers_only"]),
            enquiry_phone=typed["enquiry_phone"],
            supervision_phone=typed["supervision_phone"],
            rules_text=typed["rules_text"],
        )

    def new_poll(self) -> tuple[PollSettings, tuple[AwardSettings, ...]]:
        """Return what a new poll is to be; raises InvalidFields with every fault of the whole form at once."""
        opens_at, closes_at, wrong_times = _moments(self.typed)
        settings, awards, slug = self._settings(opens_at, closes_at), self.awards.readable(), self.typed["slug"]
        unreadable = wrong_times | self.awards.unreadable()
        if unreadable:
            readable = (check_slug(slug) if slug else {}) | check_settings(settings) | check_awards(awards)
            raise InvalidFields(readable | unreadable)
        return settings, awards

    def only_phones(self, settings: PollSettings) -> PollSettings:
        """Return the settings of an open poll with the telephone numbers as typed."""
        typed = self.typed
        return replace(settings, enquiry_phone=typed["enquiry_phone"], supervision_phone=typed["supervision_phone"])


@dataclass(frozen=True, slots=True)
class PollSearch:
    """What is looked for among the polls, and how they are listed."""

    words: str = ""
    phase: str = ""
    sort: str = "new"
    page: int = 1

    @classmethod
    def read(cls, args: Fields) -> Self:
        return cls(
            words=text_of(args, "words")[:80],
            phase=args.get("phase", ""),
            sort=args.get("sort", "new"),
            page=whole(args.get("page", "")) or 1,
        )

    def address(self, **changes: str | int) -> dict[str, Any]:
        """Return the parameters that lead to this search with `changes`; a changed search begins at page 1."""
        return _parameters(self, changes, {"words": "", "phase": "", "sort": "new", "page": 1})


@dataclass(frozen=True, slots=True)
class CandidateForm:
    """What is entered about a candidate."""

    typed: Mapping[str, str]

    @classmethod
    def of(cls, candidate: CandidateRow) -> Self:
        typed = {name: str(getattr(candidate, name)) for name in ("name", "unit", "post", "brief", "deeds")}
        return cls(typed | {"award": str(candidate.award_id)})

    @classmethod
    def read(cls, form: Fields) -> Self:
        names = [field.name for field in fields(CandidateEntry)]
        return cls({name: text_of(form, name) for name in names})

    def values(self) -> CandidateEntry:
        typed = dict(self.typed)
        award = typed.pop("award", "")
        return CandidateEntry(award=int(award) if is_whole(award) else 0, **typed)


@dataclass(frozen=True, slots=True)
class CandidateSearch:
    """What is looked for among the candidates, and how it is listed."""

    words: str = ""
    award: int | None = None
    lacking: str = ""
    sort: str = "number"
    page: int = 1

    @classmethod
    def read(cls, args: Fields) -> Self:
        return cls(
            words=text_of(args, "words")[:80],
            award=whole(args.get("award", "")),
            lacking=args.get("lacking", ""),
            sort=args.get("sort", "number"),
            page=whole(args.get("page", "")) or 1,
        )

    def address(self, **changes: str | int | None) -> dict[str, Any]:
        """Return the parameters that lead to this search with `changes`; a changed search begins at page 1."""
        return _parameters(self, changes, {"words": "", "award": None, "lacking": "", "sort": "number", "page": 1})


@dataclass(frozen=True, slots=True)
class BulkForm:
    """One act for many candidates: those ticked, those named as a range, or everyone the search finds.

    `to` is the award to change to; `search` is where the list stood.
    """

    act: str
    numbers: tuple[int, ...]
    everyone: bool
    to: int | None
    reason: str
    search: CandidateSearch

    @classmethod
    def read(cls, form: Fields) -> Self:
        return cls(
            act=form.get("act", ""),
            numbers=chosen_numbers(form),
            everyone=form.get("everyone") is not None,
            to=whole(form.get("to", "")),
            reason=text_of(form, "reason"),
            search=CandidateSearch.read(form),
        )


def _parameters(
    search: "PollSearch | CandidateSearch", changes: Mapping[str, object], defaults: Mapping[str, object]
) -> dict[str, Any]:
    wanted = {**{field.name: getattr(search, field.name) for field in fields(search)}, "page": 1, **changes}
    return {name: value for name, value in wanted.items() if value not in (None, "", defaults[name])}


def chosen_numbers(form: Fields) -> tuple[int, ...]:
    """Return the candidates that were ticked, and those named as ranges."""
    ticked = {int(number) for number in form.getlist("numbers") if is_whole(number)}
    return tuple(sorted(ticked | set(unpack_numbers(form.get("which", ""), MAX_CANDIDATES))))


def _number(text: str, instead: int) -> int:
    return int(text) if is_whole(text) else instead


def _typed(settings: PollSettings) -> dict[str, str]:
    typed = {field.name: getattr(settings, field.name) or "" for field in fields(PollSettings)}
    times = {name: _show_time(typed[name]) for name in ("opens_at", "closes_at")}
    return {**typed, **times, "followers_only": "1" if settings.followers_only else "", "slug": ""}


def _show_time(moment: datetime | str) -> str:
    return f"{local(moment):%Y-%m-%dT%H:%M}" if isinstance(moment, datetime) else ""


def _moments(typed: Mapping[str, str]) -> tuple[datetime | None, datetime | None, dict[str, str]]:
    """Return both times, None where one is empty or none, and a sentence for each that is none."""
    moments: dict[str, datetime | None] = {}
    faults = {}
    for name in ("opens_at", "closes_at"):
        try:
            moments[name] = datetime.fromisoformat(typed[name]).replace(tzinfo=SHANGHAI) if typed[name] else None
        except ValueError:
            faults[name] = "时间要写成 2017-04-25 18:00 这样。"
    return moments.get("opens_at"), moments.get("closes_at"), faults


def _award_row(award: AwardSettings) -> dict[str, str]:
    return {
        "id": str(award.id or ""),
        "name": award.name,
        "places": str(award.places),
        "min_choices": str(award.min_choices),
        "max_choices": str(award.max_choices),
        "for_organisations": "1" if award.for_organisations else "",
    }


def _read_award(form: Fields, row: int) -> dict[str, str]:
    names = ("id", "name", *_AWARD_NUMBERS, "for_organisations")
    return {name: text_of(form, f"awards-{row}-{name}") for name in names}


def _is_filled(cells: Mapping[str, str]) -> bool:
    return any(cells[name] for name in ("id", "name", "places", "max_choices"))


def _award_of(cells: Mapping[str, str]) -> AwardSettings:
    return AwardSettings(
        name=cells["name"],
        places=_number(cells["places"], 1),
        max_choices=_number(cells["max_choices"], MOST_CHOICES),
        min_choices=_number(cells["min_choices"], 0),
        for_organisations=bool(cells["for_organisations"]),
        id=whole(cells["id"]),
    )
