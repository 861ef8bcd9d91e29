"""The public ways in: the ballot page and its candidates, results, receipts. Ballots come in by the slot."""

import io
from collections.abc import Callable

import orjson
import segno
from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from config import Settings
from foundation.clock import local_day, utc_now
from foundation.errors import NotFound
from foundation.ids import read_short_code
from foundation.pages import Prepared, prepare
from foundation.web import allow_framing
from staff.acts import is_declared_for
from staff.cookies import session_token
from staff.sessions import find_session
from votes.answers import Json, me_json, poll_json, results_json
from votes.ballot_page import cut_words, marked_address, render_ballot_page, scripts_of
from votes.csrf import page_token
from votes.current import poll_to_vote_in
from votes.paper import Paper
from votes.parts import votes_parts
from votes.phases import Phase, phase_of
from votes.reading import read_ballot_page, read_candidate_page, read_me
from votes.receipts import find_receipt
from votes.results import PollResults, read_results
from votes.voters import purpose_of
from wechat.identity import current_voter
from wechat.js_sdk import allow_sharing

blueprint = Blueprint("votes", __name__, template_folder="templates")

_ASK_AGAIN = "no-cache"
_JSON = "application/json"


@blueprint.get("/vote")
def vote() -> ResponseReturnValue:
    """Lead whoever wants to vote to the poll that takes ballots now, and say there how they came."""
    poll = poll_to_vote_in()
    return redirect(marked_address(poll.path, request.args.get("from")) if poll else "/")


@blueprint.get("/polls/<slug>")
def ballot_page(slug: str) -> Response:
    paper, phase = _readable(slug)
    settings = _settings()
    key = (slug, "page", paper.revision, phase, local_day(utc_now()))

    def build() -> Prepared:
        page, token = read_ballot_page(slug), page_token(settings, slug)
        return render_ballot_page(page, state=phase, csrf_token=token, site=settings.public_url)

    return allow_sharing(_prepared(key, build, phase))


@blueprint.get("/polls/<slug>.json")
def poll(slug: str) -> Response:
    paper, phase = _readable(slug)
    key = (slug, "json", paper.revision, phase)
    return _prepared(key, lambda: prepare(orjson.dumps(poll_json(read_ballot_page(slug), phase)), _JSON), phase)


@blueprint.get("/polls/<slug>/me.json")
def me(slug: str) -> Response:
    paper, _ = _readable(slug)
    return _json(me_json(read_me(paper, current_voter(request, purpose_of(slug))), _settings()))


@blueprint.get("/polls/<slug>/candidates/<int:number>")
def candidate_page(slug: str, number: int) -> Response:
    paper, phase = _readable(slug)
    key = (slug, "candidate", number, paper.revision, phase)

    def build() -> Prepared:
        found = read_candidate_page(slug, number)
        return _html(
            "votes/candidate.html",
            slug=slug,
            state=phase,
            period=found.page.period,
            award=found.award,
            candidate=found.card,
            paragraphs=found.paragraphs,
            scripts=scripts_of("candidate"),
        )

    return allow_sharing(_prepared(key, build, phase))


@blueprint.get("/polls/<slug>/column")
def column(slug: str) -> Response:
    """The voting column of another site: to be framed by the origins that were named, or opened as it is."""
    paper, phase = _readable(slug)
    settings = _settings()
    key = (slug, "column", paper.revision, phase)

    def build() -> Prepared:
        page = read_ballot_page(slug)
        return _html(
            "votes/column.html", page=page, state=phase, site=settings.public_url, scripts=scripts_of("column")
        )

    return allow_framing(_prepared(key, build, phase), settings.embed_origins)


@blueprint.get("/polls/<slug>/qr.svg")
def qr(slug: str) -> Response:
    """The address of the ballot page as a picture. One that carries choices is made in the browser alone."""
    _readable(slug)
    picture = io.BytesIO()
    address = marked_address(f"{_settings().public_url}/polls/{slug}", request.args.get("from"))
    segno.make(address, error="m").save(picture, kind="svg", scale=4, border=2)
    return Response(picture.getvalue(), content_type="image/svg+xml", headers={"Cache-Control": _ASK_AGAIN})


@blueprint.get("/polls/<slug>/results")
def results(slug: str) -> Response:
    paper, phase = _readable(slug)
    found = _results(slug)
    if found is not None:
        return allow_sharing(Response(render_template("votes/results.html", results=found, cut_words=cut_words)))
    return allow_sharing(Response(render_template("votes/results_later.html", slug=slug, poll=paper, state=phase)))


@blueprint.get("/polls/<slug>/results.json")
def results_as_json(slug: str) -> Response:
    found = _results(slug)
    return _json({"status": "not_yet"}, 404) if found is None else _json(results_json(found))


@blueprint.get("/receipts/")
def receipts() -> ResponseReturnValue:
    code = request.args.get("code", "").strip()
    return redirect(f"/receipts/{code}") if code else render_template("votes/receipt.html", receipt=None, code="")


@blueprint.get("/receipts/<code>")
def receipt(code: str) -> ResponseReturnValue:
    """Whether a ballot is in, for anybody who has its code; never what is on it."""
    found = find_receipt(read_short_code(code) or "")
    if found is None:
        return render_template("votes/receipt.html", receipt=None, code=code[:40]), 404
    title = read_ballot_page(found.poll).title
    return render_template("votes/receipt.html", receipt=found, poll_title=title)


@blueprint.get("/receipts/<code>.json")
def receipt_as_json(code: str) -> Response:
    found = find_receipt(read_short_code(code) or "")
    if found is None:
        raise NotFound("没有这个回执。")
    return _json(found.as_json(_settings().public_url))


def _readable(slug: str) -> tuple[Paper, Phase]:
    """Return the paper of a poll that this reader may see: drafts are for the staff alone."""
    paper = votes_parts().shelf.get(slug)
    phase = phase_of(paper.state, paper.opens_at, paper.closes_at, utc_now())
    if phase is Phase.DRAFT and not _is_staff():
        raise NotFound("没有这项投票。")
    return paper, phase


def _is_staff() -> bool:
    """Tell whether somebody reads who may see drafts in the console."""
    found = find_session(session_token(request), keeps_awake=False)
    return found is not None and found.complete and is_declared_for(found.role, "polls.see")


def _results(slug: str) -> PollResults | None:
    """Return the results where they are public already, and this reader may see them."""
    if not read_me(_readable(slug)[0], current_voter(request, purpose_of(slug))).sees_results:
        return None
    return read_results(slug, votes_parts().tally)


def _prepared(key: tuple[object, ...], build: Callable[[], Prepared], phase: Phase) -> Response:
    """Answer with a page that is the same for everyone; a draft is built anew for each of the staff."""
    if phase is Phase.DRAFT:
        return build().answer(request, cache="no-store")
    return votes_parts().pages.get(key, build).answer(request, cache=_ASK_AGAIN)


def _html(template: str, **values: object) -> Prepared:
    return prepare(render_template(template, **values).encode(), "text/html; charset=utf-8")


def _json(body: Json, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status=status, content_type=_JSON)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
