"""The signature of a page, which its script asks for inside WeChat; the page itself stays the same for everyone."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from wechat.js_sdk import sign

blueprint = Blueprint("wechat_share", __name__)


@blueprint.get("/wechat/page-signature")
def page_signature() -> ResponseReturnValue:
    signed = sign(request.args.get("url", ""))
    return jsonify(
        appId=signed.app_id,
        timestamp=signed.signed_at,
        nonceStr=signed.nonce,
        signature=signed.signature,
        script=signed.script,
    )


@blueprint.errorhandler(AppError)
def refuse(error: AppError) -> ResponseReturnValue:
    """Whoever asks is a script, which then leaves the page as it is."""
    return jsonify(status=error.code), error.status
