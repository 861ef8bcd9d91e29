"""What was found in a spreadsheet or an archive of photos: plain values that rest encrypted until confirmed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from votes.candidate_list import CandidateRow
from votes.candidate_sheet import ImportPreview, Remark
from votes.photo_archive import LeftOut, PhotoPreview


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A candidate as a finding names them."""

    number: int
    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row that would be imported; `new` where no candidate of the same award, name and unit is there yet."""

    number: int
    award: str
    name: str
    unit: str
    post: str
    brief_length: int
    consented: bool
    secrecy_reviewed: bool
    new: bool


@dataclass(frozen=True, slots=True)
class SheetFindings:
    """A spreadsheet looked at. With one fault there are no rows; `leaving` are the candidates who would go."""

    faults: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    rows: tuple[FoundRow, ...]
    leaving: tuple[FoundPerson, ...]

    @property
    def added(self) -> int:
        return sum(row.new for row in self.rows)


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A file that can only be this candidate's; `replaces` where they have a photo already."""

    file: str
    person: FoundPerson
    replaces: bool


@dataclass(frozen=True, slots=True)
class FoundQuestion:
    """A file that a person has to assign to one of `people`."""

    file: str
    reason: str
    people: tuple[FoundPerson, ...]


@dataclass(frozen=True, slots=True)
class PhotoFindings:
    """An archive looked at; `without_photo` have neither a photo yet nor a file matched to them."""

    photos: tuple[FoundPhoto, ...]
    questions: tuple[FoundQuestion, ...]
    unmatched: tuple[LeftOut, ...]
    without_photo: tuple[FoundPerson, ...]


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A photo that was not taken, and why."""

    number: int
    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import brought: so many candidates or photos, and the photos that were refused.

    `photo_files` are the file names that a spreadsheet gave, with the candidates' numbers.
    """

    brought: int
    refused: tuple[RefusedFile, ...] = ()
    photo_files: dict[str, int] = field(default_factory=dict)


_SHEET = TypeAdapter(SheetFindings)
_PHOTOS = TypeAdapter(PhotoFindings)
_OUTCOME = TypeAdapter(Outcome)

Findings = SheetFindings | PhotoFindings | Outcome


def write_findings(findings: Findings) -> bytes:
    """Write findings as JSON."""
    if isinstance(findings, SheetFindings):
        return _SHEET.dump_json(findings)
    return _PHOTOS.dump_json(findings) if isinstance(findings, PhotoFindings) else _OUTCOME.dump_json(findings)


def read_sheet_findings(content: bytes) -> SheetFindings:
    return _SHEET.validate_json(content)


def read_photo_findings(content: bytes) -> PhotoFindings:
    return _PHOTOS.validate_json(content)


def read_outcome(content: bytes) -> Outcome:
    return _OUTCOME.validate_json(content)


def find_in_sheet(preview: ImportPreview, there: Collection[CandidateRow]) -> SheetFindings:
    """Set what a sheet would bring beside the candidates who are there."""
    before = {(one.award, one.name, one.unit): one for one in there}
    coming = {(row.award, row.name, row.unit) for row in preview.rows}
    rows = tuple(
        FoundRow(
            number=row.number,
            award=row.award,
            name=row.name,
            unit=row.unit,
            post=row.post,
            brief_length=len(row.brief),
            consented=row.consented,
            secrecy_reviewed=row.secrecy_reviewed,
            new=(row.award, row.name, row.unit) not in before,
        )
        for row in preview.rows
    )
    leaving = tuple(_person(one) for same, one in before.items() if rows and same not in coming)
    return SheetFindings(preview.faults, preview.warnings, rows, leaving)


def find_in_archive(preview: PhotoPreview, people: Mapping[int, CandidateRow]) -> PhotoFindings:
    """Name the people whom an archive's files were matched to."""
    return PhotoFindings(
        photos=tuple(
            FoundPhoto(match.file, _person(people[match.number]), people[match.number].photo is not None)
            for match in preview.matches
        ),
        questions=tuple(
            FoundQuestion(question.file, question.reason, _people(people, question.numbers))
            for question in preview.questions
        ),
        unmatched=preview.unmatched,
        without_photo=_people(people, preview.without_photo),
    )


def _people(people: Mapping[int, CandidateRow], numbers: Sequence[int]) -> tuple[FoundPerson, ...]:
    return tuple(_person(people[number]) for number in numbers)


def _person(one: CandidateRow) -> FoundPerson:
    return FoundPerson(one.number, one.name, one.unit)
