"""The console's page about the end of a notice: what is open, what ending it means, and the report."""

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from foundation.forms import faults_of, require_tick, text_of
from publicity.conclusion.acts import CONCLUDE, REPORT
from publicity.conclusion.concluding import LONGEST_REASON, conclude_notice, may_pass_over_objections
from publicity.conclusion.requesting import request_report
from publicity.conclusion.sheet import conclusion_sheet
from publicity.notices.sheet import notice_sheet
from staff.authority import act, current_actor

blueprint = Blueprint("conclusion_console", __name__, url_prefix="/console/notices", template_folder="../templates")


def register_conclusion_console(app: Flask) -> None:
    """Add the page; notices bring the entry in the navigation."""
    app.register_blueprint(blueprint)


@blueprint.get("/<key>/conclusion")
@act("notices.see")
def conclusion_page(key: str) -> str:
    return _page(key)


@blueprint.post("/<key>/conclusion")
@act(CONCLUDE)
def conclude(key: str) -> ResponseReturnValue:
    try:
        require_tick(request.form)
        conclude_notice(key, text_of(request.form, "reason"), current_actor())
    except AppError as error:
        return _page(key, error), error.status
    flash("公示已结束。可以下载公示情况报告。", "done")
    return redirect(url_for(".conclusion_page", key=key), 303)


@blueprint.post("/<key>/report")
@act(REPORT)
def report(key: str) -> ResponseReturnValue:
    request_report(key, current_actor())
    return redirect(url_for("console.downloads"), 303)


def _page(key: str, error: AppError | None = None) -> str:
    actor = current_actor()
    return render_template(
        "publicity/conclusion/conclusion.html",
        sheet=notice_sheet(key, actor),
        ending=conclusion_sheet(key),
        reason=text_of(request.form, "reason"),
        longest=LONGEST_REASON,
        may_pass_over=may_pass_over_objections(actor),
        faults=faults_of(error),
    )
