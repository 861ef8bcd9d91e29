"""Back from the platform's question whether one message may be sent."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from wechat.sending.once import RETURN_PATH, take_answer

blueprint = Blueprint("wechat_sending", __name__)


@blueprint.get(RETURN_PATH)
def return_once() -> ResponseReturnValue:
    """Only the path we chose ourselves is gone to; the openid stays behind."""
    return redirect(take_answer(request.args).path, 303)
