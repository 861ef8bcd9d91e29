"""The console's pages about approvals: what waits, one request whole, and the decision."""

from datetime import timedelta

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.clock import utc_now
from foundation.errors import AppError, InvalidInput
from foundation.web import row_id
from staff.actors import Actor
from staff.acts import allows
from staff.approvals.deciding import approve, refuse
from staff.approvals.listing import (
    ApprovalLine,
    approval_sheet,
    decided_requests,
    lately_failed,
    waiting_requests,
)
from staff.approvals.requesting import WAITS, withdraw
from staff.authority import act, current_actor
from staff.desk import DeskItem
from staff.navigation import OWN_GROUP, add_navigation

FAILED_SHOWN = timedelta(days=7)

blueprint = Blueprint("approvals", __name__, url_prefix="/console/approvals")


@blueprint.get("/")
@act("approvals.see")
def approvals_page() -> str:
    reader = current_actor()
    decided = decided_requests(reader, request.args.get("before", type=row_id))
    return render_template("staff/approvals/approvals.html", waiting=waiting_requests(reader), decided=decided)


@blueprint.get("/<key>")
@act("approvals.see")
def approval_page(key: str) -> str:
    return _sheet_page(key)


@blueprint.post("/<key>/approve")
@act("approvals.approve")
def approve_now(key: str) -> ResponseReturnValue:
    try:
        if "confirmed" not in request.form:
            raise InvalidInput("请先勾选“我已核对”。", field="confirmed")
        approve(key, current_actor())
    except AppError as error:
        return _sheet_page(key, error), error.status
    flash("已批准，当即生效。", "done")
    return redirect(url_for(".approvals_page"), 303)


@blueprint.post("/<key>/refuse")
@act("approvals.refuse")
def refuse_now(key: str) -> ResponseReturnValue:
    try:
        refuse(key, current_actor(), request.form.get("reason", ""))
    except AppError as error:
        return _sheet_page(key, error), error.status
    flash("已退回，申请人会看到理由。", "done")
    return redirect(url_for(".approvals_page"), 303)


@blueprint.post("/<key>/withdraw")
@act("approvals.withdraw")
def withdraw_own(key: str) -> ResponseReturnValue:
    try:
        withdraw(key, current_actor())
    except AppError as error:
        return _sheet_page(key, error), error.status
    flash("申请已撤回。", "done")
    return redirect(url_for(".approvals_page"), 303)


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return what waits for the decision of `actor`, what came back, and what is still with others."""
    if not allows(actor, "approvals.see"):
        return ()
    waiting = waiting_requests(actor)
    to_decide = [
        DeskItem("due", f"{line.words}：{line.title}", f"{line.requester}申请，等您批准", "核对", _address(line.key))
        for line in waiting
        if line.is_mine_to_decide
    ]
    returned = [
        DeskItem("urgent", f"{line.words}：{line.title}", *_what_failed(line), _address(line.key))
        for line in lately_failed(actor, utc_now() - FAILED_SHOWN)
    ]
    own = [
        DeskItem("running", f"{line.words}：{line.title}", "等待批准", "查看", _address(line.key))
        for line in waiting
        if line.is_own
    ]
    return (*returned, *to_decide, *own)


def register_approvals(app: Flask) -> None:
    """Add the pages and their entry."""
    app.register_blueprint(blueprint)
    add_navigation(app, OWN_GROUP, "审批", "approvals.approvals_page", "approvals.see")


def _what_failed(line: ApprovalLine) -> tuple[str, str]:
    if line.state == "expired":
        return f"{WAITS.days}天没有人批准，已失效，需要时请重新申请", "查看"
    return f"已退回：{line.remark}", "看理由"


def _address(key: str) -> str:
    return url_for("approvals.approval_page", key=key)


def _sheet_page(key: str, error: AppError | None = None) -> str:
    sheet = approval_sheet(key, current_actor())
    return render_template(
        "staff/approvals/approval.html", sheet=sheet, error=error, reason=request.form.get("reason", "")
    )
