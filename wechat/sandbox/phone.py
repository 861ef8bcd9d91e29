"""The phone: a list of invented people, and for each a chat with the account, for eyes and for programs."""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from wechat.sandbox import conversation
from wechat.sandbox.account import Account
from wechat.sandbox.bubbles import delivery_json, follower_json, line_json, rows
from wechat.sandbox.chat import Delivery
from wechat.sandbox.current import current_account
from wechat.sandbox.errors import PhoneError
from wechat.sandbox.followers import Follower

COOKIE = "phone"
# As a form says it, and as a JSON boolean reads as text.
NO = ("no", "false")

phone = Blueprint("phone", __name__)


@phone.get("/")
def people() -> str:
    account = current_account()
    return render_template("people.html", people=account.followers.everyone(), config=account.config)


@phone.post("/phone")
def add() -> ResponseReturnValue:
    follower = current_account().followers.add(_given("name").strip(), _given("following").lower() not in NO)
    if _wants_json():
        return jsonify(follower_json(follower)), 201
    return redirect(_chat_page(follower), 303)


@phone.get("/phone/<key>/")
def chat(key: str) -> Response:
    account = current_account()
    follower = account.followers.get(key)
    page = render_template("chat.html", follower=follower, account=account, **_lines(account, follower))
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
        lines=[line_json(line) for line in account.followers.lines(follower)],
        pushes=[delivery_json(delivery) for delivery in account.followers.deliveries(follower)],
    )


@phone.post("/phone/<key>/pick")
def pick(key: str) -> Response:
    follower = current_account().followers.get(key)
    onward = _given("next")
    target = onward if onward.startswith("/open/connect/oauth2/authorize?") else _chat_page(follower)
    return _held_by(follower, make_response(redirect(target, 303)))


@phone.post("/phone/<key>/text")
def text(key: str) -> ResponseReturnValue:
    return _act(key, lambda account, follower: conversation.say(account, follower, _given("content")))


@phone.post("/phone/<key>/click")
def click(key: str) -> ResponseReturnValue:
    return _act(key, lambda account, follower: conversation.click(account, follower, _given("key")))


@phone.post("/phone/<key>/scan")
def scan(key: str) -> ResponseReturnValue:
    return _act(key, lambda account, follower: conversation.scan(account, follower, _given("scene")))


@phone.post("/phone/<key>/follow")
def follow(key: str) -> ResponseReturnValue:
    return _act(key, conversation.follow)


@phone.post("/phone/<key>/unfollow")
def unfollow(key: str) -> ResponseReturnValue:
    return _act(key, conversation.unfollow)


@phone.post("/phone/<key>/view")
def view(key: str) -> ResponseReturnValue:
    url = _given("url")
    if _wants_json():
        return _act(key, lambda account, follower: conversation.view(account, follower, url))
    account = current_account()
    follower = account.followers.get(key)
    conversation.view_meanwhile(account, follower, url)
    return _held_by(follower, make_response(redirect(url, 303)))


@phone.post("/phone/<key>/snapshot")
def snapshot(key: str) -> ResponseReturnValue:
    account = current_account()
    follower = account.followers.get(key)
    account.followers.set_snapshot(follower, _given("on").lower() not in ("", *NO))
    return jsonify(follower_json(follower)) if _wants_json() else redirect(_chat_page(follower), 303)


@phone.app_errorhandler(PhoneError)
def cannot(error: PhoneError) -> ResponseReturnValue:
    if _wants_json():
        return jsonify(error=error.reason, message=error.sentence), error.status
    return render_template("refused.html", sentence=error.sentence, code=None, follower=None), error.status


def _act(key: str, act: Callable[[Account, Follower], Delivery]) -> ResponseReturnValue:
    account = current_account()
    follower = account.followers.get(key)
    before = len(account.followers.lines(follower))
    delivery = act(account, follower)
    if not _wants_json():
        return redirect(_chat_page(follower), 303)
    new = account.followers.lines(follower, before)
    return jsonify(push=delivery_json(delivery), lines=[line_json(line) for line in new])


def _lines(account: Account, follower: Follower) -> dict[str, object]:
    written = account.followers.lines(follower)
    return {"rows": rows(written), "count": len(written)}


def _held_by(follower: Follower, response: Response) -> Response:
    """Whoever's phone was last in the hand is the one who authorises."""
    response.set_cookie(COOKIE, follower.key, samesite="Lax")
    response.headers["Cache-Control"] = "no-store"
    return response


def _chat_page(follower: Follower) -> str:
    return url_for("phone.chat", key=follower.key)


def _wants_json() -> bool:
    kinds = request.accept_mimetypes
    return kinds.best_match(["text/html", "application/json"]) == "application/json"


def _given(name: str) -> str:
    """A value of the form or of the JSON object that was sent; empty when it is not there."""
    body = request.get_json(silent=True)
    value = body.get(name, "") if isinstance(body, dict) else request.form.get(name, "")
    return str(value)
