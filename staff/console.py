"""The console's own pages: sign-in and downloads; and the frame's registration."""

from io import BytesIO

from flask import Blueprint, Flask, Response, current_app, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from config import Settings
from foundation.errors import AppError
from staff.acts import words_of
from staff.authority import act, csrf_field, csrf_token, current_actor, may, open_to_all, stranger, way_back
from staff.cookies import carry_token, drop_token, session_token, this_browser
from staff.downloads import download_status, downloads_of, take_by_link
from staff.entry import demo_accounts, sign_in_for_demo, sign_out
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
        entry = enter(name, password, stranger(), replaces=session_token(request), browser=this_browser())
    except AppError as error:
        return _sign_in_page(name=name, error=error), error.status
    second = url_for("console_own.second_step", next=way_back(request.form.get("next")))
    return carry_token(_go(second), entry.token)


@demo_blueprint.post("/demo-sign-in/<name>")
@open_to_all("the demo lets everybody be its invented staff")
def demo_sign_in(name: str) -> ResponseReturnValue:
    entry = sign_in_for_demo(name, stranger(), replaces=session_token(request), browser=this_browser())
    return carry_token(_go(way_back(request.form.get("next"))), entry.token)


@blueprint.post("/sign-out")
@act("staff.sign_out")
def leave() -> ResponseReturnValue:
    sign_out(session_token(request) or "", current_actor())
    return drop_token(_go(url_for("console.sign_in")))


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
    file = take_by_link(key, request.args.get("ticket", ""), csrf_token(), current_actor())
    answer = send_file(BytesIO(file.content), as_attachment=True, download_name=file.filename, etag=False)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def register_console(app: Flask) -> None:
    """Give the application the console: its pages, the frame's navigation and the words templates use."""
    settings: Settings = app.config["SETTINGS"]
    app.jinja_env.globals.update(
        csrf_field=csrf_field, csrf_token=csrf_token, console_menu=console_menu, act_words=words_of, can=_can
    )
    add_navigation(app, OWN_GROUP, "下载", "console.downloads", "downloads.see")
    app.register_blueprint(blueprint)
    if settings.demo:
        app.register_blueprint(demo_blueprint)


def _sign_in_page(*, name: str = "", error: AppError | None = None, lost: bool = False) -> str:
    target = way_back(request.form.get("next") or request.args.get("next"))
    people = demo_accounts() if _is_demo() else ()
    return render_template("staff/sign_in.html", name=name, error=error, lost=lost, target=target, people=people)


def _can(name: str) -> bool:
    """Tell templates whether the reader may do an act, so that no button leads to a closed door."""
    return may(current_actor(), name)


def _is_demo() -> bool:
    return demo_blueprint.name in current_app.blueprints


def _go(address: str) -> Response:
    return Response(status=303, headers={"Location": address})
