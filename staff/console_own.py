"""The second step of signing in, and a member's own account: password, second factor, recovery codes, browsers."""

from flask import Blueprint, Flask, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from staff.authority import act, current_actor, way_back
from staff.cookies import carry_token, session_token, this_browser
from staff.entry import Risen, pass_by_recovery_code, pass_by_set_up, pass_second_step, waiting_set_up
from staff.own_keys import (
    begin_new_second_factor,
    change_own_password,
    confirm_new_second_factor,
    end_other_sessions,
    end_own_session,
    keys_of,
    new_recovery_codes,
)
from staff.recovery_codes import CODES
from staff.roles import ROLE_NAMES
from staff.sessions import OpenSession

blueprint = Blueprint("console_own", __name__, url_prefix="/console", template_folder="templates")


@blueprint.get("/second-step")
@act("staff.second_step")
def second_step() -> ResponseReturnValue:
    if _is_complete():
        return redirect(_target(), 303)
    if waiting_set_up(current_actor(), _token()):
        return redirect(url_for("console_own.set_up", next=_target()), 303)
    return _second_step_page(None)


@blueprint.post("/second-step")
@act("staff.second_step")
def take_second_step() -> ResponseReturnValue:
    if _is_complete():
        return redirect(_target(), 303)
    typed = request.form.get("recovery_code")
    try:
        if typed is None:
            risen = pass_second_step(current_actor(), _token(), request.form.get("code", ""))
        else:
            risen = pass_by_recovery_code(current_actor(), _token(), typed)
    except AppError as error:
        return _second_step_page(error)
    return carry_token(Response(status=303, headers={"Location": _target()}), risen.token)


@blueprint.get("/second-step/set-up")
@act("staff.second_step")
def set_up() -> ResponseReturnValue:
    return redirect(_target(), 303) if _is_complete() else _set_up_page(None)


@blueprint.post("/second-step/set-up")
@act("staff.second_step")
def confirm_set_up() -> ResponseReturnValue:
    if _is_complete():
        return redirect(_target(), 303)
    try:
        risen = pass_by_set_up(current_actor(), _token(), request.form.get("code", ""))
    except AppError as error:
        return _set_up_page(error)
    return _codes_page(risen, _target())


@blueprint.get("/account")
@act("staff.account")
def account() -> str:
    keys = keys_of(current_actor(), _token())
    return render_template("staff/account.html", keys=keys, role_names=ROLE_NAMES, codes=CODES)


@blueprint.get("/account/password")
@act("staff.password")
def password() -> Response:
    return _page("staff/password.html", None)


@blueprint.post("/account/password")
@act("staff.password")
def change_password() -> ResponseReturnValue:
    current, new, repeated = (request.form.get(field, "") for field in ("current", "new", "repeated"))
    try:
        entry = change_own_password(current_actor(), current, new, repeated, browser=this_browser())
    except AppError as error:
        return _page("staff/password.html", error)
    flash("密码已修改，您在别处的登录都已退出。", "done")
    return carry_token(Response(status=303, headers={"Location": url_for("console_own.account")}), entry.token)


@blueprint.get("/account/second-factor")
@act("staff.second_factor")
def second_factor() -> Response:
    return _second_factor_page(None)


@blueprint.post("/account/second-factor")
@act("staff.second_factor")
def begin_second_factor() -> ResponseReturnValue:
    typed, code = request.form.get("password", ""), request.form.get("code", "")
    try:
        begin_new_second_factor(current_actor(), _token(), typed, code)
    except AppError as error:
        return _second_factor_page(error)
    return redirect(url_for("console_own.new_second_factor"), 303)


@blueprint.get("/account/second-factor/new")
@act("staff.second_factor")
def new_second_factor() -> ResponseReturnValue:
    return _new_second_factor_page(None)


@blueprint.post("/account/second-factor/new")
@act("staff.second_factor")
def confirm_second_factor() -> ResponseReturnValue:
    try:
        code = request.form.get("code", "")
        risen = confirm_new_second_factor(current_actor(), _token(), code, browser=this_browser())
    except AppError as error:
        return _new_second_factor_page(error)
    return _codes_page(risen, url_for("console_own.account"))


@blueprint.get("/account/recovery-codes")
@act("staff.recovery_codes")
def recovery_codes() -> Response:
    return _page("staff/recovery_codes.html", None)


@blueprint.post("/account/recovery-codes")
@act("staff.recovery_codes")
def renew_recovery_codes() -> ResponseReturnValue:
    try:
        codes = new_recovery_codes(current_actor(), request.form.get("code", ""))
    except AppError as error:
        return _page("staff/recovery_codes.html", error)
    return _codes_page(Risen(_token(), codes), url_for("console_own.account"))


@blueprint.post("/account/sessions/<key>/end")
@act("staff.sessions")
def end_session(key: str) -> ResponseReturnValue:
    end_own_session(current_actor(), key)
    flash("那一处的登录已退出。", "done")
    return redirect(url_for("console_own.account"), 303)


@blueprint.post("/account/sessions/end-others")
@act("staff.sessions")
def end_others() -> ResponseReturnValue:
    ended = end_other_sessions(current_actor(), _token())
    flash(f"已退出别处的{ended}个登录。" if ended else "别处没有登录。", "done")
    return redirect(url_for("console_own.account"), 303)


def register_own(app: Flask) -> None:
    """Give the console the second step of signing in and everybody's own account."""
    app.register_blueprint(blueprint)


def _second_step_page(error: AppError | None) -> Response:
    return _page("staff/second_step.html", error, target=_target())


def _set_up_page(error: AppError | None) -> ResponseReturnValue:
    waiting = waiting_set_up(current_actor(), _token())
    if waiting is None:
        return _elsewhere(url_for("console_own.second_step", next=_target()), error)
    return _page("staff/set_up.html", error, set_up=waiting, target=_target())


def _second_factor_page(error: AppError | None) -> Response:
    has_one = keys_of(current_actor(), _token()).second_factor_at is not None
    return _page("staff/second_factor.html", error, has_one=has_one)


def _new_second_factor_page(error: AppError | None) -> ResponseReturnValue:
    waiting = waiting_set_up(current_actor(), _token())
    if waiting is None:
        return _elsewhere(url_for("console_own.second_factor"), error)
    return _page("staff/second_factor_new.html", error, set_up=waiting)


def _page(template: str, error: AppError | None, **values: object) -> Response:
    page = render_template(template, error=error, **values)
    return Response(page, status=error.status if error else 200, mimetype="text/html")


def _elsewhere(address: str, error: AppError | None) -> ResponseReturnValue:
    """Lead to the page from which things go on, with what went wrong here."""
    if error:
        flash(error.message, "error")
    return redirect(address, 303)


def _codes_page(risen: Risen, onward: str) -> Response:
    """Show recovery codes, this once; the page has no form, since the session may be a new one."""
    page = render_template("staff/recovery_codes_shown.html", codes=risen.recovery_codes, onward=onward)
    return carry_token(Response(page, mimetype="text/html"), risen.token)


def _is_complete() -> bool:
    found: OpenSession = g.staff_session
    return found.complete


def _token() -> str:
    return session_token(request) or ""


def _target() -> str:
    return way_back(request.values.get("next"))
