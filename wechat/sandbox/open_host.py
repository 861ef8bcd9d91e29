"""The host open.weixin.qq.com: the page on which a person lets a site know who they are."""

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wechat.sandbox.authorisation import Authorisation, grant, read_authorisation
from wechat.sandbox.current import current_account
from wechat.sandbox.errors import AuthoriseError
from wechat.sandbox.followers import Follower
from wechat.sandbox.phone import COOKIE

open_host = Blueprint("open", __name__, url_prefix="/open")


@open_host.get("/connect/oauth2/authorize")
def authorise() -> ResponseReturnValue:
    asked, follower = _asked(), _holder()
    if follower is None:
        here = f"{request.path}?{_query()}"
        return render_template("pick.html", people=current_account().followers.everyone(), onward=here)
    if asked.silent:
        return _back_with_code(follower, asked)
    return render_template("consent.html", follower=follower)


@open_host.post("/connect/oauth2/authorize")
def decide() -> ResponseReturnValue:
    asked, follower = _asked(), _holder()
    if follower is not None and request.form.get("decision") == "allow":
        return _back_with_code(follower, asked)
    return render_template("refused.html", sentence="您没有同意，这个网页不会知道您是谁。", follower=follower)


@open_host.errorhandler(AuthoriseError)
def refuse(error: AuthoriseError) -> ResponseReturnValue:
    return render_template("refused.html", sentence=error.sentence, code=error.code, follower=_holder())


def _asked() -> Authorisation:
    config = current_account().config
    return read_authorisation(_query(), config.appid, config.callback_domain)


def _query() -> str:
    return request.query_string.decode(errors="replace")


def _holder() -> Follower | None:
    return current_account().followers.find(request.cookies.get(COOKIE, ""))


def _back_with_code(follower: Follower, asked: Authorisation) -> ResponseReturnValue:
    response = make_response(redirect(grant(current_account(), follower, asked)))
    response.headers["Cache-Control"] = "no-store"
    return response
