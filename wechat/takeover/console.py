"""The console's pages of a takeover: what stands on the account, what becomes of it, and the way back."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError, InvalidInput
from foundation.forms import faults_of, text_of
from staff.authority import act, current_actor
from staff.options.acts import MENU as MENU_ACT
from staff.options.acts import TEXTS as TEXTS_ACT
from staff.options.forms import number_of
from wechat.account import current_account
from wechat.buttons import leaves
from wechat.menu import MENU
from wechat.takeover.applying import (
    Choice,
    Takeover,
    first_choices,
    keep_menu,
    keep_replies,
    own_buttons,
    preview,
    takeover,
)
from wechat.takeover.looking import LOOK, PUT_BACK, is_ours, look, put_back
from wechat.takeover.readings import replaced_menus

blueprint = Blueprint("takeover", __name__, url_prefix="/console/wechat/takeover", template_folder="../templates")
MOST_LINES = 60


@blueprint.get("")
@act("wechat.see")
def page() -> ResponseReturnValue:
    found = takeover()
    return _page(found, first_choices(found.lines) if found else ())


@blueprint.post("/look")
@act(LOOK)
def look_now() -> ResponseReturnValue:
    try:
        look(current_actor())
        flash("读到了，公众号上什么都没有改。", "done")
    except AppError as error:
        flash(f"没有读到：{error.message}", "error")
    return redirect(url_for(".page"), 303)


@blueprint.post("/menu")
@act(MENU_ACT)
def choose_menu() -> ResponseReturnValue:
    reading, version, choices = number_of(request.form, "reading"), number_of(request.form, "version"), _choices()
    if "preview" in request.form:
        return _page(takeover(), choices)
    try:
        changed = keep_menu(reading, version, choices, current_actor())
    except AppError as error:
        return _page(takeover(), choices, faults=faults_of(error)), error.status
    flash(f"本系统的菜单已按您选的改好。{MENU.remark}" if changed else "没有改动。", "done")
    return redirect(url_for("wechat_console.account"), 303)


@blueprint.post("/replies")
@act(TEXTS_ACT)
def choose_replies() -> ResponseReturnValue:
    try:
        brought = keep_replies(number_of(request.form, "reading"), request.form.getlist("reply"), current_actor())
        flash(f"带过来{brought}项，已经生效。可以在“设置”里再改。", "done")
    except AppError as error:
        flash("没有带过来：" + "".join(faults_of(error).values()), "error")
    return redirect(url_for(".page"), 303)


@blueprint.post("/back/<int:number>")
@act(PUT_BACK)
def go_back(number: int) -> ResponseReturnValue:
    try:
        put_back(number, current_actor())
        flash("原来的菜单已放回。已经打开公众号的人，几分钟后看到。", "done")
    except AppError as error:
        flash(f"菜单没有放回：{error.message}", "error")
    return redirect(url_for(".page"), 303)


def _page(found: Takeover | None, choices: Sequence[Choice], *, faults: Mapping[str, str] | None = None) -> str:
    buttons, faults = None, dict(faults or {})
    if found and len(choices) != len(found.lines):
        choices = first_choices(found.lines)
    if found:
        try:
            buttons = preview(found.lines, choices)
        except InvalidInput as error:
            faults.setdefault("", error.message)
    return render_template(
        "wechat/takeover.html",
        found=found,
        choices=choices,
        buttons=buttons,
        faults=list(dict.fromkeys(faults.values())),
        ours=found is not None and is_ours(found.reading.menu.buttons),
        replaced=replaced_menus(),
        may_publish=current_account().may("menu"),
        own_leaves=tuple(leaves(own_buttons())),
    )


def _choices() -> tuple[Choice, ...]:
    form = request.form
    lines = min(number_of(form, "lines"), MOST_LINES)
    return tuple(
        Choice(f"keep-{line}" in form, text_of(form, f"button-{line}"), text_of(form, f"name-{line}"))
        for line in range(lines)
    )
