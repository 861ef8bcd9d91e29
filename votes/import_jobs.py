"""The job of an import: reads what was uploaded, or writes what was confirmed; it may run again at any point."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import structlog

from foundation.errors import AppError, InvalidInput
from foundation.transaction import transaction
from foundation.uploads import read_upload
from votes.candidate_list import all_candidates
from votes.candidate_sheet import ImportPreview
from votes.import_findings import Outcome, PhotoFindings, RefusedFile, find_in_archive, find_in_sheet
from votes.import_tasks import SHEET, ImportTask, fail_task, find_task, finish_step, tell_percent
from votes.importing import import_candidates, read_candidates
from votes.overview import poll_overview
from votes.photos import attach_photos, read_photo_zip, read_photos

log = structlog.get_logger(__name__)
PHOTOS_AT_ONCE = 10  # a tenth of a second each
_ROWS_BETWEEN = 100  # rows of a sheet between two words on how far it is


class _Place:
    """Where in its file the job is: shown as per cent, and named where it fails."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.words = "打开文件时"

    def at_row(self, row: int, done: int, total: int) -> None:
        """Note that a sheet's `row` (Excel's number) is next, after `done` of `total`."""
        self.words = f"处理第{row}行时"
        if done % _ROWS_BETWEEN == 0:
            tell_percent(self._key, 10 + 85 * done // total)

    def at_photo(self, file: str, done: int, total: int) -> None:
        self.words = f"处理“{file}”时"
        tell_percent(self._key, 100 * done // total)


def work(key: str) -> None:
    """Do the next step of the import `key`; what a person can be told ends as its error, and so does anything else."""
    task = find_task(key)
    if task is None or task.state not in ("reading", "writing"):
        return
    place = _Place(key)
    try:
        _STEPS[task.kind, task.state](task, place)
    except AppError as error:
        log.warning("import_refused", task=key, error=error.code)
        fail_task(key, error.message)
    except Exception:
        log.exception("import_failed", task=key)
        fail_task(key, f"{place.words}出错，没有导入。请检查这里再上传；若再次失败，请联系系统维护人员。")


def _read_sheet(task: ImportTask, place: _Place) -> None:
    preview = _preview(task, place)
    findings = find_in_sheet(preview, all_candidates(task.slug))
    finish_step(task.key, findings, keeps_upload=not preview.faults)


def _write_sheet(task: ImportTask, place: _Place) -> None:
    preview = _preview(task, place)
    if preview.faults:
        raise InvalidInput("奖项在预览之后改过，请重新上传表格。", field="file")
    with transaction():
        summary = import_candidates(task.slug, preview.rows, task.actor)
        outcome = Outcome(summary.candidates, photo_files=preview.photo_files)
        finish_step(task.key, outcome, keeps_upload=False)


def _preview(task: ImportTask, place: _Place) -> ImportPreview:
    names = [award.settings.name for award in poll_overview(task.slug).awards]
    return read_candidates(read_upload(task.upload), names, place.at_row)


def _read_archive(task: ImportTask, _place: _Place) -> None:
    people = all_candidates(task.slug)
    preview = read_photo_zip(read_upload(task.upload), people, _named_in_sheet(task))
    if preview.fault:
        raise InvalidInput(preview.fault, field="file")
    finish_step(task.key, find_in_archive(preview, {one.number: one for one in people}), keeps_upload=True)


def _named_in_sheet(task: ImportTask) -> Mapping[str, int]:
    """Return the file names that the spreadsheet gave, where one was imported before these photos."""
    sheet = find_task(task.sheet) if task.sheet else None
    return sheet.outcome.photo_files if sheet and sheet.outcome and sheet.slug == task.slug else {}


def _write_photos(task: ImportTask, place: _Place) -> None:
    if task.photo_findings is None:
        raise InvalidInput("上传的文件已不在，请重新上传。", field="file")
    chosen, refused = _still_the_same(task.slug, chosen_photos(task.photo_findings, task.answers))
    content, attached = read_upload(task.upload), 0
    for begun, part in _parts(chosen):
        place.at_photo(next(iter(part)), begun, len(chosen))
        done = attach_photos(task.slug, read_photos(content, part), task.actor)
        attached += len(done.attached)
        refused += [RefusedFile(one.number, one.file, one.reason) for one in done.refused]
    finish_step(task.key, Outcome(attached, tuple(refused)), keeps_upload=False)


def _parts(chosen: Mapping[str, int]) -> Iterator[tuple[int, dict[str, int]]]:
    """Cut what is chosen into parts of a few photos, each with how many came before it."""
    for begun in range(0, len(chosen), PHOTOS_AT_ONCE):
        yield begun, dict(islice(chosen.items(), begun, begun + PHOTOS_AT_ONCE))


def chosen_photos(findings: PhotoFindings, answers: tuple[int, ...]) -> dict[str, tuple[int, str]]:
    """Return whose each file is, by number and name: what is certain, and what was answered (0: nobody's)."""
    chosen = {photo.file: (photo.person.number, photo.person.name) for photo in findings.photos}
    for question, answer in zip(findings.questions, answers, strict=False):
        whose = next((one for one in question.people if one.number == answer), None)
        if whose is not None:
            chosen[question.file] = (whose.number, whose.name)
    return chosen


def _still_the_same(slug: str, chosen: Mapping[str, tuple[int, str]]) -> tuple[dict[str, int], list[RefusedFile]]:
    """Part the files whose number still is the person they were matched to from those where the list has changed."""
    names = {one.number: one.name for one in all_candidates(slug)}
    same = {file: number for file, (number, name) in chosen.items() if names.get(number) == name}
    gone = [
        RefusedFile(number, file, "名单在预览之后改过，请重新上传这张照片。")
        for file, (number, _) in chosen.items()
        if file not in same
    ]
    return same, gone


_STEPS: Mapping[tuple[str, str], Callable[[ImportTask, _Place], None]] = {
    (SHEET, "reading"): _read_sheet,
    (SHEET, "writing"): _write_sheet,
    ("photos", "reading"): _read_archive,
    ("photos", "writing"): _write_photos,
}
