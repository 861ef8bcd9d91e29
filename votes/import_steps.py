"""Bringing in a spreadsheet or photos in two steps: look at what would happen, then confirm without choosing again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from foundation.errors import InvalidInput
from staff.actors import Actor
from votes.candidate_list import CandidateRow, all_candidates
from votes.importing import ImportPreview, ImportSummary, import_candidates, read_candidates
from votes.overview import PollOverview
from votes.photos import PhotoPreview, RefusedPhoto, attach_photos, read_photo_zip, read_photos
from votes.uploads import drop_upload, keep_upload, read_upload, upload_name

SHEET, PHOTOS = "sheet", "photos"
PHOTOS_AT_ONCE = 20  # a tenth of a second each; the page goes on by itself


@dataclass(frozen=True, slots=True)
class SheetStep:
    """A spreadsheet looked at: `token` finds it again where it may be confirmed, None where it has faults.

    `new` are the rows' numbers that no candidate of the same award, name and unit has yet; `leaving` would go.
    """

    token: str | None
    filename: str
    preview: ImportPreview
    new: frozenset[int]
    leaving: tuple[CandidateRow, ...]


@dataclass(frozen=True, slots=True)
class PhotoStep:
    """An archive of photos looked at; `sheet` is the token of the spreadsheet whose file names count, or empty."""

    token: str
    sheet: str
    filename: str
    preview: PhotoPreview
    people: Mapping[int, CandidateRow]


@dataclass(frozen=True, slots=True)
class PhotoProgress:
    """How far the photos are: `done` of `total`; `refused` are those that could not be used in this part."""

    done: int
    total: int
    refused: tuple[RefusedPhoto, ...]

    @property
    def finished(self) -> bool:
        return self.done >= self.total


def look_at_sheet(poll: PollOverview, content: bytes, filename: str) -> SheetStep:
    """Read a spreadsheet against the poll's awards and keep it if it could be imported as it is."""
    preview = read_candidates(_given(content), _award_names(poll))
    there = {(one.award, one.name, one.unit): one for one in all_candidates(poll.slug)}
    coming = {(row.award, row.name, row.unit) for row in preview.rows}
    return SheetStep(
        token=None if preview.faults else keep_upload(poll.slug, SHEET, content, filename),
        filename=filename,
        preview=preview,
        new=frozenset(row.number for row in preview.rows if (row.award, row.name, row.unit) not in there),
        leaving=tuple(one for same, one in there.items() if preview.rows and same not in coming),
    )


def confirm_sheet(poll: PollOverview, token: str, actor: Actor) -> tuple[ImportSummary, str]:
    """Import the spreadsheet that was looked at; returns what it did, and the token where it names photos, else "".

    Raises InvalidInput where the file is gone or no longer fits the awards, Conflict past draft.
    """
    preview = read_candidates(read_upload(poll.slug, SHEET, token), _award_names(poll))
    if preview.faults:
        raise InvalidInput("奖项在预览之后改过，请重新上传表格。", field="file")
    summary = import_candidates(poll.slug, preview.rows, actor)
    if preview.photo_files:
        return summary, token
    drop_upload(poll.slug, SHEET, token)
    return summary, ""


def look_at_photos(poll: PollOverview, content: bytes, filename: str, sheet: str) -> PhotoStep:
    """Match an archive's photos to the poll's candidates and keep it; raises InvalidInput where it cannot be read."""
    preview, people = _match(poll, _given(content), sheet)
    if preview.fault:
        raise InvalidInput(preview.fault, field="file")
    return PhotoStep(keep_upload(poll.slug, PHOTOS, content, filename), sheet, filename, preview, people)


def look_again_at_photos(poll: PollOverview, token: str, sheet: str) -> PhotoStep:
    """Return the archive that is being confirmed as it was looked at."""
    preview, people = _match(poll, read_upload(poll.slug, PHOTOS, token), sheet)
    return PhotoStep(token, sheet, upload_name(poll.slug, PHOTOS, token), preview, people)


def attach_some_photos(
    poll: PollOverview, token: str, sheet: str, *, answers: Sequence[int | None], done: int, actor: Actor
) -> PhotoProgress:
    """Give the next candidates their photos, 20 at once, after the first `done` of them.

    `answers` has a number or None for each question of the preview. The archive is removed after the last.
    """
    content = read_upload(poll.slug, PHOTOS, token)
    preview, _ = _match(poll, content, sheet)
    chosen = _chosen(preview, answers)
    part = dict(islice(chosen.items(), done, done + PHOTOS_AT_ONCE))
    refused: tuple[RefusedPhoto, ...] = ()
    if part:
        refused = attach_photos(poll.slug, read_photos(content, part), actor).refused
    progress = PhotoProgress(min(done + PHOTOS_AT_ONCE, len(chosen)), len(chosen), refused)
    if progress.finished:
        drop_upload(poll.slug, PHOTOS, token)
        if sheet:
            drop_upload(poll.slug, SHEET, sheet)
    return progress


def _given(content: bytes) -> bytes:
    if not content:
        raise InvalidInput("请选择文件。", field="file")
    return content


def _award_names(poll: PollOverview) -> list[str]:
    return [award.settings.name for award in poll.awards]


def _match(poll: PollOverview, content: bytes, sheet: str) -> tuple[PhotoPreview, dict[int, CandidateRow]]:
    people = all_candidates(poll.slug)
    named: Mapping[str, int] = {}
    if sheet:
        named = read_candidates(read_upload(poll.slug, SHEET, sheet), _award_names(poll)).photo_files
    return read_photo_zip(content, people, named), {one.number: one for one in people}


def _chosen(preview: PhotoPreview, answers: Sequence[int | None]) -> dict[str, int]:
    """Return whose each file is: what is certain, and what was answered; two files for one candidate are refused."""
    chosen = {match.file: match.number for match in preview.matches}
    for question, answer in zip(preview.questions, answers, strict=False):
        if answer is not None and answer in question.numbers:
            if answer in chosen.values():
                raise InvalidInput(f"{answer}号选了两张照片，请只留一张。", field="questions")
            chosen[question.file] = answer
    return chosen
