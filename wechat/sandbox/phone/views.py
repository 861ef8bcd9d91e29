"""The phones: a list of invented people, and for each a chat with the account, for eyes and for programs."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wechat.sandbox.current import current_account, current_world
from wechat.sandbox.errors import PhoneError
from wechat.sandbox.phone import conversation
from wechat.sandbox.phone.bubbles import delivery_json, follower_json, line_json, rows
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.chat import Delivery
from wechat.sandbox.state.followers import Follower

COOKIE = "phone"
# As a form says it, and as a JSON boolean reads as text.
NO = ("", "no", "false")
ONWARD = ("/open/connect/oauth2/authorize?", "/mp/mp/subscribemsg?")
MOST_TOGETHER = 4

phone = Blueprint("phone", __name__)


@phone.url_value_preprocessor
def remember_account(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Pages of another account than the first stand below its appid."""
    g.appid = (values or {}).pop("appid", None)


def phone_of(account: Account, follower: Follower) -> str:
    """Where a person's phone stands."""
    return f"{_base(account)}/phone/{follower.key}/"


@phone.get("/")
def people() -> str:
    account = current_account()
    others = [one for one in current_world().accounts.values() if one is not account]
    everyone = account.followers.everyone()
    return render_template("people.html", people=everyone, account=account, others=others, base=_base(account))


@phone.get("/together")
def together() -> str:
    """Several phones beside each other."""
    account = current_account()
    keys = request.args.getlist("who")[:MOST_TOGETHER]
    shown = [account.followers.get(key) for key in keys] or account.followers.everyone()[:2]
    pages = [(follower, phone_of(account, follower)) for follower in shown]
    return render_template("together.html", pages=pages, account=account, base=_base(account))


@phone.get("/q/<name>")
def scanned(name: str) -> ResponseReturnValue:
    """What a code with a scene leads to: the question who scanned it."""
    account = current_account()
    code = account.scene_codes.by_url(name)
    if code is None:
        return render_template("refused.html", sentence="这个二维码已经过期。", back="/"), 404
    shown = account.followers.everyone()
    return render_template("scanned.html", people=shown, scene=code.scene, account=account, phone_of=phone_of)


@phone.post("/phone")
def add() -> ResponseReturnValue:
    account = current_account()
    following = _given("following", "yes").lower() not in NO
    follower = account.followers.add(_given("name").strip(), following, _given("key"))
    if _wants_json():
        return jsonify(follower_json(follower)), 201
    return redirect(phone_of(account, follower), 303)


@phone.get("/phone/<key>/")
def chat(key: str) -> Response:
    account = current_account()
    follower = account.followers.get(key)
    buttons = account.menu.for_follower(follower)[0] if account.may("menu") else []
    page = render_template(
        "chat.html",
        follower=follower,
        account=account,
        buttons=buttons,
        notices=account.notice_templates.all(),
        base=phone_of(account, follower),
        home=f"{_base(account)}/",
        beside="beside" in request.args,
        **_lines(account, follower),
    )
    return _held_by(follower, make_response(page))


@phone.get("/phone/<key>/lines")
def lines(key: str) -> ResponseReturnValue:
    account = current_account()
    shown = _lines(account, account.followers.get(key))
    if request.args.get("seen") == str(shown["count"]):
        return "", 204
    return render_template("_lines.html", **shown)


@phone.get("/phone/<key>/chat.json")
def chat_json(key: str) -> Response:
    account = current_account()
    follower = account.followers.get(key)
    return jsonify(
        follower=follower_json(follower),
        lines=[line_json(line) for line in account.outbox.lines(follower.openid)],
        pushes=[delivery_json(delivery) for delivery in account.outbox.deliveries(follower.openid)],
    )


@phone.post("/phone/<key>/pick")
def pick(key: str) -> Response:
    account = current_account()
    follower = account.followers.get(key)
    onward = _given("next")
    target = onward if onward.startswith(ONWARD) else phone_of(account, follower)
    return _held_by(follower, make_response(redirect(target, 303)))


@phone.post("/phone/<key>/text")
def text(key: str) -> ResponseReturnValue:
    return _act(key, lambda account, follower: conversation.say(account, follower, _given("content")))


@phone.post("/phone/<key>/message")
def message(key: str) -> ResponseReturnValue:
    """A message of any kind: `kind`, and the fields of its XML."""
    fields = {name: value for name, value in _all_given().items() if name != "kind"}
    return _act(key, lambda account, follower: conversation.send(account, follower, _given("kind"), fields))


@phone.post("/phone/<key>/click")
def click(key: str) -> ResponseReturnValue:
    return _act(key, lambda account, follower: conversation.click(account, follower, _given("key")))


