"""The console's page of the doctor: begin an examination, watch it, read what to mend."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from staff.authority import act, current_actor
from wechat.acts import EXAMINE
from wechat.doctor.examination import begin_examination, last_examination

blueprint = Blueprint("doctor", __name__, url_prefix="/console/wechat/doctor", template_folder="../templates")


@blueprint.get("")
@act("wechat.see")
def page() -> ResponseReturnValue:
    return render_template("wechat/doctor.html", examination=last_examination())


@blueprint.get("/progress")
@act("wechat.see", keeps_awake=False)
def progress() -> ResponseReturnValue:
    return render_template("wechat/_examination.html", examination=last_examination())


@blueprint.post("")
@act(EXAMINE)
def begin() -> ResponseReturnValue:
    try:
        begin_examination(current_actor())
    except AppError as error:
        flash(error.message, "error")
    return redirect(url_for(".page"), 303)
