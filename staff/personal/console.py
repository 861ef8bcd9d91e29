"""The console's pages about personal data: looking at one value, what is kept how long, runs, holds."""

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from foundation.web import row_id
from staff.actors import Actor
from staff.authority import act, csrf_token, current_actor, may
from staff.desk import DeskItem
from staff.downloads import DownloadStatus, ask_again, link_ticket
from staff.navigation import OWN_GROUP, add_navigation
from staff.personal.certificates import render
from staff.personal.holds import HOLD, all_holds, request_hold, request_lift
from staff.personal.requesting import request_run
from staff.personal.retention import RULES
from staff.personal.revealing import PURPOSES, REVEAL, SHOWN_FOR, find_revealable, may_reveal, reveal
from staff.personal.running import latest_run, latest_runs, preview, run_status

blueprint = Blueprint("personal", __name__, url_prefix="/console")
OTHER = "other"


@blueprint.get("/personal/<kind>/<key>")
@act(REVEAL)
def reveal_form(kind: str, key: str) -> ResponseReturnValue:
    return _reveal_page(kind, key)


@blueprint.post("/personal/<kind>/<key>")
@act(REVEAL)
def reveal_value(kind: str, key: str) -> ResponseReturnValue:
    purpose = request.form.get("purpose", "")
    try:
        value = reveal(kind, key, request.form.get("words", "") if purpose == OTHER else purpose, current_actor())
    except AppError as error:
        return _reveal_page(kind, key, error=error)
    return _reveal_page(kind, key, value=value)


@blueprint.get("/personal/<kind>/<key>/hidden")
@act(REVEAL, keeps_awake=False)
def hide_value(kind: str, key: str) -> ResponseReturnValue:
    return _uncached(Response(render_template("staff/personal/_hidden.html", found=find_revealable(kind), key=key)))


@blueprint.post("/downloads/<key>/again")
@act("downloads.request")
def download_again(key: str) -> ResponseReturnValue:
    ask_again(key, current_actor())
    flash("已重新申请，做好后在这里取。", "done")
    return redirect(url_for("console.downloads"), 303)


@blueprint.get("/retention/")
@act("retention.see")
def retention_page() -> str:
    before = request.args.get("before", type=row_id)
    return render_template(
        "staff/personal/retention.html",
        lines=preview(),
        kept=[rule for rule in RULES.values() if rule.due is None],
        runs=latest_runs(before),
        last=latest_run(),
        before=before,
        holds=[hold for hold in all_holds() if hold.lifted_at is None],
    )


@blueprint.get("/retention/run")
@act("retention.run")
def run_page() -> str:
    return _run_page()


@blueprint.post("/retention/run")
@act("retention.run")
def run_now() -> ResponseReturnValue:
    try:
        key = request_run(current_actor())
    except AppError as error:
        return _run_page(error), error.status
    return redirect(url_for(".run_status_page", key=key), 303)


@blueprint.get("/retention/runs/<key>")
@act("retention.see")
def run_status_page(key: str) -> str:
    return render_template("staff/personal/run.html", run=run_status(key))


@blueprint.get("/retention/runs/<key>/progress")
@act("retention.see", keeps_awake=False)
def run_progress(key: str) -> str:
    return render_template("staff/personal/_run.html", run=run_status(key))


@blueprint.get("/retention/runs/<key>/certificate.json")
@act("retention.see")
def certificate(key: str) -> ResponseReturnValue:
    document = run_status(key).certificate
    if document is None:
        return redirect(url_for(".run_status_page", key=key))
    headers = {"Content-Disposition": f'attachment; filename="retention-{key[:8]}.json"'}
    return _uncached(Response(render(document), content_type="application/json", headers=headers))


@blueprint.get("/retention/holds")
@act("retention.see")
def holds_page() -> str:
    return _holds_page()


@blueprint.post("/retention/holds")
@act(HOLD)
def hold() -> ResponseReturnValue:
    form = request.form
    try:
        asked = request_hold(form.getlist("rules"), form.get("subject", ""), form.get("reason", ""), current_actor())
    except AppError as error:
        return _holds_page(error), error.status
    flash("已提出申请，部领导批准后生效。批准之前照常清理。", "done")
    return redirect(url_for("approvals.approval_page", key=asked.key), 303)


@blueprint.post("/retention/holds/<key>/lift")
@act("retention.lift")
def lift(key: str) -> ResponseReturnValue:
    try:
        asked = request_lift(key, request.form.get("reason", ""), current_actor())
    except AppError as error:
        return _holds_page(error, lifting=key), error.status
    flash("已提出申请，部领导批准后解除。批准之前保全继续有效。", "done")
    return redirect(url_for("approvals.approval_page", key=asked.key), 303)


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return the run that did not end as it should, for whoever looks after it."""
    last = latest_run() if may(actor, "retention.run") else None
    if last is None or not (last.failed or last.stalled):
        return ()
    detail = "、".join(last.failed) or "没有做完"
    href = url_for("personal.run_status_page", key=last.key)
    return (DeskItem("urgent", "到期数据没有全部清理", detail, "查看", href),)


def register_personal(app: Flask) -> None:
    """Add the pages and what templates use."""
    app.jinja_env.globals.update(download_ticket=_download_ticket, reveals=_reveals)
    app.register_blueprint(blueprint)
    add_navigation(app, OWN_GROUP, "数据保留", "personal.retention_page", "retention.see")


def _reveal_page(kind: str, key: str, *, value: str | None = None, error: AppError | None = None) -> Response:
    """Answer htmx with the fragment alone, others with a page that hides the value by itself."""
    page = render_template(
        "staff/personal/_reveal.html" if "HX-Request" in request.headers else "staff/personal/reveal.html",
        found=find_revealable(kind),
        key=key,
        value=value,
        error=error,
        purposes=PURPOSES,
        typed=request.form,
        seconds=SHOWN_FOR,
    )
    # htmx draws no answer that is an error, and the form has to come back with its sentence.
    status = error.status if error and "HX-Request" not in request.headers else 200
    return _uncached(Response(page, status))


def _run_page(error: AppError | None = None) -> str:
    return render_template("staff/personal/run_confirm.html", lines=preview(), error=error)


def _holds_page(error: AppError | None = None, lifting: str = "") -> str:
    rules = [rule for rule in RULES.values() if rule.erase is not None]
    return render_template(
        "staff/personal/holds.html", holds=all_holds(), rules=rules, error=error, lifting=lifting, typed=request.form
    )


def _uncached(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _download_ticket(download: DownloadStatus) -> str:
    return link_ticket(download, csrf_token())


def _reveals(kind: str) -> bool:
    return may_reveal(kind, current_actor())
