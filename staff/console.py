"""The console's own pages: sign-in, the password, downloads, the audit trail; and the frame's registration."""

from collections.abc import Mapping
from io import BytesIO

from flask import Blueprint, Flask, Response, current_app, flash, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from config import Settings
from foundation.errors import AppError
from staff.accounts import list_accounts
from staff.actors import NOT_MEMBERS
from staff.audit import latest_acts
from staff.authority import ACTS, act, csrf_field, csrf_token, current_actor, open_to_all, stranger, way_back
from staff.cookies import carry_token, drop_token, session_token
from staff.downloads import download_status, downloads_of, take_file
from staff.entry import change_own_password, demo_accounts, sign_in_for_demo, sign_out
from staff.entry import sign_in as enter
from staff.navigation import OWN_GROUP, add_navigation, console_menu

blueprint = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")
demo_blueprint = Blueprint("console_demo", __name__, url_prefix="/console")


@blueprint.get("/sign-in")
@open_to_all("this is where one signs in")
def sign_in() -> ResponseReturnValue:
    return _sign_in_page(lost="lost" in request.args)


@blueprint.post("/sign-in")
@open_to_all("this is where one signs in")
def sign_in_with_password() -> ResponseReturnValue:
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        entry = enter(name, password, stranger(), replaces=session_token(request))
    except AppError as error:
        return _sign_in_page(name=name, error=error), error.status
    return carry_token(_go(way_back(request.form.get("next"))), entry.token)


@demo_blueprint.post("/demo-sign-in/<name>")
@open_to_all("the demo lets everybody be its invented staff")
def demo_sign_in(name: str) -> ResponseReturnValue:
    entry = sign_in_for_demo(name, stranger(), replaces=session_token(request))
    return carry_token(_go(way_back(request.form.get("next"))), entry.token)


@blueprint.post("/sign-out")
@act("staff.sign_out")
def leave() -> ResponseReturnValue:
    sign_out(session_token(request) or "", current_actor())
    return drop_token(_go(url_for("console.sign_in")))


@blueprint.get("/password")
@act("staff.password")
def password() -> str:
    return render_template("staff/password.html", error=None)


@blueprint.post("/password")
@act("staff.password")
def change_password() -> ResponseReturnValue:
    current, new, repeated = (request.form.get(field, "") for field in ("current", "new", "repeated"))
    try:
        entry = change_own_password(current_actor(), current, new, repeated)
    except AppError as error:
        return render_template("staff/password.html", error=error), error.status
    flash("密码已修改，您在别处的登录都已退出。", "done")
    return carry_token(_go(url_for("console.password")), entry.token)


@blueprint.get("/downloads")
@act("downloads.see")
def downloads() -> str:
    return render_template("staff/downloads.html", downloads=downloads_of(current_actor()))


@blueprint.get("/downloads/<key>")
@act("downloads.see", keeps_awake=False)
def download(key: str) -> str:
    return render_template("staff/_download.html", download=download_status(key, current_actor()))


@blueprint.get("/downloads/<key>/file")
@act("downloads.fetch")
def download_file(key: str) -> Response:
    file = take_file(key, current_actor())
    answer = send_file(BytesIO(file.content), as_attachment=True, download_name=file.filename, etag=False)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/audit")
@act("audit.see")
def audit() -> str:
    people = NOT_MEMBERS | {account.name: account.display_name for account in list_accounts()}
    chosen = {"act": _chosen("act", ACTS), "person": _chosen("person", people)}
    before = request.args.get("before", type=int)
    page = latest_acts(act=chosen["act"], actor=chosen["person"], before=before)
    return render_template("staff/audit.html", page=page, acts=ACTS, people=people, chosen=chosen, before=before)


def register_console(app: Flask) -> None:
    """Give the application the console: its pages, the frame's navigation and the words templates use."""
    settings: Settings = app.config["SETTINGS"]
    app.jinja_env.globals.update(csrf_field=csrf_field, csrf_token=csrf_token, console_menu=console_menu)
    add_navigation(app, OWN_GROUP, "下载", "console.downloads", "downloads.see")
    add_navigation(app, OWN_GROUP, "操作记录", "console.audit", "audit.see")
    app.register_blueprint(blueprint)
    if settings.demo:
        app.register_blueprint(demo_blueprint)


def _sign_in_page(*, name: str = "", error: AppError | None = None, lost: bool = False) -> str:
    target = way_back(request.form.get("next") or request.args.get("next"))
    people = demo_accounts() if _is_demo() else ()
    return render_template("staff/sign_in.html", name=name, error=error, lost=lost, target=target, people=people)


def _chosen(parameter: str, offered: Mapping[str, str]) -> str:
    """Return what was chosen of what the page offers, or nothing."""
    value = request.args.get(parameter, "")
    return value if value in offered else ""


def _is_demo() -> bool:
    return demo_blueprint.name in current_app.blueprints


def _go(address: str) -> Response:
    return Response(status=303, headers={"Location": address})
