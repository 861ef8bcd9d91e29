"""The host api.weixin.qq.com: every answer is HTTP 200 with JSON, an error being an errcode in it."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from wechat.sandbox.current import current_world
from wechat.sandbox.errors import ApiError
from wechat.sandbox.faults import api_faults
from wechat.sandbox.identifiers import new_rid
from wechat.sandbox.platform.calls import Answer, Call, Endpoint, Raw
from wechat.sandbox.platform.contents import ENDPOINTS
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.media import Upload
from wechat.sandbox.world import CallRecord, World

api = Blueprint("api", __name__, url_prefix="/api")
# What some messages end with instead of a comma and the rid.
BARE_TAIL = frozenset({40001, 40164})


@api.route("/", defaults={"path": ""}, methods=["GET", "POST"])
@api.route("/<path:path>", methods=["GET", "POST"])
def call(path: str) -> Response:
    world, name = current_world(), f"/{path}"
    fault = world.faults.take("api", name)
    if fault is None:
        return _answered(world, name)
    page = api_faults.page(fault)
    if page:
        _note(world, name, None, "")
        return page
    access_token = request.args.get("access_token", "")
    try:
        account = world.by_token(access_token)
        api_faults.before(fault, world.faults, _address(), lambda: account.tokens.expire(access_token))
    except api_faults.ConnectionLost:
        _note(world, name, None, "")
        return api_faults.lost(request.environ)
    except ApiError as error:
        return _refused(world, name, error)
    return api_faults.after(fault, _answered(world, name), request.environ)


def _answered(world: World, path: str) -> Response:
    try:
        answer = _answer(world, path)
    except ApiError as error:
        return _refused(world, path, error)
    rid = new_rid(world.first.config.rng, world.clock())
    _note(world, path, 0, rid)
    if isinstance(answer, Raw):
        disposition = f'attachment; filename="{answer.filename}"'
        return Response(answer.data, content_type=answer.content_type, headers={"Content-Disposition": disposition})
    # A client must ignore members it does not know, so every success has one.
    return _json({**answer, "sandbox_rid": rid})


def _answer(world: World, path: str) -> Answer | Raw:
    endpoint = ENDPOINTS.get(path)
    if endpoint is None:
        raise ApiError(40066, "invalid url")
    if request.method != endpoint.method:
        errcode = {"GET": 43001, "POST": 43002}[endpoint.method]
        raise ApiError(errcode, f"require {endpoint.method} method")
    if endpoint.needs_token:
        return _with_token(world, path, endpoint)
    call = _call(world, path, endpoint)
    account = _meant(world, call)
    account.quotas.spend(path)
    return endpoint.answer(account, call)


def _with_token(world: World, path: str, endpoint: Endpoint) -> Answer | Raw:
    access_token = request.args.get("access_token", "")
    account = world.by_token(access_token)
    account.tokens.check(access_token)
    if endpoint.right and not account.may(endpoint.right):
        raise ApiError(48001, "api unauthorized")
    account.quotas.spend(path)
    return endpoint.answer(account, _call(world, path, endpoint))


def _meant(world: World, call: Call) -> Account:
    """The account of a call without its token: by appid, or by a token of OAuth."""
    appid = call.query.get("appid") or call.body.get("appid")
    if appid:
        return world.by_appid(appid) or world.first
    return world.by_oauth_token(call.query.get("access_token", ""))


def _call(world: World, path: str, endpoint: Endpoint) -> Call:
    body: Mapping[str, Any] = {}
    upload = None
    if endpoint.takes_file:
        body, upload = _form()
    elif endpoint.method == "POST":
        body = _body()
    return Call(world, path, request.args, body, upload, _address())


def _form() -> tuple[Mapping[str, Any], Upload | None]:
    try:
        given = request.files.get("media")
        fields = dict(request.form)
    except RequestEntityTooLarge as error:
        raise ApiError(45001, "media size out of limit") from error
    return fields, Upload(given.filename or "media", given.read()) if given else None


def _body() -> Mapping[str, Any]:
    """The JSON object sent, whatever its Content-Type says; the platform does not look at that."""
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise ApiError(45002, "content size out of limit") from error
    if not raw.strip():
        raise ApiError(44002, "empty post data")
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ApiError(47001, "data format error")
    return body


def _address() -> str:
    return request.remote_addr or "127.0.0.1"


def _refused(world: World, path: str, error: ApiError) -> Response:
    rng = world.first.config.rng
    rid = new_rid(rng, world.clock())
    _note(world, path, error.errcode, rid)
    tail = f" rid: {rid}" if error.errcode in BARE_TAIL else f", rid: {rid}"
    if path.startswith("/sns/") and rng.random() < 0.5:
        tail = f", hints: [ req_id: {rid[-17:].replace('-', '')} ]"
    return _json({**error.extra, "errcode": error.errcode, "errmsg": f"{error.errmsg}{tail}"})


def _note(world: World, path: str, errcode: int | None, rid: str) -> None:
    world.calls.note(CallRecord(world.clock(), path, errcode, rid))


def _json(answer: Mapping[str, object]) -> Response:
    return Response(json.dumps(answer, ensure_ascii=False), content_type="application/json; encoding=utf-8")
