"""The button that has something tried again which the platform refused."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from staff.authority import act, current_actor
from wechat.acts import RESTORE
from wechat.troubles import try_again

blueprint = Blueprint("wechat_troubles", __name__, url_prefix="/console/wechat")


@blueprint.post("/restore")
@act(RESTORE)
def restore() -> ResponseReturnValue:
    try:
        try_again(request.form.get("what", ""), current_actor())
        flash("已恢复，下次用到时生效。如果微信仍然不允许，会再次停用。", "done")
    except AppError as error:
        flash(f"还没有恢复：{error.message}", "error")
    return redirect(url_for("wechat_console.account"), 303)
