"""The console's pages about the audit trail: finding acts, the state of the chain, and taking the trail out."""

from dataclasses import fields

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from foundation.web import row_id
from staff.actors import Actor
from staff.acts import ACTS, allows
from staff.audit.checking import chain_state, chain_trouble, request_check
from staff.audit.choosing import ANY_OF, Choice, check_choice, in_words
from staff.audit.exporting import EXPORT, EXPORT_UNMASKED, FORMAT_NAMES, request_export, request_unmasked_export
from staff.audit.reading import AuditPage, chosen_acts, people_in_the_trail
from staff.audit.recording import MAX_PURPOSE
from staff.audit.wording import RESULTS, acts_by_kind, field_words, kind_words, result_words
from staff.authority import act, current_actor
from staff.desk import DeskItem
from staff.navigation import OWN_GROUP, add_navigation
from staff.personal.masking import mask_network

blueprint = Blueprint("audit", __name__, url_prefix="/console/audit")


@blueprint.get("")
@act("audit.see")
def trail() -> ResponseReturnValue:
    people, before = people_in_the_trail(), request.args.get("before", type=row_id)
    choice = _choice(people)
    try:
        check_choice(choice)
    except AppError as error:
        return _trail_page(choice, people, None, error), error.status
    return _trail_page(choice, people, chosen_acts(choice, before=before))


@blueprint.get("/chain")
@act("audit.see", keeps_awake=False)
def chain() -> str:
    return render_template("staff/audit/_chain.html", state=chain_state())


@blueprint.post("/verify")
@act("audit.verify")
def verify() -> ResponseReturnValue:
    try:
        request_check(current_actor())
    except AppError as error:
        flash(error.message, "warning")
    return redirect(url_for(".trail"), 303)


@blueprint.post("/export")
@act(EXPORT)
def export() -> ResponseReturnValue:
    request_export(_choice(people_in_the_trail()), request.form.get("format", ""), current_actor())
    flash("正在生成，做好后在这里取。", "done")
    return redirect(url_for("console.downloads"), 303)


@blueprint.get("/unmasked")
@act(EXPORT_UNMASKED)
def unmasked() -> ResponseReturnValue:
    return _unmasked_page()


@blueprint.post("/unmasked")
@act(EXPORT_UNMASKED)
def ask_for_unmasked() -> ResponseReturnValue:
    choice, purpose = _choice(people_in_the_trail()), request.form.get("purpose", "")
    try:
        request_unmasked_export(choice, request.form.get("format", ""), purpose, current_actor())
    except AppError as error:
        return _unmasked_page(error), error.status
    flash("申请已提出。部领导批准后，文件会出现在“下载”里。", "done")
    return redirect(url_for("approvals.approvals_page"), 303)


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return the one thing that cannot wait: that the trail does not hold."""
    trouble = chain_trouble() if allows(actor, "audit.see") else None
    if trouble is None:
        return ()
    return (DeskItem("urgent", "操作记录核对出了问题", trouble, "查看", url_for("audit.trail")),)


def register_audit(app: Flask) -> None:
    """Add the pages and their entry."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(field_words=field_words, result_words=result_words)
    app.jinja_env.filters["masked_network"] = mask_network
    add_navigation(app, OWN_GROUP, "操作记录", "audit.trail", "audit.see")


def _choice(people: dict[str, str]) -> Choice:
    """Return what was chosen; what the page does not offer is as if it was not chosen."""
    typed = {field.name: request.values.get(field.name, "").strip() for field in fields(Choice)}
    offered = {"person": people, "result": RESULTS, "act": ACTS.keys() | {f"{kind}{ANY_OF}" for kind in acts_by_kind()}}
    return Choice(**{name: value if value in offered.get(name, (value,)) else "" for name, value in typed.items()})


def _trail_page(choice: Choice, people: dict[str, str], page: AuditPage | None, error: AppError | None = None) -> str:
    return render_template(
        "staff/audit/trail.html",
        choice=choice,
        scope="" if error else in_words(choice, people),
        people=people,
        kinds={kind: (kind_words(kind), acts) for kind, acts in acts_by_kind().items()},
        any_of=ANY_OF,
        results=RESULTS,
        formats=FORMAT_NAMES,
        page=page,
        error=error,
        before=request.args.get("before", type=row_id),
        state=chain_state(),
    )


def _unmasked_page(error: AppError | None = None) -> str:
    people = people_in_the_trail()
    choice = _choice(people)
    return render_template(
        "staff/audit/unmasked.html",
        choice=choice,
        scope=in_words(choice, people),
        formats=FORMAT_NAMES,
        chosen_format=request.form.get("format", "xlsx"),
        purpose=request.form.get("purpose", ""),
        longest=MAX_PURPOSE,
        error=error,
    )
