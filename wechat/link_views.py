"""The way in by a personal link: a page with one button, because scanners open links and press nothing."""

from flask import Blueprint, Response, make_response, redirect, render_template, request

from foundation.ids import random_id
from foundation.web import same_origin
from wechat.account import current_account
from wechat.identity import Voter, browser_secret, current_voter, remember_browser, sign_in_voter
from wechat.keywords import words_that_lead_in
from wechat.links import Admission, Answer, Doorstep, Refusal, enter, look_at

blueprint = Blueprint("wechat_links", __name__, template_folder="templates")


@blueprint.get("/v/<token>")
def doorstep(token: str) -> Response:
    return _answer(look_at(token, browser_secret(request), _voter_for))


@blueprint.post("/v/<token>")
def go_in(token: str) -> Response:
    browser = browser_secret(request) if _from_our_page() else None
    return _answer(enter(token, browser, _voter_for), pressed=True)


def _answer(answer: Answer, *, pressed: bool = False) -> Response:
    if isinstance(answer, Admission):
        return _admit(answer)
    if isinstance(answer, Refusal):
        return _refuse(answer)
    return _ask(answer, pressed=pressed)


def _admit(admission: Admission) -> Response:
    response = make_response(redirect(admission.path, 303))
    if admission.voter is not None:
        sign_in_voter(response, admission.voter.openid, snapshot=False, purpose=admission.purpose)
    return response


def _refuse(refusal: Refusal) -> Response:
    words, has_menu = words_that_lead_in(), current_account().may("menu")
    page = render_template("wechat/link_refused.html", refusal=refusal, keywords=words, has_menu=has_menu)
    return make_response(page, 403)


def _ask(doorstep: Doorstep, *, pressed: bool) -> Response:
    """Show the button; the browser gets a secret now, and the link is bound to it once the button is pressed."""
    response = make_response(render_template("wechat/link.html", button=doorstep.button, pressed=pressed))
    remember_browser(response, browser_secret(request) or random_id())
    return response


def _voter_for(purpose: str) -> Voter | None:
    return current_voter(request, purpose)


def _from_our_page() -> bool:
    """Tell whether no other site sent this; an old phone may not say where a form comes from."""
    return "Origin" not in request.headers or same_origin(request, current_account().site)
