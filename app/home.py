"""The home page and the console's desk, composed from what the rooms offer."""

from flask import Blueprint, Flask, Response, render_template
from flask.typing import ResponseReturnValue

from app.texts import HOME_NOTICE
from foundation.clock import local, show_day, utc_now
from publicity.notices.desk import desk_items as notices_on_the_desk
from publicity.notices.home import home_items as notices_at_home
from publicity.objections.desk import desk_items as objections_on_the_desk
from publicity.pushes.desk import desk_items as pushes_on_the_desk
from staff.acts import allows, declare_act
from staff.approvals.console import desk_items as approvals_on_the_desk
from staff.audit import latest_acts
from staff.audit.console import desk_items as trail_on_the_desk
from staff.authority import act, current_actor
from staff.desk import in_order
from staff.navigation import add_navigation
from staff.options.calendar import desk_items as calendar_on_the_desk
from staff.people.console import desk_items as people_on_the_desk
from staff.personal.console import desk_items as retention_on_the_desk
from staff.roles import EVERYBODY
from staff.supervision.desk import desk_items as supervision_on_the_desk
from votes.current import current_polls
from votes.desk import desk_items as polls_on_the_desk
from votes.reminders import desk_items as reminders_on_the_desk
from wechat.js_sdk import allow_sharing
from wechat.troubles import desk_items as account_on_the_desk

blueprint = Blueprint("home", __name__)

DESK = "desk.see"
RECENT_ACTS = 8
ON_THE_DESK = (
    trail_on_the_desk,
    supervision_on_the_desk,
    people_on_the_desk,
    approvals_on_the_desk,
    notices_on_the_desk,
    objections_on_the_desk,
    polls_on_the_desk,
    pushes_on_the_desk,
    retention_on_the_desk,
    reminders_on_the_desk,
    calendar_on_the_desk,
    account_on_the_desk,
)
"""What the rooms put on the desk, in this order among equals."""

declare_act(DESK, "看今日", roles=EVERYBODY)


@blueprint.get("/")
def home() -> Response:
    polls, notices = current_polls(), notices_at_home()
    page = render_template("app/home.html", polls=polls, notices=notices, notice=HOME_NOTICE.value())
    return allow_sharing(Response(page))


@blueprint.get("/console/")
@act(DESK)
def desk() -> ResponseReturnValue:
    actor = current_actor()
    items = in_order(tuple(item for offered in ON_THE_DESK for item in offered(actor)))
    recent = latest_acts(size=RECENT_ACTS, actor="" if allows(actor, "audit.see") else actor.name)
    day = show_day(local(utc_now()).date())
    return render_template("app/desk.html", day=day, items=items, recent=recent)


def init_home(app: Flask) -> None:
    add_navigation(app, "", "今日", "home.desk", DESK)
