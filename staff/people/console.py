"""The console's pages about people: the list, one of them, inviting, hand-over, and who may do what."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.clock import utc_now
from foundation.errors import AppError
from foundation.forms import faults_of
from staff.accounts import unlock_member
from staff.actors import Actor
from staff.acts import allows
from staff.authority import act, current_actor
from staff.desk import DeskItem
from staff.navigation import OWN_GROUP, add_navigation
from staff.people.authority_table import authority_table
from staff.people.deeds import disable_or_ask, enable_or_ask, hand_over_or_ask
from staff.people.details import KEY_ROLES, checked_reason, last_day_of, read_details
from staff.people.forms import ListChoice, blank_details, details_of, typed_details
from staff.people.handover import held_by, read_hand_over
from staff.people.invitation_list import links_to_hand_over, list_invitations
from staff.people.invitations import invite, make_link, withdraw_invitation
from staff.people.links import INVITATIONS, PASSWORD_LINKS, Handed, address_of, picture_of
from staff.people.member_list import SORTS, STATE_NAMES, list_members, read_member, successors_of
from staff.people.members import change_member
from staff.people.newcomers import blueprint as newcomers
from staff.people.resetting import link_or_ask, links_granted_to, may_take_link, reset_or_ask, take_granted_link
from staff.roles import ROLE_NAMES

blueprint = Blueprint("people", __name__, url_prefix="/console/people")


@blueprint.get("/")
@act("people.see")
def list_page() -> str:
    choice = ListChoice.read(request.args)
    found = list_members(search=choice.search, role=choice.role, state=choice.state, sort=choice.sort, page=choice.page)
    return render_template(
        "staff/people/people.html", found=found, choice=choice, roles=ROLE_NAMES, states=STATE_NAMES, sorts=SORTS
    )


@blueprint.get("/authority")
@act("people.see")
def authority_page() -> str:
    return render_template("staff/people/authority.html", groups=authority_table(), roles=ROLE_NAMES, now=utc_now())


@blueprint.get("/invitations")
@act("people.see")
def invitations_page() -> str:
    page = request.args.get("page", 1, type=int)
    return render_template("staff/people/invitations.html", found=list_invitations(min(max(page, 1), 10_000)))


@blueprint.get("/invitations/new")
@act("people.invite")
def invite_page() -> str:
    return _invite_page(blank_details())


@blueprint.post("/invitations/new")
@act("people.invite")
def invite_now() -> ResponseReturnValue:
    typed = typed_details(request)
    try:
        purpose = checked_reason(typed["purpose"], "purpose")
        invited = invite(read_details(typed, utc_now()), current_actor(), key=typed["key"] or None, purpose=purpose)
    except AppError as error:
        return _invite_page(typed, error), error.status
    if invited.link is None:
        flash("已提出申请，等部领导批准。批准后请到这里取链接。", "done")
        return redirect(url_for(".invitations_page"), 303)
    return _link_page(invited.link, INVITATIONS)


@blueprint.post("/invitations/<key>/link")
@act("people.make_link")
def link_now(key: str) -> ResponseReturnValue:
    return _link_page(make_link(key, current_actor()), INVITATIONS)


@blueprint.post("/invitations/<key>/withdraw")
@act("people.withdraw_invitation")
def withdraw_now(key: str) -> ResponseReturnValue:
    withdraw_invitation(key, current_actor())
    flash("邀请已撤回，链接不能再用。", "done")
    return redirect(url_for(".invitations_page"), 303)


@blueprint.get("/members/<name>")
@act("people.see")
def member_page(name: str) -> str:
    sheet = read_member(name)
    granted = may_take_link(sheet.line.name, current_actor())
    return render_template(
        "staff/people/member.html", sheet=sheet, held=held_by(name), states=STATE_NAMES, granted=granted
    )


@blueprint.get("/members/<name>/edit")
@act("people.change")
def edit_page(name: str) -> str:
    return _edit_page(name, details_of(read_member(name)))


@blueprint.post("/members/<name>/edit")
@act("people.change")
def edit_now(name: str) -> ResponseReturnValue:
    typed = typed_details(request)
    try:
        purpose = checked_reason(typed["purpose"], "purpose")
        details = read_details(typed, utc_now())
        keeps = not typed["remove_phone"]
        changed, waits = change_member(name, details, current_actor(), keeps_phone=keeps, purpose=purpose)
    except AppError as error:
        return _edit_page(name, typed, error), error.status
    flash("已保存。" if changed else "没有改动。" if not waits else "没有其他改动。", "done")
    if waits:
        flash("角色的改变已提出申请，等部领导批准，批准前仍是现在的角色。", "warning")
    return redirect(url_for(".member_page", name=name), 303)


@blueprint.get("/members/<name>/disable")
@act("people.disable")
def disable_page(name: str) -> str:
    return _deed_page("disable", name)


@blueprint.post("/members/<name>/disable")
@act("people.disable")
def disable_now(name: str) -> ResponseReturnValue:
    return _do("disable", name, disable_or_ask, "账号已停用，登录已全部退出。")


@blueprint.get("/members/<name>/enable")
@act("people.enable")
def enable_page(name: str) -> str:
    return _deed_page("enable", name)


@blueprint.post("/members/<name>/enable")
@act("people.enable")
def enable_now(name: str) -> ResponseReturnValue:
    return _do("enable", name, enable_or_ask, "账号已恢复，可以登录。")


@blueprint.post("/members/<name>/unlock")
@act("people.unlock")
def unlock_now(name: str) -> ResponseReturnValue:
    unlock_member(name, current_actor())
    flash("已解除，可以马上再登录。", "done")
    return redirect(url_for(".member_page", name=name), 303)


@blueprint.get("/members/<name>/second-factor")
@act("people.reset_second_factor")
def second_factor_page(name: str) -> str:
    return _deed_page("second-factor", name)


@blueprint.post("/members/<name>/second-factor")
@act("people.reset_second_factor")
def second_factor_now(name: str) -> ResponseReturnValue:
    return _do("second-factor", name, reset_or_ask, "动态码已重设，下次登录时要重新设置。")


@blueprint.get("/members/<name>/password-link")
@act("people.make_password_link")
def password_link_page(name: str) -> str:
    return _deed_page("password-link", name)


@blueprint.post("/members/<name>/password-link")
@act("people.make_password_link")
def password_link_now(name: str) -> ResponseReturnValue:
    try:
        link = link_or_ask(name, current_actor(), purpose=_purpose())
    except AppError as error:
        return _deed_page("password-link", name, error), error.status
    return _asked(name) if link is None else _link_page(link, PASSWORD_LINKS)


@blueprint.post("/members/<name>/password-link/take")
@act("people.make_password_link")
def take_password_link(name: str) -> ResponseReturnValue:
    return _link_page(take_granted_link(name, current_actor()), PASSWORD_LINKS)


@blueprint.get("/members/<name>/hand-over")
@act("people.hand_over")
def hand_over_page(name: str) -> str:
    return _hand_over_page(name)


@blueprint.post("/members/<name>/hand-over")
@act("people.hand_over")
def hand_over_now(name: str) -> ResponseReturnValue:
    successor, reason = request.form.get("successor", ""), request.form.get("reason", "")
    try:
        key = hand_over_or_ask(name, successor, reason, current_actor())
    except AppError as error:
        return _hand_over_page(name, error), error.status
    if key is None:
        return _asked(name)
    flash("交接已办完，账号已停用。请打印交接单，由双方签字。", "done")
    return redirect(url_for(".hand_over_sheet", key=key), 303)


@blueprint.get("/hand-overs/<key>")
@act("people.see")
def hand_over_sheet(key: str) -> str:
    return render_template("staff/people/hand_over_sheet.html", sheet=read_hand_over(key))


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return the approved invitations and resets whose link `actor` has yet to hand over."""
    if not allows(actor, "people.make_link"):
        return ()
    invitations = [
        DeskItem("due", f"邀请{line.display_name}（{line.place}）已获批准", "还没有取链接", "取链接", _invitations())
        for line in links_to_hand_over(actor)
    ]
    resets = [
        DeskItem("due", f"给{shown}重设密码已获批准", "还没有取链接", "取链接", _member(name))
        for name, shown in links_granted_to(actor)
    ]
    return (*invitations, *resets)


