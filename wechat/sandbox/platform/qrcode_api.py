"""Codes with a scene."""

from collections.abc import Mapping

from wechat.sandbox.platform.calls import Answer, Call, Endpoint
from wechat.sandbox.state.account import Account


def create(account: Account, call: Call) -> Answer:
    info = call.body.get("action_info")
    scene = info.get("scene") if isinstance(info, dict) else None
    code = account.scene_codes.create(call.body.get("action_name"), scene, call.body.get("expire_seconds"))
    lasts = {} if code.expire_seconds is None else {"expire_seconds": code.expire_seconds}
    return {"ticket": code.ticket, **lasts, "url": code.url}


ENDPOINTS: Mapping[str, Endpoint] = {"/cgi-bin/qrcode/create": Endpoint("POST", create, "scene_qr")}
