"""The console's pages of supervision: what waits, witnessing, opinions and their answers, alarms."""

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.clock import show_day
from foundation.errors import AppError, InvalidInput
from foundation.web import row_id
from staff.authority import act, current_actor, may
from staff.navigation import OWN_GROUP, add_navigation
from staff.supervision.alarms import acknowledge, latest_unseen, list_alarms
from staff.supervision.opinion_rules import DEFAULT_DAYS, STATE_NAMES, State
from staff.supervision.opinions import (
    answer_opinion,
    ask_again,
    list_opinions,
    opinion_sheet,
    opinions_on,
    raise_opinion,
    settle_opinion,
    unsettled_opinions,
)
from staff.supervision.watching import watch
from staff.supervision.witnessing import (
    Subject,
    current_subjects,
    find_subject,
    leave_mark,
    witness_sheet,
    witness_sheets,
)

LATEST_ALARMS = 5

blueprint = Blueprint("supervision", __name__, url_prefix="/console/supervision")


@blueprint.get("/")
@act("supervision.see")
def supervision_page() -> str:
    return render_template(
        "staff/supervision/supervision.html",
        sheets=witness_sheets(),
        opinions=unsettled_opinions(),
        alarms=latest_unseen(LATEST_ALARMS) if may(current_actor(), "supervision.see_alarms") else None,
    )


@blueprint.get("/witnessing/<kind>/<key>")
@act("supervision.see")
def witness_page(kind: str, key: str) -> str:
    return _witness_page(kind, key)


@blueprint.post("/witnessing/<kind>/<key>/<step>")
@act("supervision.witness")
def witness(kind: str, key: str, step: str) -> ResponseReturnValue:
    typed = {"step": step, "remark": request.form.get("remark", "")}
    try:
        leave_mark(kind, key, step, current_actor(), digest=request.form.get("digest", ""), remark=typed["remark"])
    except AppError as error:
        return _witness_page(kind, key, error, typed), error.status
    flash("见证已记下。", "done")
    return redirect(url_for(".witness_page", kind=kind, key=key), 303)


@blueprint.get("/opinions")
@act("supervision.see")
def opinions_page() -> str:
    state = request.args.get("state", "")
    chosen = State(state) if state in STATE_NAMES else None
    page = list_opinions(state=chosen, before=request.args.get("before", type=row_id))
    return render_template("staff/supervision/opinions.html", page=page, states=STATE_NAMES, chosen=chosen or "")


@blueprint.get("/opinions/new")
@act("supervision.object")
def new_opinion_page() -> str:
    kind, key = request.args.get("kind", ""), request.args.get("key", "")
    return _new_opinion_page({"subject": f"{kind}:{key}", "days": str(DEFAULT_DAYS)})


@blueprint.post("/opinions/new")
@act("supervision.object")
def raise_now() -> ResponseReturnValue:
    typed = request.form.to_dict()
    try:
        subject = _chosen_subject(typed.get("subject", ""))
        key = raise_opinion(subject, typed.get("text", ""), current_actor(), days=_days(typed))
    except AppError as error:
        return _new_opinion_page(typed, error), error.status
    flash("监督意见已提出，交组织一科答复。", "done")
    return redirect(url_for(".opinion_page", key=key), 303)


@blueprint.get("/opinions/<key>")
@act("supervision.see")
def opinion_page(key: str) -> str:
    return _opinion_page(key)


@blueprint.post("/opinions/<key>/answer")
@act("supervision.answer")
def answer(key: str) -> ResponseReturnValue:
    try:
        answer_opinion(key, request.form.get("text", ""), current_actor())
    except AppError as error:
        return _opinion_page(key, error, "answer"), error.status
    return _done(key, "已答复，等监督员核对。")


@blueprint.post("/opinions/<key>/settle")
@act("supervision.settle")
def settle(key: str) -> ResponseReturnValue:
    try:
        settle_opinion(key, request.form.get("text", ""), current_actor())
    except AppError as error:
        return _opinion_page(key, error, "settle"), error.status
    return _done(key, "这条意见已了结。")


@blueprint.post("/opinions/<key>/ask-again")
@act("supervision.ask_again")
def ask_once_more(key: str) -> ResponseReturnValue:
    typed = request.form.to_dict()
    try:
        ask_again(key, typed.get("text", ""), current_actor(), days=_days(typed))
    except AppError as error:
        return _opinion_page(key, error, "again"), error.status
    return _done(key, "已要求再次答复。")


@blueprint.get("/alarms")
@act("supervision.see_alarms")
def alarms_page() -> str:
    return _alarms_page()


@blueprint.post("/alarms/<key>")
@act("supervision.acknowledge")
def acknowledge_alarm(key: str) -> ResponseReturnValue:
    note = request.form.get("note", "")
    try:
        acknowledge(key, note, current_actor())
    except AppError as error:
        return _alarms_page(error, {"key": key, "note": note}), error.status
    flash("告警已确认。", "done")
    return redirect(url_for(".alarms_page"), 303)


def register_supervision(app: Flask) -> None:
    """Add the pages and their entry, and begin to watch the audit trail."""
    watch()
    app.add_template_filter(show_day)
    app.register_blueprint(blueprint)
    add_navigation(app, OWN_GROUP, "监督", "supervision.supervision_page", "supervision.see")


def _witness_page(kind: str, key: str, error: AppError | None = None, typed: dict[str, str] | None = None) -> str:
    return render_template(
        "staff/supervision/witness.html",
        sheet=witness_sheet(kind, key),
        opinions=opinions_on(kind, key),
        actor=current_actor(),
        error=error,
        typed=typed or {},
    )


def _new_opinion_page(typed: dict[str, str], error: AppError | None = None) -> str:
    offered = {f"{subject.kind}:{subject.key}": subject.title for subject in current_subjects()}
    chosen = typed.get("subject", "")
    kind, _, key = chosen.partition(":")
    subject = find_subject(kind, key) if chosen not in offered else None
    if subject is not None:
        offered[chosen] = subject.title
    return render_template("staff/supervision/new_opinion.html", offered=offered, typed=typed, error=error)


def _opinion_page(key: str, error: AppError | None = None, form: str = "") -> str:
    typed = {"days": str(DEFAULT_DAYS), **(request.form.to_dict() if form else {})}
    sheet = opinion_sheet(key)
    return render_template("staff/supervision/opinion.html", sheet=sheet, typed=typed, error=error, form=form)


def _alarms_page(error: AppError | None = None, typed: dict[str, str] | None = None) -> str:
    everything = "all" in request.args
    page = list_alarms(unseen=not everything, before=request.args.get("before", type=row_id))
    return render_template(
        "staff/supervision/alarms.html", page=page, everything=everything, error=error, typed=typed or {}
    )


def _chosen_subject(chosen: str) -> Subject | None:
    kind, _, key = chosen.partition(":")
    if not kind:
        return None
    subject = find_subject(kind, key)
    if subject is None:
        raise InvalidInput("请重新选择有关事项。", field="subject")
    return subject


def _days(typed: dict[str, str]) -> int:
    days = typed.get("days", "")
    if not (days.isascii() and days.isdigit() and len(days) <= 3):
        raise InvalidInput("期限请填工作日的天数。", field="days")
    return int(days)


def _done(key: str, words: str) -> ResponseReturnValue:
    flash(words, "done")
    return redirect(url_for(".opinion_page", key=key), 303)