def register_people(app: Flask) -> None:
    """Add the pages and their entry; `flask staff` is added by the roof."""
    app.add_template_filter(_last_day, "last_day")
    app.register_blueprint(blueprint)
    app.register_blueprint(newcomers)
    add_navigation(app, OWN_GROUP, "人员", "people.list_page", "people.see")


def _last_day(valid_until: datetime | None) -> str:
    """Write the last day on which an account works, nothing for one without an end."""
    day = last_day_of(valid_until)
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def _invitations() -> str:
    return url_for("people.invitations_page")


def _member(name: str) -> str:
    return url_for("people.member_page", name=name)


def _invite_page(typed: dict[str, str], error: AppError | None = None) -> str:
    return render_template("staff/people/invite.html", typed=typed, roles=ROLE_NAMES, faults=faults_of(error))


def _edit_page(name: str, typed: dict[str, str], error: AppError | None = None) -> str:
    return render_template(
        "staff/people/edit.html", sheet=read_member(name), typed=typed, roles=ROLE_NAMES, faults=faults_of(error)
    )


def _deed_page(deed: str, name: str, error: AppError | None = None) -> str:
    sheet, purpose = read_member(name), request.form.get("purpose", "")
    return render_template(
        "staff/people/deed.html",
        deed=deed,
        sheet=sheet,
        takes_two=sheet.line.role in KEY_ROLES,
        purpose=purpose,
        faults=faults_of(error),
    )


def _hand_over_page(name: str, error: AppError | None = None) -> str:
    sheet = read_member(name)
    return render_template(
        "staff/people/hand_over.html",
        sheet=sheet,
        takes_two=sheet.line.role in KEY_ROLES,
        held=held_by(name),
        successors=successors_of(sheet.line.id),
        typed=request.form,
        faults=faults_of(error),
    )


def _link_page(link: Handed, pages: str) -> str:
    address = address_of(pages, link.token)
    invites = pages == INVITATIONS
    return render_template(
        "staff/people/link.html", link=link, address=address, picture=picture_of(address), invites=invites
    )


def _asked(name: str) -> ResponseReturnValue:
    flash("已提出申请，等部领导或监督员批准，批准以前什么都不变。", "warning")
    return redirect(url_for(".member_page", name=name), 303)


def _do(deed: str, name: str, do_or_ask: Callable[..., bool], done: str) -> ResponseReturnValue:
    """Do one of the deeds that take a reason, or ask for it, and say so on the member's page."""
    try:
        waits = do_or_ask(name, current_actor(), purpose=_purpose())
    except AppError as error:
        return _deed_page(deed, name, error), error.status
    if waits:
        return _asked(name)
    flash(done, "done")
    return redirect(url_for(".member_page", name=name), 303)


def _purpose() -> str:
    return checked_reason(request.form.get("purpose", ""), "purpose", required=True)
