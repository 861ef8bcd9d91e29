"""The pages behind links that were handed over: a new account, a new password. Nobody has signed in here."""

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError, NotFound
from foundation.forms import faults_of
from staff.authority import open_to_all, stranger
from staff.cookies import carry_token, session_token, this_browser
from staff.people.accepting import accept_invitation, read_password_link, read_welcome, use_password_link

blueprint = Blueprint("newcomers", __name__, url_prefix="/console")


@blueprint.get("/invitations/<token>")
@open_to_all("whoever is invited has no account yet; the token opens one, once")
def invitation_page(token: str) -> ResponseReturnValue:
    return _invitation_page(token)


@blueprint.post("/invitations/<token>")
@open_to_all("whoever is invited has no account yet; the token opens one, once")
def accept_now(token: str) -> ResponseReturnValue:
    name, password, repeated = (request.form.get(field, "") for field in ("name", "password", "repeated"))
    try:
        begun = accept_invitation(
            token,
            name,
            password,
            repeated,
            stranger(),
            replaces=session_token(request),
            browser=this_browser(),
        )
    except AppError as error:
        return _invitation_page(token, error)
    return _to_second_step(begun)


@blueprint.get("/password-links/<token>")
@open_to_all("whoever forgot the password cannot sign in; the token sets a new one, once")
def password_link_page(token: str) -> ResponseReturnValue:
    return _password_page(token)


@blueprint.post("/password-links/<token>")
@open_to_all("whoever forgot the password cannot sign in; the token sets a new one, once")
def set_password_now(token: str) -> ResponseReturnValue:
    password, repeated = request.form.get("password", ""), request.form.get("repeated", "")
    try:
        begun = use_password_link(
            token, password, repeated, stranger(), replaces=session_token(request), browser=this_browser()
        )
    except AppError as error:
        return _password_page(token, error)
    return _to_second_step(begun)


def _invitation_page(token: str, error: AppError | None = None) -> ResponseReturnValue:
    try:
        welcome = read_welcome(token)
    except NotFound as gone:
        return render_template("staff/people/link_gone.html", message=gone.message), gone.status
    name = request.form.get("name", "")
    page = render_template("staff/people/invitation.html", welcome=welcome, name=name, faults=faults_of(error))
    return page, error.status if error else 200


def _password_page(token: str, error: AppError | None = None) -> ResponseReturnValue:
    try:
        newcomer = read_password_link(token)
    except NotFound as gone:
        return render_template("staff/people/link_gone.html", message=gone.message), gone.status
    page = render_template("staff/people/new_password.html", newcomer=newcomer, faults=faults_of(error))
    return page, error.status if error else 200


def _to_second_step(token: str) -> Response:
    return carry_token(Response(status=303, headers={"Location": url_for("console_own.second_step")}), token)
