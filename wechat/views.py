"""Ways in from WeChat: the platform's callback, signing in and back, the files that prove the domain is ours."""

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from foundation.errors import AppError
from wechat.account import current_account
from wechat.callback import MOST_BYTES, NOTHING_TO_SAY, answer_push, echo
from wechat.identity import browser_secret, current_voter, remember_browser, sign_in_voter
from wechat.keywords import words_that_lead_in
from wechat.oauth import Arrival, Departure, NoSignIn, Outcome, arrive, depart
from wechat.verification import verification_file

blueprint = Blueprint("wechat", __name__, template_folder="templates")
callback = Blueprint("wechat_callback", __name__)
_PLAIN = "text/plain; charset=utf-8"
_XML = "application/xml; charset=utf-8"


@callback.get("/wechat/callback")
def verify() -> Response:
    return Response(echo(request.args), content_type=_PLAIN)


@callback.post("/wechat/callback")
def push() -> Response:
    request.max_content_length = MOST_BYTES
    answer = answer_push(request.args, request.get_data(cache=False))
    return Response(answer, content_type=_PLAIN if answer == NOTHING_TO_SAY else _XML)


@callback.errorhandler(AppError)
def refuse(error: AppError) -> Response:
    return Response("", error.status, content_type=_PLAIN)


@callback.errorhandler(RequestEntityTooLarge)
def refuse_size(_error: RequestEntityTooLarge) -> Response:
    return Response("", 413, content_type=_PLAIN)


@blueprint.get("/wechat/login")
def login() -> Response:
    return _answer(depart(request.args.get("next"), browser_secret(request)))


@blueprint.get("/wechat/login/return")
def login_return() -> Response:
    code, state = request.args.get("code", ""), request.args.get("state", "")
    signed_in = current_voter(request) is not None
    return _answer(arrive(code, state, browser_secret(request), signed_in=signed_in))


@blueprint.get("/MP_verify_<name>.txt")
def prove_domain(name: str) -> Response:
    return Response(verification_file(name), content_type=_PLAIN)


def _answer(outcome: Outcome) -> Response:
    if isinstance(outcome, Departure):
        return _send_off(outcome)
    if isinstance(outcome, Arrival):
        return _welcome(outcome)
    if isinstance(outcome, NoSignIn):
        has_menu = current_account().may("menu")
        page = render_template(
            "wechat/elsewhere.html", path=outcome.path, keywords=words_that_lead_in(), has_menu=has_menu
        )
        return make_response(page)
    return make_response(render_template("wechat/halt.html", halt=outcome), outcome.status)


def _send_off(departure: Departure) -> Response:
    response = make_response(redirect(departure.url, 302))
    remember_browser(response, departure.browser)
    return response


def _welcome(arrival: Arrival) -> Response:
    response = make_response(redirect(arrival.path, 303))
    if arrival.identity is not None:
        sign_in_voter(response, arrival.identity.openid, arrival.identity.snapshot)
    return response
