"""The host mp.weixin.qq.com: one-time subscriptions, pictures of codes, articles and material."""

import io

import segno
from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wechat.sandbox.current import current_world
from wechat.sandbox.errors import ApiError, AuthoriseError
from wechat.sandbox.phone.views import COOKIE, phone_of
from wechat.sandbox.platform.authorisation import lies_in, with_query
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.followers import Follower
from wechat.sandbox.state.media import Medium

mp_host = Blueprint("mp", __name__, url_prefix="/mp")
MOST_SCENE = 10_000
RESERVED_BYTES = 128


@mp_host.get("/mp/subscribemsg")
def ask_once() -> ResponseReturnValue:
    account, _ = _asked_once()
    follower = account.followers.find(request.cookies.get(COOKIE, ""))
    if follower is None:
        here = f"{request.path}?{request.query_string.decode(errors='replace')}"
        people = account.followers.everyone()
        return render_template("pick.html", people=people, onward=here, account=account, phone_of=phone_of)
    return render_template("subscribe_once.html", follower=follower, account=account)


@mp_host.post("/mp/subscribemsg")
def decide_once() -> ResponseReturnValue:
    account, scene = _asked_once()
    follower = account.followers.find(request.cookies.get(COOKIE, ""))
    if follower is None:
        return redirect(request.full_path, 303)
    action = "confirm" if request.form.get("decision") == "allow" else "cancel"
    return redirect(_answer_once(account, follower, scene, action), 303)


@mp_host.get("/cgi-bin/showqrcode")
def show_code() -> Response:
    found = (one.scene_codes.by_ticket(request.args.get("ticket", "")) for one in current_world().accounts.values())
    code = next((one for one in found if one), None)
    if code is None:
        abort(404)
    picture = io.BytesIO()
    segno.make(code.url, error="m").save(picture, kind="png", scale=8)
    return Response(picture.getvalue(), content_type="image/png")


@mp_host.get("/s/<name>")
def article(name: str) -> ResponseReturnValue:
    found = (one.articles.page(name) for one in current_world().accounts.values())
    shown = next((one for one in found if one), None)
    if shown is None:
        return render_template("refused.html", sentence="该内容已被发布者删除。", back="/"), 404
    page = Response(render_template("article.html", article=shown.fields))
    page.headers["Content-Security-Policy"] = "script-src 'none'"
    return page


@mp_host.get("/mmbiz/<name>")
def picture(name: str) -> Response:
    return _file(next((one for each in current_world().accounts.values() if (one := each.media.picture(name))), None))


@mp_host.get("/media/<media_id>")
def medium(media_id: str) -> Response:
    found = (_medium(account, media_id) for account in current_world().accounts.values())
    return _file(next((one for one in found if one), None))


@mp_host.errorhandler(AuthoriseError)
def refuse(error: AuthoriseError) -> ResponseReturnValue:
    return render_template("refused.html", sentence=error.sentence, code=error.code, back="/")


def _asked_once() -> tuple[Account, int]:
    """The account and the scene of an address for a one-time subscription, if the platform accepts it."""
    given = request.args
    account = current_world().by_appid(given.get("appid"))
    if account is None or given.get("action") != "get_confirm":
        raise AuthoriseError(None, "appid 或 action 参数错误")
    if not account.may("once_subscription"):
        raise AuthoriseError(None, "这个公众号没有一次性订阅消息的权限")
    scene = given.get("scene", "")
    if not scene.isdecimal() or int(scene) > MOST_SCENE:
        raise AuthoriseError(None, "scene 要是 0 到 10000 的整数")
    if not lies_in(given.get("redirect_url", ""), account.config.redirect_domains):
        raise AuthoriseError(None, "redirect_url 的域名与后台配置不一致")
    if len(given.get("reserved", "").encode()) > RESERVED_BYTES:
        raise AuthoriseError(None, "reserved 不能超过 128 个字节")
    try:
        account.once_templates.get(given.get("template_id"))
    except ApiError as error:
        raise AuthoriseError(None, "template_id 不是这个公众号的") from error
    return account, int(scene)


def _answer_once(account: Account, follower: Follower, scene: int, action: str) -> str:
    template_id, reserved = request.args["template_id"], request.args.get("reserved", "")
    told = {"template_id": template_id, "action": action, "scene": str(scene), "reserved": reserved}
    if action == "confirm":
        account.consents.accept_once(follower.openid, template_id, scene)
        told = {"openid": follower.openid, **told}
    return with_query(request.args["redirect_url"], **told)


def _medium(account: Account, media_id: str) -> Medium | None:
    try:
        return account.media.either(media_id, "image", "voice", "video", "thumb")
    except ApiError:
        return None


def _file(kept: Medium | None) -> Response:
    if kept is None:
        abort(404)
    return Response(kept.data, content_type=kept.content_type)
