"""The console's pages about objections: the list, a sheet with its next step, entering, what units are told."""

from collections.abc import Callable, Mapping
from io import BytesIO

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from foundation.forms import faults_of, text_of, whole
from publicity.notices.reading import NoticePage, open_notices, public_notice
from publicity.notices.showing import size_words
from publicity.objections import acts
from publicity.objections.entries import LONGEST_LEAD, LONGEST_TEXT
from publicity.objections.files import ACCEPT, ACCEPT_SCANS
from publicity.objections.forms import ObjectionForm, choices_of
from publicity.objections.handling import LONGEST_NOTE, LONGEST_SUMMARY, accept, decline, examine, hand_over, resolve
from publicity.objections.listing import UNSETTLED, Search, find_objections
from publicity.objections.raising import enter_objection
from publicity.objections.reporters import NAME, PHONE, UNIT
from publicity.objections.rules import RAISED_AS_NAMES, RESULTS, STATE_NAMES, WAY_NAMES, State, Way
from publicity.objections.sheet import objection_sheet, take_attachment
from publicity.objections.summaries import summaries_for
from publicity.objections.tokens import new_form_key
from publicity.objections.views import MOST_BODY
from staff.authority import act, current_actor
from staff.navigation import add_navigation

STATES: Mapping[str, str] = {UNSETTLED: "没有办结", **{str(state): words for state, words in STATE_NAMES.items()}}
ENTERED = {str(way): WAY_NAMES[way] for way in (Way.LETTER, Way.TELEPHONE, Way.VISIT)}
REVEALED = {"name": NAME, "unit": UNIT, "phone": PHONE}

blueprint = Blueprint("objections_console", __name__, url_prefix="/console/objections", template_folder="../templates")


def register_console(app: Flask) -> None:
    """Add the pages and their entries in the navigation."""
    app.add_template_filter(size_words, "file_size")
    app.register_blueprint(blueprint)
    add_navigation(app, "公示", "反映情况", "objections_console.list_page", acts.SEE)
    add_navigation(app, "公示", "反映情况说明", "objections_console.summaries_page", acts.SUMMARIES)


@blueprint.get("/")
@act(acts.SEE)
def list_page() -> str:
    search = _search()
    found = find_objections(search)
    return render_template("publicity/objections/console/list.html", found=found, search=search, states=STATES)


@blueprint.get("/summaries")
@act(acts.SUMMARIES)
def summaries_page() -> str:
    return render_template("publicity/objections/console/summaries.html", summaries=summaries_for(current_actor()))


@blueprint.get("/new")
@act(acts.ENTER)
def choose_page() -> str:
    return render_template("publicity/objections/console/choose.html", notices=open_notices())


@blueprint.get("/new/<key>")
@act(acts.ENTER)
def enter_page(key: str) -> str:
    return _enter_page(public_notice(key), ObjectionForm.blank(new_form_key()))


@blueprint.post("/new/<key>")
@act(acts.ENTER)
def enter(key: str) -> ResponseReturnValue:
    request.max_content_length = MOST_BODY
    notice, form = public_notice(key), ObjectionForm.read(request.form)
    try:
        heard = enter_objection(key, form.entry(request.files), form.way, form.arrived_on, current_actor())
    except AppError as error:
        return _enter_page(notice, form, error), error.status
    flash(f"已登记，编号{heard.code}。" + ("按规定不予受理。" if heard.state is State.DECLINED else ""), "done")
    return redirect(url_for(".sheet_page", code=heard.code), 303)


@blueprint.get("/<code>")
@act(acts.SEE)
def sheet_page(code: str) -> str:
    return _sheet_page(code)


@blueprint.post("/<code>/accept")
@act(acts.ACCEPT)
def accept_now(code: str) -> ResponseReturnValue:
    note = text_of(request.form, "note")
    return _step("accept", code, "已受理，由您办理。", lambda: accept(code, note, current_actor(), seen=_seen()))


@blueprint.post("/<code>/decline")
@act(acts.DECLINE)
def decline_now(code: str) -> ResponseReturnValue:
    note, summary = text_of(request.form, "note"), text_of(request.form, "summary")
    return _step(
        "decline", code, "已记为不予受理。", lambda: decline(code, note, summary, current_actor(), seen=_seen())
    )


@blueprint.post("/<code>/hand-over")
@act(acts.HAND_OVER)
def hand_over_now(code: str) -> ResponseReturnValue:
    to, note = request.form.get("to", ""), text_of(request.form, "note")
    return _step("hand_over", code, "已转交。", lambda: hand_over(code, to, note, current_actor(), seen=_seen()))


@blueprint.post("/<code>/examine")
@act(acts.EXAMINE)
def examine_now(code: str) -> ResponseReturnValue:
    note = text_of(request.form, "note")
    done = "核查情况已登记，接下来认定结果。"
    return _step("examine", code, done, lambda: examine(code, note, current_actor(), seen=_seen()))


@blueprint.post("/<code>/resolve")
@act(acts.RESOLVE)
def resolve_now(code: str) -> ResponseReturnValue:
    form = request.form
    result = next((state for state in RESULTS if state == form.get("result")), None)
    note, summary = text_of(form, "note"), text_of(form, "summary")
    return _step(
        "resolve", code, "已办结。", lambda: resolve(code, result, note, summary, current_actor(), seen=_seen())
    )


@blueprint.get("/<code>/attachments/<key>")
@act(acts.FETCH)
def attachment(code: str, key: str) -> Response:
    file = take_attachment(code, key, current_actor())
    answer = send_file(
        BytesIO(file.content), mimetype=file.media_type, as_attachment=True, download_name=file.name, etag=False
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _step(form: str, code: str, done: str, take: Callable[[], None]) -> ResponseReturnValue:
    try:
        take()
    except AppError as error:
        if error.status in {403, 404}:
            raise
        return _sheet_page(code, form, error), error.status
    flash(done, "done")
    return redirect(url_for(".sheet_page", code=code), 303)


def _sheet_page(code: str, form: str = "", error: AppError | None = None) -> str:
    return render_template(
        "publicity/objections/console/sheet.html",
        sheet=objection_sheet(code, current_actor()),
        form=form,
        typed=request.form.to_dict() if form else {},
        faults=faults_of(error),
        revealed=REVEALED,
        results={str(state): STATE_NAMES[state] for state in (State.FOUNDED, State.UNFOUNDED)},
        longest={"note": LONGEST_NOTE, "summary": LONGEST_SUMMARY},
    )


def _enter_page(notice: NoticePage, form: ObjectionForm, error: AppError | None = None) -> str:
    return render_template(
        "publicity/objections/console/enter.html",
        notice=notice,
        form=form,
        typed=form.typed,
        faults=faults_of(error),
        lost_files=any(file.filename for file in request.files.values()),
        choices=choices_of(notice.subjects),
        ways=ENTERED,
        raised_as_names={str(one): words for one, words in RAISED_AS_NAMES.items()},
        longest={"text": LONGEST_TEXT, "lead": LONGEST_LEAD},
        accept=ACCEPT,
        accept_scans=ACCEPT_SCANS,
    )


def _search() -> Search:
    asked = request.args
    state = asked.get("state", "")
    return Search(
        notice=asked.get("notice", ""),
        state=state if state in STATES else "",
        words=asked.get("words", "").strip(),
        page=whole(asked.get("page", "1")) or 1,
    )


def _seen() -> int:
    return whole(request.form.get("seen", "")) or 0
