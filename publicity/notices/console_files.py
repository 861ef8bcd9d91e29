"""The console's pages about what comes with a notice: its attachments, and where it stood besides, with evidence."""

from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from foundation.forms import InvalidFields, faults_of, text_of, whole
from foundation.uploads import Upload
from publicity.notices.acts import EDIT, MEDIA, SEE
from publicity.notices.attachments import LARGEST, MOST_ATTACHMENTS
from publicity.notices.drafting import attach, detach
from publicity.notices.media import MediumEntry, note_medium, read_scan, remove_medium
from publicity.notices.sharing import hand_out
from publicity.notices.sheet import notice_sheet
from staff.authority import act, current_actor

blueprint = Blueprint("notice_files_console", __name__, url_prefix="/console/notices/<key>")
_MEDIUM = ("name", "appeared_on", "address")
_MEGABYTE = 1024 * 1024


@blueprint.get("/attachments")
@act(SEE)
def attachments_page(key: str) -> str:
    return _attachments_page(key)


@blueprint.post("/attachments")
@act(EDIT)
def add_attachment(key: str) -> ResponseReturnValue:
    upload = _uploaded("attachment")
    try:
        attach(key, _revision(), upload, current_actor())
    except AppError as error:
        return _attachments_page(key, error), error.status
    flash("附件已加上。", "done")
    return redirect(url_for(".attachments_page", key=key), 303)


@blueprint.post("/attachments/<attachment>/remove")
@act(EDIT)
def remove_attachment(key: str, attachment: str) -> ResponseReturnValue:
    try:
        detach(key, _revision(), attachment, current_actor())
    except AppError as error:
        return _attachments_page(key, error), error.status
    flash("附件已删去。", "done")
    return redirect(url_for(".attachments_page", key=key), 303)


@blueprint.get("/media")
@act(SEE)
def media_page(key: str) -> str:
    return _media_page(key)


@blueprint.post("/media")
@act(MEDIA)
def add_medium(key: str) -> ResponseReturnValue:
    try:
        note_medium(key, _medium_entry(), current_actor())
    except AppError as error:
        return _media_page(key, error), error.status
    flash("刊登情况已登记。", "done")
    return redirect(url_for(".media_page", key=key), 303)


@blueprint.post("/media/<medium>/remove")
@act(MEDIA)
def drop_medium(key: str, medium: str) -> ResponseReturnValue:
    try:
        remove_medium(key, medium, current_actor())
    except AppError as error:
        return _media_page(key, error), error.status
    flash("这条刊登情况已删去。", "done")
    return redirect(url_for(".media_page", key=key), 303)


@blueprint.get("/media/<medium>/scan")
@act(SEE)
def scan(key: str, medium: str) -> Response:
    return hand_out(read_scan(key, medium, current_actor()))


def _medium_entry() -> MediumEntry:
    """Return the medium as typed; raises InvalidFields where the day is none."""
    typed = {name: text_of(request.form, name) for name in _MEDIUM}
    try:
        day = date.fromisoformat(typed["appeared_on"]) if typed["appeared_on"] else None
    except ValueError:
        raise InvalidFields({"appeared_on": "日期要写成 2017-06-05 这样。"}) from None
    return MediumEntry(typed["name"], day, typed["address"], _uploaded("scan"))


def _uploaded(name: str) -> Upload:
    file = request.files.get(name)
    return Upload(file.filename or "", file.read(LARGEST + 1)) if file else Upload("", b"")


def _revision() -> int:
    return whole(request.form.get("revision", "")) or 0


def _attachments_page(key: str, error: AppError | None = None) -> str:
    return render_template(
        "publicity/notices/console/attachments.html",
        sheet=notice_sheet(key, current_actor()),
        faults=faults_of(error),
        most=MOST_ATTACHMENTS,
        megabytes=LARGEST // _MEGABYTE,
    )


def _media_page(key: str, error: AppError | None = None) -> str:
    return render_template(
        "publicity/notices/console/media.html",
        sheet=notice_sheet(key, current_actor()),
        typed={name: text_of(request.form, name) for name in _MEDIUM},
        faults=faults_of(error),
    )
