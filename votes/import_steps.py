"""Bringing in a spreadsheet or photos: uploaded and read, looked at, confirmed and written; long ones by a job."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy.orm import Session

from foundation.errors import Conflict, InvalidInput
from foundation.queues import enqueue
from foundation.transaction import transaction
from foundation.uploads import Upload
from staff.actors import Actor
from votes.import_jobs import chosen_photos, work
from votes.import_tasks import PHOTOS, SHEET, ImportTask, Kind, begin_task, confirm_task, read_task, tell_percent
from votes.models import Poll
from votes.polls import poll_to_read

# What takes less than two seconds is done while one waits.
LARGEST_AT_ONCE = {SHEET: 1024 * 1024, PHOTOS: 40 * 1024 * 1024}  # bytes to read
MOST_ROWS_AT_ONCE, MOST_PHOTOS_AT_ONCE = 500, 15
LONGEST_JOB = 1_800  # seconds


def upload_sheet(slug: str, file: Upload, actor: Actor) -> ImportTask:
    """Take a spreadsheet in and have it read; raises InvalidInput without one, Conflict past draft, NotFound."""
    with transaction() as session:
        poll = poll_to_read(session, slug)
        if poll.state != "draft":
            raise Conflict("投票已批准开启，不能再导入名单。")
        key = _begin(session, poll, SHEET, file, actor)
    return _after(slug, key, at_once=len(file.content) <= LARGEST_AT_ONCE[SHEET])


def upload_photos(slug: str, file: Upload, sheet: str, actor: Actor) -> ImportTask:
    """Take an archive of photos in and have it read; `sheet` is the key of the import whose file names count, or empty.

    Raises InvalidInput without an archive, NotFound.
    """
    with transaction() as session:
        key = _begin(session, poll_to_read(session, slug), PHOTOS, file, actor, sheet=sheet)
    return _after(slug, key, at_once=len(file.content) <= LARGEST_AT_ONCE[PHOTOS])


def confirm_import(slug: str, key: str, answers: Sequence[int | None], actor: Actor) -> ImportTask:
    """Have written what was read; `answers` has a number or None for each question of an archive.

    Raises Conflict where it cannot be confirmed any more, InvalidInput where two files were given to one candidate.
    """
    with transaction() as session:
        task = read_task(slug, key)
        if task.state == "read" and task.sheet_findings and task.sheet_findings.faults:
            raise Conflict("表格里还有错误，请改好再上传。")
        wanted = tuple(answer or 0 for answer in answers)
        _refuse_doubles(task, wanted)
        at_once = _is_short(task, wanted)
        confirm_task(session, key, wanted, actor)
        if not at_once:
            enqueue(work, key, timeout=LONGEST_JOB)
    return _after(slug, key, at_once=at_once)


def resume_import(slug: str, key: str) -> ImportTask:
    """Ring again for an import that stands still; it goes on where it was, and nothing is done twice."""
    task = read_task(slug, key)
    if task.stalled:
        with transaction():
            tell_percent(key, task.percent)
            enqueue(work, key, timeout=LONGEST_JOB)
    return read_task(slug, key)


def _begin(session: Session, poll: Poll, kind: Kind, file: Upload, actor: Actor, *, sheet: str = "") -> str:
    if not file.content:
        raise InvalidInput("请选择文件。", field="file")
    key = begin_task(session, poll, kind, file, actor, sheet=sheet)
    if len(file.content) > LARGEST_AT_ONCE[kind]:
        enqueue(work, key, timeout=LONGEST_JOB)
    return key


def _after(slug: str, key: str, *, at_once: bool) -> ImportTask:
    if at_once:
        work(key)
    return read_task(slug, key)


def _is_short(task: ImportTask, answers: tuple[int, ...]) -> bool:
    if task.sheet_findings is not None:
        return len(task.sheet_findings.rows) <= MOST_ROWS_AT_ONCE
    return task.photo_findings is None or len(chosen_photos(task.photo_findings, answers)) <= MOST_PHOTOS_AT_ONCE


def _refuse_doubles(task: ImportTask, answers: tuple[int, ...]) -> None:
    if task.photo_findings is not None:
        numbers = Counter(number for number, _ in chosen_photos(task.photo_findings, answers).values())
        twice = next((number for number, times in numbers.items() if times > 1), None)
        if twice is not None:
            raise InvalidInput(f"{twice}号选了两张照片，请只留一张。", field="questions")
