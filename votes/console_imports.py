"""The console's pages that bring in candidates from a spreadsheet and their photos from an archive."""

from io import BytesIO

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from foundation.forms import faults_of, whole
from foundation.uploads import Upload
from staff.authority import act, current_actor
from votes.import_steps import confirm_import, resume_import, upload_photos, upload_sheet
from votes.import_tasks import SHEET, ImportTask, read_task
from votes.overview import PollOverview, poll_overview
from votes.spreadsheet import candidate_template

blueprint = Blueprint("imports_console", __name__, url_prefix="/console/polls/<slug>")
MOST_QUESTIONS = 2_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/import")
@act("candidates.import")
def import_page(slug: str) -> str:
    return _import_page(poll_overview(slug))


@blueprint.get("/import/template.xlsx")
@act("candidates.import")
def template(slug: str) -> Response:
    poll = poll_overview(slug)
    content = candidate_template([award.settings.name for award in poll.awards])
    return send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=f"{poll.title}候选对象.xlsx")


@blueprint.post("/import")
@act("candidates.import")
def send_sheet(slug: str) -> ResponseReturnValue:
    try:
        task = upload_sheet(slug, _uploaded(), current_actor())
    except AppError as error:
        return _import_page(poll_overview(slug), error), error.status
    return redirect(url_for(".sheet_page", slug=slug, key=task.key), 303)


@blueprint.get("/import/<key>")
@act("candidates.import")
def sheet_page(slug: str, key: str) -> str:
    return _task_page(slug, read_task(slug, key))


@blueprint.get("/import/<key>/progress")
@act("candidates.import", keeps_awake=False)
def sheet_progress(slug: str, key: str) -> Response:
    return _progress(slug, read_task(slug, key))


@blueprint.post("/import/<key>/confirm")
@act("candidates.import")
def confirm_sheet(slug: str, key: str) -> ResponseReturnValue:
    try:
        task = confirm_import(slug, key, (), current_actor())
    except AppError as error:
        return _task_page(slug, read_task(slug, key), error), error.status
    if task.outcome is None:
        return redirect(url_for(".sheet_page", slug=slug, key=key), 303)
    flash(f"已导入{task.outcome.brought}名候选对象。照片可以现在导入，也可以以后再导入。", "done")
    return redirect(url_for(".photos_page", slug=slug, sheet=key if task.outcome.photo_files else None), 303)


@blueprint.post("/import/<key>/resume")
@act("candidates.import")
def resume_sheet(slug: str, key: str) -> ResponseReturnValue:
    resume_import(slug, key)
    return redirect(url_for(".sheet_page", slug=slug, key=key), 303)


@blueprint.get("/photos")
@act("candidates.attach_photos")
def photos_page(slug: str) -> str:
    return _photos_page(poll_overview(slug))


@blueprint.post("/photos")
@act("candidates.attach_photos")
def send_archive(slug: str) -> ResponseReturnValue:
    try:
        task = upload_photos(slug, _uploaded(), request.form.get("sheet", ""), current_actor())
    except AppError as error:
        return _photos_page(poll_overview(slug), error), error.status
    return redirect(url_for(".archive_page", slug=slug, key=task.key), 303)


@blueprint.get("/photos/<key>")
@act("candidates.attach_photos")
def archive_page(slug: str, key: str) -> str:
    return _task_page(slug, read_task(slug, key))


@blueprint.get("/photos/<key>/progress")
@act("candidates.attach_photos", keeps_awake=False)
def archive_progress(slug: str, key: str) -> Response:
    return _progress(slug, read_task(slug, key))


@blueprint.post("/photos/<key>/confirm")
@act("candidates.attach_photos")
def confirm_photos(slug: str, key: str) -> ResponseReturnValue:
    try:
        task = confirm_import(slug, key, _answers(), current_actor())
    except AppError as error:
        return _task_page(slug, read_task(slug, key), error), error.status
    if task.outcome is None or task.outcome.refused:
        return redirect(url_for(".archive_page", slug=slug, key=key), 303)
    flash(f"{task.outcome.brought}张照片已导入。", "done")
    return redirect(url_for("candidates_console.candidates_page", slug=slug), 303)


@blueprint.post("/photos/<key>/resume")
@act("candidates.attach_photos")
def resume_photos(slug: str, key: str) -> ResponseReturnValue:
    resume_import(slug, key)
    return redirect(url_for(".archive_page", slug=slug, key=key), 303)


def _uploaded() -> Upload:
    file = request.files.get("file")
    return Upload(file.filename or "", file.read()) if file else Upload("", b"")


def _answers() -> list[int | None]:
    """Return a number or None for each question, in their order."""
    count = min(whole(request.form.get("questions", "")) or 0, MOST_QUESTIONS)
    return [whole(request.form.get(f"question-{at}", "")) for at in range(count)]


def _import_page(poll: PollOverview, error: AppError | None = None) -> str:
    return render_template("votes/console/import.html", poll=poll, faults=faults_of(error))


def _photos_page(poll: PollOverview, error: AppError | None = None) -> str:
    sheet = request.values.get("sheet", "")
    faults = faults_of(error)
    return render_template("votes/console/photos.html", poll=poll, sheet=sheet, faults=faults)


def _task_page(slug: str, task: ImportTask, error: AppError | None = None) -> str:
    return render_template(
        "votes/console/import_task.html",
        poll=poll_overview(slug),
        task=task,
        part=whole(request.args.get("page", "")) or 1,
        answers=_answers(),
        faults=faults_of(error),
        **_ways(task),
    )


def _progress(slug: str, task: ImportTask) -> Response:
    """Draw how far it is; once it stands still or is there, have the page fetched anew."""
    page = render_template("votes/console/_import_progress.html", slug=slug, task=task, **_ways(task))
    answer = make_response(page)
    if not task.moving:
        answer.headers["HX-Refresh"] = "true"
    return answer


def _ways(task: ImportTask) -> dict[str, str]:
    """Name the views that this kind of import has."""
    sheet = task.kind == SHEET
    return {
        "progress_view": "imports_console.sheet_progress" if sheet else "imports_console.archive_progress",
        "resume_view": "imports_console.resume_sheet" if sheet else "imports_console.resume_photos",
        "upload_view": "imports_console.import_page" if sheet else "imports_console.photos_page",
    }
