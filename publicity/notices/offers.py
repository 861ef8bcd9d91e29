"""What the rooms above offer notices to be about: a poll's candidates with what has to be said of the poll."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Flask, current_app

from foundation.errors import NotFound
from publicity.notices.subjects import Subject

_OFFERS = "notice_subject_sources"


@dataclass(frozen=True, slots=True)
class Offered:
    """Subjects for a list, and paragraphs for the text."""

    subjects: tuple[Subject, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubjectSource:
    """A room's offer: `words` are for staff, `choices` the keys and titles of what there is, `read` takes a key."""

    name: str
    words: str
    choices: Callable[[], Sequence[tuple[str, str]]]
    read: Callable[[str], Offered]


def offer_subjects(app: Flask, source: SubjectSource) -> None:
    """Add a source; one of the same name takes the place of the former."""
    app.extensions.setdefault(_OFFERS, {})[source.name] = source


def offered_sources() -> tuple[SubjectSource, ...]:
    """Return all sources in the order in which they were offered."""
    return tuple(_sources().values())


def read_offered(name: str, choice: str) -> Offered:
    """Return what a source has under the key `choice`; raises NotFound."""
    source = _sources().get(name)
    if source is None or choice not in {key for key, _ in source.choices()}:
        raise NotFound("没有这一项可以引用。")
    return source.read(choice)


def _sources() -> dict[str, SubjectSource]:
    sources: dict[str, SubjectSource] = current_app.extensions.get(_OFFERS, {})
    return sources
