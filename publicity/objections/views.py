"""The public pages of objections: the form on a notice, what comes of it, and which notices can be objected to."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from config import Settings
from foundation.errors import AppError, NotFound
from foundation.forms import faults_of
from foundation.web import network_of, same_origin
from publicity.notices.kinds import Phase
from publicity.notices.reading import NoticePage, public_notice, running_notices
from publicity.objections.deadlines import DAYS
from publicity.objections.entries import LONGEST_LEAD, LONGEST_TEXT
from publicity.objections.errors import StalePage, TooFast
from publicity.objections.files import ACCEPT, ACCEPT_SCANS, MOST_BYTES, MOST_FILES
from publicity.objections.forms import ObjectionForm, choices_of
from publicity.objections.gate import Try, current_gate
from publicity.objections.limits import limits_in_force
from publicity.objections.own import own_objections
from publicity.objections.people import PURPOSE, person_digest
from publicity.objections.raising import heard_just_now, raise_objection
from publicity.objections.rules import RAISED_AS_NAMES
from publicity.objections.tokens import form_token, is_form_key, new_form_key, sent_by_our_page
from wechat.account import current_account
from wechat.identity import current_voter

MOST_BODY = (MOST_FILES + 1) * MOST_BYTES + 2 * 1024 * 1024  # bytes: the files, the seal, what was typed

blueprint = Blueprint("objections", __name__, template_folder="../templates")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who looks: an openid where WeChat named somebody, empty otherwise; a snapshot names nobody for this."""

    openid: str
    snapshot: bool


@blueprint.get("/objections")
def choose_notice() -> str:
    return render_template("publicity/objections/choose_notice.html", notices=running_notices())


@blueprint.get("/notices/<key>/objections")
def form_page(key: str) -> str:
    form = ObjectionForm.blank(new_form_key(), request.args.get("subject", ""))
    return _form_page(public_notice(key), form, _reader())


@blueprint.post("/notices/<key>/objections")
def send(key: str) -> ResponseReturnValue:
    request.max_content_length = MOST_BODY
    notice, reader, form = public_notice(key), _reader(), ObjectionForm.read(request.form)
    try:
        _check_sender(key, form, reader)
        raise_objection(key, form.entry(request.files), openid=reader.openid or None)
    except AppError as error:
        return _refuse(notice, form, reader, error)
    return _answer(f"/notices/{key}/objections/{form.form}")


@blueprint.get("/notices/<key>/objections/<form>")
def heard_page(key: str, form: str) -> str:
    if not is_form_key(form):
        raise NotFound("没有找到这一页。")
    return render_template("publicity/objections/heard.html", heard=heard_just_now(form), notice=public_notice(key))


def _check_sender(key: str, form: ObjectionForm, reader: _Reader) -> None:
    """Raise StalePage for a form that is not from our page, TooFast where too many were sent."""
    if not is_form_key(form.form) or not sent_by_our_page(_settings(), request, key, form.form, reader.openid):
        raise StalePage
    person = person_digest(reader.openid) if reader.openid else None
    attempt = Try(key, form.form, network_of(request.remote_addr), person)
    wait = current_gate().admit(attempt, limits_in_force())
    if wait:
        raise TooFast(wait)


def _refuse(notice: NoticePage, form: ObjectionForm, reader: _Reader, error: AppError) -> Response:
    """Answer with the form as it was filled in and what is wrong; scripts get the sentences alone.

    A page that is stale gets a new name and token, unless another site sent what was sent.
    """
    if isinstance(error, StalePage):
        form = ObjectionForm(new_form_key(), form.typed)
    if not _wants_json():
        response = Response(_form_page(notice, form, reader, error), error.status)
    else:
        body: dict[str, Any] = {"status": error.code, "faults": faults_of(error)}
        if isinstance(error, StalePage) and same_origin(request, _settings().public_url):
            body |= {"form": form.form, "token": form_token(_settings(), notice.head.key, form.form, reader.openid)}
        response = jsonify(body)
        response.status_code = error.status
    if isinstance(error, TooFast):
        response.headers["Retry-After"] = str(error.wait)
    return response


def _answer(address: str) -> ResponseReturnValue:
    return (jsonify({"next": address}), 201) if _wants_json() else redirect(address, 303)


def _form_page(notice: NoticePage, form: ObjectionForm, reader: _Reader, error: AppError | None = None) -> str:
    key = notice.head.key
    is_open = notice.head.phase is Phase.RUNNING
    return render_template(
        "publicity/objections/form.html" if is_open or error else "publicity/objections/closed.html",
        notice=notice,
        form=form,
        typed=form.typed,
        faults=faults_of(error),
        too_fast=isinstance(error, TooFast),
        token=form_token(_settings(), key, form.form, reader.openid),
        choices=choices_of(notice.subjects),
        raised_as_names=RAISED_AS_NAMES,
        reader=reader,
        may_sign_in=current_account().may("oauth"),
        own=own_objections(reader.openid, key) if reader.openid else (),
        days=DAYS.value(),
        limits={"text": LONGEST_TEXT, "lead": LONGEST_LEAD, "files": MOST_FILES, "bytes": MOST_BYTES},
        accept=ACCEPT,
        accept_scans=ACCEPT_SCANS,
    )


def _reader() -> _Reader:
    voter = current_voter(request, PURPOSE)
    if voter is None or voter.snapshot:
        return _Reader("", snapshot=voter is not None)
    return _Reader(voter.openid, snapshot=False)


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
