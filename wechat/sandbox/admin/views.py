"""The admin API: the clock, faults, accounts, people, and what was sent. JSON in and out, an error as {"error": …}."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from wechat.sandbox.admin.orders import (
    account_json,
    account_of,
    change_person,
    change_settings,
    fault_json,
    mass_json,
    open_account,
    order_fault,
    person_of,
    read_push,
)
from wechat.sandbox.current import current_world
from wechat.sandbox.engine.sending import confirm
from wechat.sandbox.errors import AdminError, ApiError, PhoneError
from wechat.sandbox.faults.plan import PLACES
from wechat.sandbox.phone.bubbles import delivery_json, follower_json, line_json
from wechat.sandbox.platform.template_api import templates_of
from wechat.sandbox.state.account import Account

admin = Blueprint("admin", __name__)
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MOST_CROWD = 1_000_000


@admin.before_request
def keep_others_out() -> None:
    """Nobody but a program on this machine that names it so, and no page of another site."""
    host = request.host.rpartition(":")[0] or request.host
    origin = request.headers.get("Origin")
    if host not in LOOPBACK or (origin and origin != request.host_url.rstrip("/")):
        abort(403)


@admin.get("/")
def overview() -> Response:
    world = current_world()
    return jsonify(
        clock=_clock(),
        waiting=world.schedule.waiting(),
        accounts=[account_json(account) for account in world.accounts.values()],
        faults=[fault_json(fault) for fault in world.faults.all()],
        known_faults=PLACES,
    )


@admin.get("/clock")
def clock() -> Response:
    return jsonify(_clock())


@admin.post("/clock")
def move_clock() -> Response:
    """`freeze` (true or a moment), `thaw` or `advance` (seconds); what falls due by it is done before the answer."""
    given, moved = _given(), current_world().clock
    if given.get("thaw"):
        moved.thaw()
    if freeze := given.get("freeze"):
        moved.freeze(None if freeze is True else float(freeze))
    moved.advance(float(given.get("advance", 0)))
    current_world().schedule.run_due()
    return jsonify(_clock())


@admin.post("/jobs/run")
def run_jobs() -> Response:
    """Do what is due now, or with `everything` all that waits."""
    done = current_world().schedule.run_due(everything=bool(_given().get("everything")))
    return jsonify(done=done, waiting=current_world().schedule.waiting())


@admin.get("/faults")
def faults() -> Response:
    return jsonify(faults=[fault_json(fault) for fault in current_world().faults.all()])


@admin.post("/faults")
def add_fault() -> ResponseReturnValue:
    return jsonify(fault_json(order_fault(current_world(), _given()))), 201


@admin.delete("/faults")
@admin.delete("/faults/<int:number>")
def cancel_faults(number: int | None = None) -> ResponseReturnValue:
    current_world().faults.cancel(number)
    return "", 204


@admin.get("/calls")
def calls() -> Response:
    log = current_world().calls
    return jsonify(counts=log.counts(), latest=[asdict(record) for record in log.latest()])


@admin.delete("/calls")
def forget_calls() -> ResponseReturnValue:
    current_world().calls.clear()
    return "", 204


@admin.get("/page-checks")
def page_checks() -> Response:
    """What pages handed to wx.config, and what came of it."""
    return jsonify(checks=list(current_world().page_checks))


@admin.post("/accounts")
def add_account() -> ResponseReturnValue:
    return jsonify(account_json(open_account(current_world(), _given()))), 201


@admin.get("/accounts/<appid>")
def account(appid: str) -> Response:
    return jsonify(account_json(_account(appid)))


@admin.patch("/accounts/<appid>")
def change_account(appid: str) -> Response:
    change_settings(_account(appid), _given())
    return jsonify(account_json(_account(appid)))


@admin.post("/accounts/<appid>/followers")
def add_followers(appid: str) -> ResponseReturnValue:
    """One person (`name`, `key`, `following`), or with `count` a crowd with the keys c1, c2 and so on."""
    given, followers = _given(), _account(appid).followers
    if "count" in given:
        followers.add_crowd(min(int(given["count"]), MOST_CROWD))
        return jsonify(followers=followers.count()), 201
    name, key = str(given.get("name", "示例群众")), str(given.get("key", ""))
    return jsonify(follower_json(followers.add(name, given.get("following", True) is True, key))), 201


@admin.patch("/accounts/<appid>/followers/<name>")
def change_follower(appid: str, name: str) -> Response:
    person = person_of(_account(appid), name)
    change_person(_account(appid), person, _given())
    return jsonify(follower_json(person))


@admin.get("/accounts/<appid>/outbox")
def sent(appid: str) -> Response:
    """How many lines came into chats by each way."""
    return jsonify(sent=_account(appid).outbox.sent())


@admin.get("/accounts/<appid>/outbox/<name>")
def outbox(appid: str, name: str) -> Response:
    """Everything one person saw, by key or openid; `via` picks one way."""
    found = _account(appid)
    lines = found.outbox.lines(person_of(found, name).openid)
    via = request.args.get("via")
    return jsonify(lines=[line_json(line) for line in lines if via in (None, line.via)])


@admin.delete("/accounts/<appid>/outbox")
def empty_outbox(appid: str) -> ResponseReturnValue:
    _account(appid).outbox.clear()
    return "", 204


@admin.get("/accounts/<appid>/pushes")
def pushes(appid: str) -> Response:
    """What was pushed and how the backend answered, of all or of one `person`."""
    found, name = _account(appid), request.args.get("person")
    openid = person_of(found, name).openid if name else None
    return jsonify(pushes=[delivery_json(delivery) for delivery in found.outbox.deliveries(openid)])


@admin.post("/accounts/<appid>/pushes")
def push(appid: str) -> Response:
    """Push anything, unknown events too; the answer says what came of it."""
    found = _account(appid)
    incoming = read_push(found, _given())
    found.push(incoming)
    made = found.outbox.deliveries(incoming.openid)
    return jsonify(push=delivery_json(made[-1]) if made else None)


@admin.post("/accounts/<appid>/verify")
def verify(appid: str) -> Response:
    """Ask the backend to prove that it knows the token."""
    return jsonify(verified=_account(appid).engine.verify())


@admin.post("/accounts/<appid>/tokens/expire")
def expire_tokens(appid: str) -> ResponseReturnValue:
    _account(appid).tokens.expire_all()
    return "", 204


@admin.post("/accounts/<appid>/quotas")
def set_quota(appid: str) -> ResponseReturnValue:
    """Other limits for a `path`: `daily`, `per_minute`."""
    given, found = _given(), _account(appid)
    found.quotas.set(str(given.get("path")), given.get("daily"), given.get("per_minute"))
    return "", 204


@admin.post("/accounts/<appid>/templates")
def add_template(appid: str) -> ResponseReturnValue:
    """`kind` (template, subscription, once), `title`, `content`; `template_id`, `consts`, `long_term` as wished."""
    given = _given()
    kind = str(given.get("kind", "template"))
    if kind not in ("template", "subscription", "once"):
        raise AdminError(422, "kind must be template, subscription or once")
    consts = {name: tuple(values) for name, values in (given.get("consts") or {}).items()}
    template = templates_of(_account(appid), kind).add(
        str(given.get("title", "")),
        str(given.get("content", "")),
        template_id=str(given.get("template_id", "")),
        consts=consts,
        long_term=given.get("long_term") is True,
    )
    return jsonify(asdict(template)), 201


@admin.post("/accounts/<appid>/menu")
def set_menu_on_page(appid: str) -> ResponseReturnValue:
    """Set the menu (`button`, in the form of menu/create, with any types) as on the account's own pages."""
    buttons = _given().get("button")
    if not isinstance(buttons, list) or not all(isinstance(one, dict) for one in buttons):
        raise AdminError(422, "button must be a list of objects")
    _account(appid).menu.make_on_page(buttons)
    return "", 204


