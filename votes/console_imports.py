"""The console's pages that bring in candidates from a spreadsheet and their photos from an archive."""

from collections.abc import Sequence
from io import BytesIO

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from staff.authority import act, current_actor, declare_act
from votes.console_forms import faults_of, whole
from votes.import_steps import (
    PhotoProgress,
    PhotoStep,
    SheetStep,
    attach_some_photos,
    confirm_sheet,
    look_again_at_photos,
    look_at_photos,
    look_at_sheet,
)
from votes.overview import PollOverview, poll_overview
from votes.photos import RefusedPhoto
from votes.spreadsheet import candidate_template

for name, description in {
    "candidates.import": "导入候选对象",
    "candidates.attach_photos": "导入候选对象照片",
}.items():
    declare_act(name, description)

blueprint = Blueprint("imports_console", __name__, url_prefix="/console/polls/<slug>")
SHOWN_REFUSED = 5
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
def look_at_import(slug: str) -> ResponseReturnValue:
    poll, (content, filename) = poll_overview(slug), _uploaded()
    try:
        step = look_at_sheet(poll, content, filename)
    except AppError as error:
        return _import_page(poll, error=error), error.status
    return _import_page(poll, step), 422 if step.preview.faults else 200


@blueprint.post("/import/confirm")
@act("candidates.import")
def confirm_import(slug: str) -> ResponseReturnValue:
    poll = poll_overview(slug)
    try:
        summary, sheet = confirm_sheet(poll, request.form.get("token", ""), current_actor())
    except AppError as error:
        return _import_page(poll, error=error), error.status
    flash(f"已导入{summary.candidates}名候选对象。接下来可以导入照片。", "done")
    return redirect(url_for(".photos_page", slug=slug, sheet=sheet or None), 303)


@blueprint.get("/photos")
@act("candidates.attach_photos")
def photos_page(slug: str) -> str:
    return _photos_page(poll_overview(slug))


@blueprint.post("/photos")
@act("candidates.attach_photos")
def look_at_archive(slug: str) -> ResponseReturnValue:
    poll, (content, filename) = poll_overview(slug), _uploaded()
    try:
        step = look_at_photos(poll, content, filename, request.form.get("sheet", ""))
    except AppError as error:
        return _photos_page(poll, error=error), error.status
    return _photos_page(poll, step)


@blueprint.post("/photos/confirm")
@act("candidates.attach_photos")
def confirm_photos(slug: str) -> ResponseReturnValue:
    poll, form = poll_overview(slug), request.form
    token, sheet, answers = form.get("token", ""), form.get("sheet", ""), _answers()
    done = whole(form.get("done", "")) or 0
    try:
        progress = attach_some_photos(poll, token, sheet, answers=answers, done=done, actor=current_actor())
    except AppError as error:
        return _photos_fault(poll, token, sheet, error), error.status
    if progress.refused:
        flash(_named(progress.refused), "warning")
    return _photos_done(slug, progress) if progress.finished else _going_on(poll, progress)


def _uploaded() -> tuple[bytes, str]:
    """Return the file that was sent, empty where none was chosen."""
    file = request.files.get("file")
    return (file.read(), file.filename or "") if file else (b"", "")


def _answers() -> list[int | None]:
    """Return a number or None for each question, in their order."""
    count = min(whole(request.form.get("questions", "")) or 0, 2_000)
    return [whole(request.form.get(f"question-{at}", "")) for at in range(count)]


def _import_page(poll: PollOverview, step: SheetStep | None = None, error: AppError | None = None) -> str:
    return render_template("votes/console/import.html", poll=poll, step=step, faults=faults_of(error) if error else {})


def _photos_page(poll: PollOverview, step: PhotoStep | None = None, error: AppError | None = None) -> str:
    return render_template(
        "votes/console/photos.html",
        poll=poll,
        step=step,
        sheet=request.values.get("sheet", ""),
        answers=_answers(),
        faults=faults_of(error) if error else {},
    )


def _photos_fault(poll: PollOverview, token: str, sheet: str, error: AppError) -> str:
    """Show the questions again with what was answered, or where the archive is gone, ask for it again."""
    try:
        return _photos_page(poll, look_again_at_photos(poll, token, sheet), error)
    except AppError:
        return _photos_page(poll, error=error)


def _named(refused: Sequence[RefusedPhoto]) -> str:
    """Say which photos were not used; a flashed message has to fit into a cookie."""
    shown = "；".join(f"{one.number}号：{one.reason}" for one in refused[:SHOWN_REFUSED])
    more = f"；等{len(refused)}张" if len(refused) > SHOWN_REFUSED else ""
    return f"有照片没有用。{shown}{more}"


def _going_on(poll: PollOverview, progress: PhotoProgress) -> str:
    return render_template("votes/console/photos_going_on.html", poll=poll, progress=progress, answers=_answers())


def _photos_done(slug: str, progress: PhotoProgress) -> ResponseReturnValue:
    flash(f"{progress.total}张照片已处理。", "done")
    return redirect(url_for("candidates_console.candidates_page", slug=slug), 303)
