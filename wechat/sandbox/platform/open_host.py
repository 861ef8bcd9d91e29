"""The host open.weixin.qq.com: the page on which a person lets a site know who they are."""

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wechat.sandbox.current import current_world
from wechat.sandbox.engine.posting import NoConnectionError, get_text
from wechat.sandbox.errors import AuthoriseError
from wechat.sandbox.phone.views import COOKIE, phone_of
from wechat.sandbox.platform.authorisation import Authorisation, grant, read_authorisation
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.followers import Follower

open_host = Blueprint("open", __name__, url_prefix="/open")
PREVIEW_SECONDS = 5.0


@open_host.get("/connect/oauth2/authorize")
def authorise() -> ResponseReturnValue:
    asked = _asked()
    if asked.account.config.check_fragment and "wechat_redirect" not in request.args:
        return render_template("fragment.html")
    follower = _holder(asked.account)
    if follower is None:
        here = f"{request.path}?{_query()}"
        people = asked.account.followers.everyone()
        return render_template("pick.html", people=people, onward=here, account=asked.account, phone_of=phone_of)
    if asked.asks(follower):
        return render_template("consent.html", follower=follower)
    return _back_with_code(follower, asked)


@open_host.post("/connect/oauth2/authorize")
def decide() -> ResponseReturnValue:
    asked = _asked()
    follower = _holder(asked.account)
    if follower is not None and request.form.get("decision") == "allow":
        return _back_with_code(follower, asked)
    back = phone_of(asked.account, follower) if follower else "/"
    return render_template("refused.html", sentence="您没有同意，这个网页不会知道您是谁。", back=back)


@open_host.errorhandler(AuthoriseError)
def refuse(error: AuthoriseError) -> ResponseReturnValue:
    account = current_world().first
    follower = _holder(account)
    back = phone_of(account, follower) if follower else "/"
    return render_template("refused.html", sentence=error.sentence, code=error.code, back=back)


def _asked() -> Authorisation:
    return read_authorisation(current_world(), _query())


def _query() -> str:
    return request.query_string.decode(errors="replace")


def _holder(account: Account) -> Follower | None:
    return account.followers.find(request.cookies.get(COOKIE, ""))


def _back_with_code(follower: Follower, asked: Authorisation) -> ResponseReturnValue:
    fault = current_world().faults.take("oauth", asked.scope)
    kind = fault.kind if fault else None
    target = grant(follower, asked, kind)
    if kind == "preview":
        _visit(target)
    if kind == "double_callback":
        response = make_response(render_template("twice.html", target=target))
    else:
        response = make_response(redirect(target))
    response.headers["Cache-Control"] = "no-store"
    return response


def _visit(target: str) -> None:
    """Open the page before the person does, without their cookies, as whoever makes a preview of it."""
    try:
        get_text(target, {}, PREVIEW_SECONDS)
    except (TimeoutError, NoConnectionError):
        return