@admin.post("/accounts/<appid>/autoreply")
def set_autoreply(appid: str) -> ResponseReturnValue:
    """What get_current_autoreply_info answers."""
    _account(appid).autoreply = _given()
    return "", 204


@admin.get("/accounts/<appid>/mass")
def mass(appid: str) -> Response:
    return jsonify(jobs=[mass_json(job) for job in _account(appid).mass.jobs()])


@admin.post("/accounts/<appid>/mass/<int:msg_id>")
def confirm_mass(appid: str, msg_id: int) -> Response:
    """The administrator's word on a waiting message: `allow` true or false."""
    return jsonify(mass_json(confirm(_account(appid), msg_id, _given().get("allow") is True)))


@admin.app_errorhandler(AdminError)
def refuse(error: AdminError) -> ResponseReturnValue:
    return jsonify(error=error.sentence), error.status


@admin.app_errorhandler(ApiError)
def refuse_as_platform(error: ApiError) -> ResponseReturnValue:
    return jsonify(error=error.errmsg, errcode=error.errcode), 422


@admin.app_errorhandler(PhoneError)
def refuse_as_phone(error: PhoneError) -> ResponseReturnValue:
    return jsonify(error=error.reason), error.status


def _account(appid: str) -> Account:
    return account_of(current_world(), appid)


def _clock() -> dict[str, object]:
    moved = current_world().clock
    return {"now": moved(), "frozen": moved.frozen}


def _given() -> Mapping[str, Any]:
    given = request.get_json(silent=True)
    if given is None and not request.get_data():
        return {}
    if not isinstance(given, dict):
        raise AdminError(422, "the body must be a JSON object")
    return given
