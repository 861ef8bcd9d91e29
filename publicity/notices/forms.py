"""The console's forms about notices: what was typed, kept as it was typed, and turned into plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from foundation.errors import NotFound
from foundation.forms import Fields, InvalidFields, is_whole, text_of, whole
from publicity.notices.drafting import NoticeEntry
from publicity.notices.kinds import MOST_SUBJECTS, Kind, Phase
from publicity.notices.offers import Offered, offered_sources, read_offered
from publicity.notices.office import Office
from publicity.notices.subjects import SUBJECT_KINDS, Subject, new_subject, read_pasted

CELLS = ("heading", "name", "text", "unit")
OFFICE = tuple(f"office_{field.name}" for field in fields(Office))
_HIDDEN = ("kind", "key")
_TYPED = ("title", "body", "working_days", *OFFICE, "pasted", "offer")
_ARRANGING = ("up", "more", "paste", "take")
_MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class NoticeForm:
    """What is entered about a notice; `lines` are paragraphs that an offered source brought along."""

    kind: Kind
    typed: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...] = ()
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: NoticeEntry) -> Self:
        office = {f"office_{field.name}": getattr(entry.office, field.name) for field in fields(Office)}
        typed = {"title": entry.title, "body": entry.body, "working_days": str(entry.working_days or ""), **office}
        return cls(entry.kind, typed, tuple(_row_of(subject) for subject in entry.subjects), entry.lines)

    @classmethod
    def read(cls, kind: Kind, form: Fields) -> Self:
        """Take the form as typed; a row that is to be removed or was left empty is dropped, `up` moves one up."""
        typed = {name: text_of(form, name) for name in _TYPED}
        return cls(kind, typed, _read_rows(form), tuple(form.getlist("lines")[:_MOST_LINES]))

    @staticmethod
    def is_arranged(form: Fields) -> bool:
        """Tell whether the form is only to be shown again, with its list in another order or longer."""
        return any(name in form for name in _ARRANGING)

    def arranged(self, form: Fields) -> Self:
        """Return the form with what was pasted, or what a source offers, at the end of its list.

        Raises InvalidInput naming the lines that cannot be read, NotFound.
        """
        if "paste" in form:
            return self._longer(read_pasted(self.typed["pasted"]), "pasted")
        if "take" in form:
            offered = self._offered()
            return replace(self._longer(offered.subjects, "offer"), lines=(*self.lines, *offered.lines))
        return self

    def values(self) -> NoticeEntry:
        """Return the entry; raises InvalidFields where a number is none, or a list was pasted and not taken over."""
        days, faults = self.typed["working_days"], {}
        if days and not is_whole(days):
            faults["working_days"] = "公示期要填工作日的天数，例如5。"
        if self.typed["pasted"]:
            faults["pasted"] = "粘贴的名单还没有加进去，请先按“加到名单”，或者清空这一框。"
        if faults:
            raise InvalidFields(faults)
        return NoticeEntry(
            self.kind,
            self.typed["title"],
            self.typed["body"],
            tuple(_subject_of(cells) for cells in self.rows),
            whole(days) or 0,
            Office(**{field.name: self.typed[f"office_{field.name}"] for field in fields(Office)}),
            self.lines,
        )

    def _longer(self, subjects: Iterable[Subject], done: str) -> Self:
        return replace(
            self, rows=(*self.rows, *(_row_of(subject) for subject in subjects)), typed={**self.typed, done: ""}
        )

    def _offered(self) -> Offered:
        name, _, choice = self.typed["offer"].partition(":")
        if not choice:
            raise NotFound("请先选要引用哪一项。", field="offer")
        return read_offered(name, choice)


def offers() -> dict[str, dict[str, str]]:
    """Return what lists may be taken from, by the words of each source."""
    found = {
        source.words: {f"{source.name}:{key}": title for key, title in source.choices()} for source in offered_sources()
    }
    return {words: choices for words, choices in found.items() if choices}


def _row_of(subject: Subject) -> Mapping[str, str]:
    return {name: getattr(subject, name) for name in (*_HIDDEN, *CELLS)}


def _read_rows(form: Fields) -> tuple[Mapping[str, str], ...]:
    rows = [(row, _read_row(form, row)) for row in range(MOST_SUBJECTS + 1) if f"subjects-{row}-name" in form]
    up = form.get("up", "")
    kept = [(at, cells) for at, cells in rows if _is_filled(cells) and not form.get(f"subjects-{at}-remove")]
    place = next((place for place, (at, _) in enumerate(kept) if str(at) == up), 0)
    if place > 0:
        kept[place - 1 : place + 1] = [kept[place], kept[place - 1]]
    return tuple(cells for _, cells in kept)


def _read_row(form: Fields, row: int) -> dict[str, str]:
    return {name: text_of(form, f"subjects-{row}-{name}") for name in (*_HIDDEN, *CELLS)}


def _is_filled(cells: Mapping[str, str]) -> bool:
    return any(cells[name] for name in CELLS)


def _subject_of(cells: Mapping[str, str]) -> Subject:
    """Return the subject of a row; one typed just now gets its key here, and its kind where none was chosen."""
    if cells["key"] and cells["kind"]:
        return Subject(**cells)
    kind = cells["kind"] if cells["kind"] in SUBJECT_KINDS else ""
    return new_subject(cells["name"], cells["text"], heading=cells["heading"], unit=cells["unit"], kind=kind)


@dataclass(frozen=True, slots=True)
class NoticeSearch:
    """What is looked for among the notices, and which page of what is found."""

    words: str = ""
    kind: Kind | None = None
    phase: Phase | None = None
    page: int = 1

    @classmethod
    def read(cls, args: Fields) -> Self:
        return cls(
            words=text_of(args, "words")[:80],
            kind=next((kind for kind in Kind if kind == args.get("kind")), None),
            phase=next((phase for phase in Phase if phase == args.get("phase")), None),
            page=whole(args.get("page", "")) or 1,
        )

    def address(self, **changes: str | int) -> dict[str, Any]:
        """Return the parameters that lead to this search with `changes`; a changed search begins at page 1."""
        wanted = {"words": self.words, "kind": self.kind, "phase": self.phase, "page": 1, **changes}
        return {name: value for name, value in wanted.items() if value not in ("", None, 1)}
