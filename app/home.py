"""The home page and the console's desk, composed from what the rooms offer."""

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue

from foundation.clock import local, show_day, utc_now
from staff.audit import latest_acts
from staff.authority import ACTS, act, declare_act
from staff.navigation import add_navigation
from votes.current import current_polls
from votes.desk import desk_items

blueprint = Blueprint("home", __name__)

DESK = "desk.see"
RECENT_ACTS = 8
declare_act(DESK, "看今日")


@blueprint.get("/")
def home() -> str:
    return render_template("app/home.html", polls=current_polls())


@blueprint.get("/console/")
@act(DESK)
def desk() -> ResponseReturnValue:
    recent = latest_acts(size=RECENT_ACTS).lines
    day = show_day(local(utc_now()).date())
    return render_template("app/desk.html", day=day, items=desk_items(), recent=recent, acts=ACTS)


def init_home(app: Flask) -> None:
    add_navigation(app, "", "今日", "home.desk", DESK)
