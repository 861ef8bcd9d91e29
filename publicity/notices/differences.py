"""What a version changes in the one before it, and which kind of change that is; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Literal

from foundation.errors import InvalidInput
from publicity.notices.cleaning import paragraphs_of
from publicity.notices.kinds import CHANGE_NAMES, Change
from publicity.notices.office import OFFICE_LABELS, Office
from publicity.notices.subjects import Subject, is_same_subject

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Wording:
    """All of a version that its readers see; `body` is cleaned HTML, `attachments` are names of files."""

    title: str
    body: str
    subjects: tuple[Subject, ...]
    attachments: tuple[str, ...]
    office: Office


@dataclass(frozen=True, slots=True)
class SubjectChange:
    """A row of the list before and after."""

    before: Subject
    after: Subject


@dataclass(frozen=True, slots=True)
class TextChange:
    """Something named `words` that read otherwise before."""

    words: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the text, the same in both versions or only in one."""

    kind: Literal["same", "added", "removed"]
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two wordings.

    `replaced` are rows under one key that name somebody else now, `moved` those that stand under another award;
    `corrected` are the same subjects, written otherwise. `texts` are the title and the office.
    """

    added: tuple[Subject, ...]
    removed: tuple[Subject, ...]
    replaced: tuple[SubjectChange, ...]
    moved: tuple[SubjectChange, ...]
    corrected: tuple[SubjectChange, ...]
    reordered: bool
    texts: tuple[TextChange, ...]
    paragraphs: tuple[Paragraph, ...]
    attachments_added: tuple[str, ...]
    attachments_removed: tuple[str, ...]

    @property
    def text_changed(self) -> bool:
        return bool(self.texts) or any(one.kind != "same" for one in self.paragraphs)

    @property
    def newcomers(self) -> tuple[Subject, ...]:
        """Return who stands in the list, or under an award, for the first time."""
        return (*self.added, *(one.after for one in (*self.replaced, *self.moved)))

    @property
    def is_empty(self) -> bool:
        lists = self.newcomers or self.removed or self.corrected or self.attachments_added or self.attachments_removed
        return not (lists or self.reordered or self.text_changed)


def compare(older: Wording, newer: Wording) -> Difference:
    """Return what `newer` changes; subjects are the same by kind and key, or else by name and text."""
    pairs, added, removed = _pair(older.subjects, newer.subjects)
    same = [pair for pair in pairs if is_same_subject(pair.before, pair.after)]
    moved = [pair for pair in same if _is_moved(pair, older.subjects, newer.subjects)]
    places = [older.subjects.index(pair.before) for pair in same]
    return Difference(
        added=added,
        removed=removed,
        replaced=tuple(pair for pair in pairs if pair not in same),
        moved=tuple(moved),
        corrected=tuple(pair for pair in same if pair not in moved and _words(pair.before) != _words(pair.after)),
        reordered=places != sorted(places),
        texts=tuple(_texts(older, newer)),
        paragraphs=tuple(_paragraphs(paragraphs_of(older.body), paragraphs_of(newer.body))),
        attachments_added=tuple(name for name in newer.attachments if name not in older.attachments),
        attachments_removed=tuple(name for name in older.attachments if name not in newer.attachments),
    )


def change_of(difference: Difference) -> Change | None:
    """Say which kind of change it is, whatever anybody calls it; None where nothing differs.

    Whoever is new in the list, or under an award, starts the clock anew; nothing else does.
    """
    if difference.newcomers:
        return Change.SUBJECTS
    if difference.removed:
        return Change.WITHDRAWAL
    return None if difference.is_empty else Change.MISPRINT


def refuse_mislabelled(change: Change, difference: Difference) -> None:
    """Raise InvalidInput for the field `change` where the draft changes something else than it says."""
    found = change_of(difference)
    if found is None:
        raise InvalidInput("这一稿和现在公布的完全一样，没有什么可发布的。", field="change")
    if found is change:
        if change is Change.WITHDRAWAL and (difference.corrected or difference.reordered):
            who = _names([pair.after for pair in difference.corrected]) or "先后顺序"
            raise InvalidInput(
                f"“{CHANGE_NAMES[change]}”只能撤下对象，这一稿还改了{who}，请另发一次“{CHANGE_NAMES[Change.MISPRINT]}”。",
                field="change",
            )
        return
    raise InvalidInput(
        f"这一稿{_what(found, difference)}，应当选“{CHANGE_NAMES[found]}”，现在选的是“{CHANGE_NAMES[change]}”。",
        field="change",
    )


def _what(found: Change, difference: Difference) -> str:
    if found is Change.SUBJECTS:
        return f"新列入了{_names(difference.newcomers)}，公示期要从发布后重新计算"
    if found is Change.WITHDRAWAL:
        return f"撤下了{_names(difference.removed)}"
    return "没有增加、更换或撤下对象，只改了文字"


def _names(subjects: Sequence[Subject]) -> str:
    named = "、".join(subject.name for subject in subjects[:_MOST_NAMED])
    return f"{named}等{len(subjects)}个对象" if len(subjects) > _MOST_NAMED else named


def _pair(
    older: Sequence[Subject], newer: Sequence[Subject]
) -> tuple[list[SubjectChange], tuple[Subject, ...], tuple[Subject, ...]]:
    left = {(one.kind, one.key): one for one in older}
    partner: dict[Subject, Subject] = {}
    for one in newer:
        if found := left.pop((one.kind, one.key), None):
            partner[one] = found
    by_words = {(one.name, one.text, one.heading): one for one in left.values()}
    for one in newer:
        if one not in partner and (found := by_words.pop((one.name, one.text, one.heading), None)):
            partner[one] = found
            del left[found.kind, found.key]
    pairs = [SubjectChange(partner[one], one) for one in newer if one in partner]
    return pairs, tuple(one for one in newer if one not in partner), tuple(left.values())


def _is_moved(pair: SubjectChange, older: Sequence[Subject], newer: Sequence[Subject]) -> bool:
    """Tell whether a subject went to another award, and not the award merely got its name put right."""
    before, after = pair.before.heading, pair.after.heading
    if before == after:
        return False
    return any(one.heading == after for one in older) or any(one.heading == before for one in newer)


def _words(subject: Subject) -> tuple[str, ...]:
    return subject.name, subject.text, subject.heading, subject.unit


def _texts(older: Wording, newer: Wording) -> Iterator[TextChange]:
    if older.title != newer.title:
        yield TextChange("标题", older.title, newer.title)
    for field in fields(Office):
        before, after = getattr(older.office, field.name), getattr(newer.office, field.name)
        if before != after:
            yield TextChange(OFFICE_LABELS[field.name], before, after)


def _paragraphs(older: Sequence[str], newer: Sequence[str]) -> Iterator[Paragraph]:
    for step, first, last, start, end in SequenceMatcher(None, older, newer, autojunk=False).get_opcodes():
        if step == "equal":
            yield from (Paragraph("same", text) for text in older[first:last])
            continue
        yield from (Paragraph("removed", text) for text in older[first:last])
        yield from (Paragraph("added", text) for text in newer[start:end])
