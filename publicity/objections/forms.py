"""The forms of objections, public and of the console: what was typed, turned into plain values, nothing lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from werkzeug.datastructures import FileStorage, MultiDict

from foundation.forms import Fields, text_of
from foundation.uploads import Upload
from publicity.notices.subjects import Subject
from publicity.objections.entries import Entry
from publicity.objections.files import MOST_BYTES, MOST_FILES
from publicity.objections.rules import RaisedAs, Way

E = TypeVar("E", bound=StrEnum)
Files = MultiDict[str, FileStorage]
TYPED = ("subject", "raised_as", "name", "unit", "phone", "text", "has_lead", "lead", "way", "arrived_on")


@dataclass(frozen=True, slots=True)
class ObjectionForm:
    """What was typed, by the fields' names, and the name of the form itself."""

    form: str
    typed: Mapping[str, str]

    @classmethod
    def blank(cls, form: str, subject: str = "") -> "ObjectionForm":
        return cls(form, {"subject": subject})

    @classmethod
    def read(cls, fields: Fields) -> "ObjectionForm":
        return cls(fields.get("form", ""), {name: text_of(fields, name) for name in TYPED if name in fields})

    def entry(self, files: Files) -> Entry:
        """Return what was typed with the files that were chosen, as the use cases take it."""
        typed = self.typed
        kind, _, key = typed.get("subject", "").partition(":")
        seals = _uploads(files, "seal", 1)
        return Entry(
            form=self.form,
            subject_kind=kind,
            subject_key=key,
            raised_as=_one_of(RaisedAs, typed.get("raised_as", "")),
            text=typed.get("text", ""),
            name=" ".join(typed.get("name", "").split()),
            unit=" ".join(typed.get("unit", "").split()),
            phone=typed.get("phone", ""),
            has_lead=bool(typed.get("has_lead")),
            lead=typed.get("lead", ""),
            files=_uploads(files, "files", MOST_FILES + 1),
            seal=seals[0] if seals else None,
        )

    @property
    def way(self) -> Way | None:
        return _one_of(Way, self.typed.get("way", ""))

    @property
    def arrived_on(self) -> date | None:
        try:
            return date.fromisoformat(self.typed.get("arrived_on", ""))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Choice:
    """A subject to choose; `value` is what the form sends."""

    value: str
    name: str
    text: str
    heading: str


def choices_of(subjects: Sequence[Subject]) -> tuple[Choice, ...]:
    """Return the subjects of a notice as the form offers them."""
    return tuple(Choice(f"{one.kind}:{one.key}", one.name, one.text, one.heading) for one in subjects)


def _uploads(files: Files, name: str, most: int) -> tuple[Upload, ...]:
    """Read up to `most` chosen files, of each one byte more than is taken."""
    chosen = [file for file in files.getlist(name) if file.filename][:most]
    return tuple(Upload(file.filename or "", file.stream.read(MOST_BYTES + 1)) for file in chosen)


def _one_of(kind: type[E], text: str) -> E | None:
    return kind(text) if text in {str(one) for one in kind} else None
