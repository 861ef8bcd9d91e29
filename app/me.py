"""What is kept about a reader, for their own eyes; leaving for good; and what is kept of anybody, for how long."""

import hmac
import io

import segno
from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from config import Settings
from foundation.clock import local_day, utc_now
from foundation.errors import NotAllowed
from foundation.web import same_origin, token_for
from publicity.objections.personal_data import objections_part
from staff.personal.retention import RULES
from votes.chat.personal_data import chat_part
from votes.personal_data import enquiry_phone, votes_part
from wechat.identity import Voter, current_voter
from wechat.inbox import Push, Reply, TextReply, register_handler
from wechat.links import way_in
from wechat.offers import offer_keyword
from wechat.personal_data import account_part, forget_voter, sign_out_voter

blueprint = Blueprint("me", __name__)
PARTS = (account_part, votes_part, chat_part, objections_part)
"""What the rooms keep about a reader, in the order of the page."""

FIRST = ("votes.ballots", "votes.voter_keys", "wechat.following", "wechat.cookie")
"""What concerns every voter, at the head of the notice; the rest follows as it was declared."""

WORD = "我的信息"
PURPOSE = "me"
"""For what somebody is known who came to these pages by a personal link."""

WECHAT_HOST = "https://open.weixin.qq.com"


def init_me(app: Flask) -> None:
    """Have the pages served, and the chat answer with the way to them."""
    app.register_blueprint(blueprint)
    register_handler(app, answer_me)
    offer_keyword(app, WORD, "看保存了您的哪些信息，也可以删除", leads_in=True)


def answer_me(push: Push) -> Reply | None:
    """Answer 我的信息 with the way to what is kept about whoever asks."""
    if push.asks_for != WORD:
        return None
    return TextReply(f"看本系统保存了您的哪些信息：\n{way_in(push.openid, PURPOSE, '/me', button='看我的信息')}")


@blueprint.get("/me")
def me() -> str:
    voter = _voter()
    if voter is None:
        return render_template("app/me_unknown.html", snapshot=_is_snapshot(), in_wechat=_in_wechat())
    return _me_page(voter)


@blueprint.post("/me/leave")
def leave_now() -> ResponseReturnValue:
    voter = _voter()
    if voter is None:
        return redirect("/me", 303)
    if not _from_our_page(voter):
        raise NotAllowed("这一页放得太久了，请返回“我的信息”刷新后再试。")
    if "confirmed" not in request.form:
        return _me_page(voter, unconfirmed=True), 422
    forget_voter(voter.openid)
    response = redirect("/me/left", 303)
    sign_out_voter(response)
    return response


@blueprint.get("/me/left")
def left() -> str:
    return render_template("app/me_left.html")


@blueprint.get("/me/qr.svg")
def qr() -> Response:
    picture = io.BytesIO()
    segno.make(f"{_settings().public_url}/me", error="m").save(picture, kind="svg", scale=4, border=2)
    return Response(picture.getvalue(), content_type="image/svg+xml")


@blueprint.get("/privacy")
def privacy() -> str:
    told = [rule for rule in RULES.values() if rule.notice is not None]
    told.sort(key=lambda rule: FIRST.index(rule.id) if rule.id in FIRST else len(FIRST))
    return render_template("app/privacy.html", rules=told, phone=enquiry_phone())


def _me_page(voter: Voter, *, unconfirmed: bool = False) -> str:
    parts = [part(voter) for part in PARTS]
    return render_template("app/me.html", parts=parts, token=_token(voter), unconfirmed=unconfirmed)


def _voter() -> Voter | None:
    """Return the reader as somebody with things kept about them; whom a snapshot names is nobody."""
    voter = current_voter(request, PURPOSE)
    return None if voter is None or voter.snapshot else voter


def _is_snapshot() -> bool:
    voter = current_voter(request)
    return voter is not None and voter.snapshot


def _in_wechat() -> bool:
    """Tell whether this looks like WeChat's browser; it only decides what is shown first."""
    stand_in = not _settings().wechat_open_url.startswith(WECHAT_HOST)
    return stand_in or "micromessenger" in request.user_agent.string.lower()


def _from_our_page(voter: Voter) -> bool:
    """Tell whether our own page sent this, today or yesterday, for this very reader."""
    given = request.form.get("token", "").encode()
    tokens = (_token(voter), _token(voter, days_ago=1))
    return same_origin(request, _settings().public_url) and any(
        hmac.compare_digest(given, token.encode()) for token in tokens
    )


def _token(voter: Voter, days_ago: int = 0) -> str:
    day = local_day(utc_now()).toordinal() - days_ago
    return token_for(_settings().secret_key.get_secret_value(), "leave", voter.openid, str(day))


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