@phone.post("/phone/<key>/press")
def press(key: str) -> ResponseReturnValue:
    """A button of the menu by its name, whatever its type; `result` for what was scanned or chosen."""
    name, result = _given("name"), _given("result")
    return _act(key, lambda account, follower: conversation.press(account, follower, name, result))


@phone.post("/phone/<key>/scan")
def scan(key: str) -> ResponseReturnValue:
    return _act(key, lambda account, follower: conversation.scan(account, follower, _given("scene")))


@phone.post("/phone/<key>/follow")
def follow(key: str) -> ResponseReturnValue:
    return _act(key, conversation.follow)


@phone.post("/phone/<key>/unfollow")
def unfollow(key: str) -> ResponseReturnValue:
    return _act(key, conversation.unfollow)


@phone.post("/phone/<key>/location")
def location(key: str) -> ResponseReturnValue:
    latitude, longitude = _given("latitude", "35.24"), _given("longitude", "113.23")
    return _act(key, lambda account, follower: conversation.locate(account, follower, latitude, longitude))


@phone.post("/phone/<key>/subscribe")
def subscribe(key: str) -> ResponseReturnValue:
    """Answer to a template's notices: `accept` or `reject`; with `later`, in the account's settings."""
    template_id, accept, later = _given("template_id"), _given("answer") == "accept", _given("later") not in NO
    return _act(
        key,
        lambda account, follower: conversation.answer_notices(account, follower, template_id, accept, later=later),
    )


@phone.post("/phone/<key>/view")
def view(key: str) -> ResponseReturnValue:
    url = _given("url")
    if _wants_json():
        return _act(key, lambda account, follower: conversation.view(account, follower, url))
    account = current_account()
    follower = account.followers.get(key)
    conversation.view_meanwhile(account, follower, url)
    return _held_by(follower, make_response(redirect(url, 303)))


@phone.post("/phone/<key>/opened")
def opened(key: str) -> ResponseReturnValue:
    """A link of the chat was opened, so that an authorisation soon after asks nothing."""
    account = current_account()
    account.followers.comes_from_chat(account.followers.get(key))
    return "", 204


@phone.post("/phone/<key>/snapshot")
def snapshot(key: str) -> ResponseReturnValue:
    return _switch(key, lambda account, follower, on: account.followers.set_snapshot(follower, on))


@phone.post("/phone/<key>/refuse")
def refuse_notices(key: str) -> ResponseReturnValue:
    return _switch(key, lambda account, follower, on: account.followers.set_refusing(follower, on))


@phone.app_errorhandler(PhoneError)
def cannot(error: PhoneError) -> ResponseReturnValue:
    if _wants_json():
        return jsonify(error=error.reason, message=error.sentence), error.status
    return render_template("refused.html", sentence=error.sentence, code=None, back="/"), error.status


def _switch(key: str, turn: Callable[[Account, Follower, bool], None]) -> ResponseReturnValue:
    account = current_account()
    follower = account.followers.get(key)
    turn(account, follower, _given("on").lower() not in NO)
    return jsonify(follower_json(follower)) if _wants_json() else _back_to_chat(account, follower)


def _act(key: str, act: Callable[[Account, Follower], Delivery | None]) -> ResponseReturnValue:
    account = current_account()
    follower = account.followers.get(key)
    before = account.outbox.lines(follower.openid)
    delivery = act(account, follower)
    if not _wants_json():
        return _back_to_chat(account, follower)
    new = account.outbox.lines(follower.openid, before[-1].number if before else 0)
    push = delivery_json(delivery) if delivery else None
    return jsonify(push=push, lines=[line_json(line) for line in new])


def _back_to_chat(account: Account, follower: Follower) -> ResponseReturnValue:
    beside = "?beside=1" if "beside" in request.args else ""
    return redirect(f"{phone_of(account, follower)}{beside}", 303)


def _lines(account: Account, follower: Follower) -> dict[str, object]:
    written = account.outbox.lines(follower.openid)
    return {"rows": rows(written), "count": written[-1].number if written else 0}


def _held_by(follower: Follower, response: Response) -> Response:
    """Whoever's phone was last in the hand is the one who authorises."""
    response.set_cookie(COOKIE, follower.key, samesite="Lax")
    response.headers["Cache-Control"] = "no-store"
    return response


def _base(account: Account) -> str:
    return "" if account is current_world().first else f"/accounts/{account.config.appid}"


def _wants_json() -> bool:
    kinds = request.accept_mimetypes
    return kinds.best_match(["text/html", "application/json"]) == "application/json"


def _all_given() -> Mapping[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else request.form


def _given(name: str, default: str = "") -> str:
    """A value of the form or of the JSON object that was sent."""
    return str(_all_given().get(name, default))
