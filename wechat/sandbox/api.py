"""The host api.weixin.qq.com: every answer is HTTP 200 with JSON, an error being an errcode in it."""

import json
from collections.abc import Mapping

from flask import Blueprint, Response, request

from wechat.sandbox.account import Account
from wechat.sandbox.calls import Call, Endpoint
from wechat.sandbox.current import current_account
from wechat.sandbox.endpoints import ENDPOINTS
from wechat.sandbox.errors import ApiError
from wechat.sandbox.identifiers import new_rid

api = Blueprint("api", __name__, url_prefix="/api")


@api.route("/", defaults={"path": ""}, methods=["GET", "POST"])
@api.route("/<path:path>", methods=["GET", "POST"])
def call(path: str) -> Response:
    account = current_account()
    rid = new_rid(account.config.rng, account.config.clock())
    try:
        # A client must ignore members it does not know, so every success has one.
        return _json({**_answer(account, ENDPOINTS.get(f"/{path}")), "sandbox_rid": rid})
    except ApiError as error:
        return _json({"errcode": error.errcode, "errmsg": f"{error.errmsg}, rid: {rid}"})


def _answer(account: Account, endpoint: Endpoint | None) -> Mapping[str, object]:
    if endpoint is None:
        raise ApiError(40066, "invalid url")
    if request.method != endpoint.method:
        errcode = {"GET": 43001, "POST": 43002}[endpoint.method]
        raise ApiError(errcode, f"require {endpoint.method} method")
    if endpoint.needs_token:
        account.tokens.check(request.args.get("access_token", ""))
    body = _body() if endpoint.method == "POST" else {}
    return endpoint.answer(account, Call(request.args, body))


def _body() -> Mapping[str, object]:
    """The JSON object sent, whatever its Content-Type says; the platform does not look at that."""
    raw = request.get_data(cache=False)
    if not raw.strip():
        raise ApiError(44002, "empty post data")
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ApiError(47001, "data format error")
    return body


def _json(answer: Mapping[str, object]) -> Response:
    return Response(json.dumps(answer, ensure_ascii=False), content_type="application/json; encoding=utf-8")
