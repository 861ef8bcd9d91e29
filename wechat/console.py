"""The console's page about the account: its settings, its menu, and the button that publishes it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from staff.authority import act, current_actor
from wechat.menu import ACT, publish_menu
from wechat.overview import describe_account

blueprint = Blueprint("wechat_console", __name__, url_prefix="/console/wechat", template_folder="templates")


@blueprint.get("")
@act("wechat.see")
def account() -> ResponseReturnValue:
    return render_template("wechat/console_account.html", sheet=describe_account())


@blueprint.post("/menu")
@act(ACT)
def publish() -> ResponseReturnValue:
    try:
        publish_menu(current_actor())
        flash("菜单已发布。已经打开公众号的人，几分钟后看到新菜单。", "done")
    except AppError as error:
        flash(f"菜单没有发布：{error.message}", "error")
    return redirect(url_for("wechat_console.account"), 303)
