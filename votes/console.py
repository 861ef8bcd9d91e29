"""The console's pages about polls: drafting, opening, watching, closing, certifying, downloading."""

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.clock import local_day, show_day, utc_now
from foundation.errors import AppError, InvalidInput
from foundation.forms import faults_of, require_tick, text_of
from foundation.keyvalue import keyvalue
from staff.approvals.requesting import ApprovalRequest, find_request
from staff.authority import act, current_actor
from staff.navigation import add_navigation
from votes.console_candidates import blueprint as candidates_blueprint
from votes.console_channels import blueprint as channels_blueprint
from votes.console_forms import AwardsForm, PollForm, PollSearch
from votes.console_imports import blueprint as imports_blueprint
from votes.exporting.formats import FORMAT_NAMES
from votes.exporting.requesting import request_tally
from votes.next_step import next_step
from votes.overview import PollOverview, find_polls, poll_overview
from votes.phases import Phase
from votes.polls import create_poll, edit_awards, edit_poll
from votes.refusals import refusals_of
from votes.result_charts import charts_of
from votes.results import PollResults, may_see_results, read_results
from votes.settings import ORDERS, PERIODS, VISIBILITIES
from votes.sources import turnout_by_source
from votes.steps import CERTIFY, CLOSE, OPEN, request_certification, request_closing, request_opening
from votes.tally import RunningTally
from votes.turnout import turnout
from votes.witnessing import certification_readiness, poll_witnesses

PHASE_WORDS = {
    Phase.DRAFT: "草稿",
    Phase.NOT_OPEN: "待开始",
    Phase.OPEN: "进行中",
    Phase.CLOSED: "已结束",
    Phase.CERTIFIED: "已认证",
}
_ACT_OF_STEP = {"open": OPEN, "close": CLOSE, "certify": CERTIFY}

blueprint = Blueprint("polls_console", __name__, url_prefix="/console/polls", template_folder="templates")


def register_polls_console(app: Flask) -> None:
    """Add the pages, what their templates need, and their entry in the navigation."""
    app.add_template_filter(_phase_words, "phase")
    app.add_template_filter(show_day)
    app.add_template_filter(local_day)
    app.add_template_global(next_step)
    app.add_template_global(_opening_asked, "opening_asked")
    for pages in (blueprint, candidates_blueprint, imports_blueprint, channels_blueprint):
        app.register_blueprint(pages)
    add_navigation(app, "投票", "投票活动", "polls_console.polls_page", "polls.see")


@blueprint.get("/")
@act("polls.see")
def polls_page() -> str:
    search = PollSearch.read(request.args)
    found = find_polls(words=search.words, phase=search.phase, sort=search.sort, page=search.page)
    return render_template("votes/console/polls.html", found=found, search=search, phases=PHASE_WORDS)


@blueprint.get("/new")
@act("polls.create")
def new_page() -> str:
    return _new_page(PollForm.blank())


@blueprint.post("/new")
@act("polls.create")
def create() -> ResponseReturnValue:
    form = PollForm.read(request.form)
    if AwardsForm.is_arranged(request.form):
        return _new_page(form)
    try:
        settings, awards = form.new_poll()
        slug = create_poll(settings, awards, current_actor(), slug=form.typed["slug"])
    except AppError as error:
        return _new_page(form, error), error.status
    flash("投票已建好，现在还是草稿。接下来导入候选对象。", "done")
    return redirect(url_for("imports_console.import_page", slug=slug), 303)


@blueprint.get("/<slug>/")
@act("polls.see")
def poll_page(slug: str) -> str:
    return render_template("votes/console/poll.html", poll=poll_overview(slug), witnesses=poll_witnesses(slug))


@blueprint.get("/<slug>/edit")
@act("polls.edit")
def edit_page(slug: str) -> str:
    poll = poll_overview(slug)
    return _edit_page(poll, PollForm.of(poll))


@blueprint.post("/<slug>/edit")
@act("polls.edit")
def edit(slug: str) -> ResponseReturnValue:
    poll, form = poll_overview(slug), PollForm.read(request.form)
    try:
        settings = form.values() if poll.phase is Phase.DRAFT else form.only_phones(poll.settings)
        changed = edit_poll(slug, settings, current_actor())
    except AppError as error:
        return _edit_page(poll, form, error), error.status
    flash("设置已保存。" if changed else "没有改动。", "done")
    return redirect(url_for(".poll_page", slug=slug), 303)


@blueprint.get("/<slug>/awards")
@act("polls.edit_awards")
def awards_page(slug: str) -> str:
    poll = poll_overview(slug)
    return _awards_page(poll, AwardsForm.of([award.settings for award in poll.awards]))


@blueprint.post("/<slug>/awards")
@act("polls.edit_awards")
def set_awards(slug: str) -> ResponseReturnValue:
    poll, form = poll_overview(slug), AwardsForm.read(request.form)
    if AwardsForm.is_arranged(request.form):
        return _awards_page(poll, form)
    try:
        edit_awards(slug, form.values(), current_actor())
    except AppError as error:
        return _awards_page(poll, form, error), error.status
    flash("奖项已保存。", "done")
    return redirect(url_for(".poll_page", slug=slug), 303)


@blueprint.get("/<slug>/open")
@act("polls.open")
def open_page(slug: str) -> str:
    return _step_page("open", slug)


@blueprint.post("/<slug>/open")
@act("polls.open")
def open_now(slug: str) -> ResponseReturnValue:
    try:
        require_tick(request.form)
        request_opening(slug, current_actor())
    except AppError as error:
        return _step_page("open", slug, error), error.status
    flash("申请已提交。部领导批准后，到开始时间自动开始。", "done")
    return redirect(url_for(".poll_page", slug=slug), 303)


@blueprint.get("/<slug>/close")
@act("polls.close")
def close_page(slug: str) -> str:
    return _step_page("close", slug)


@blueprint.post("/<slug>/close")
@act("polls.close")
def close_early(slug: str) -> ResponseReturnValue:
    try:
        require_tick(request.form)
        request_closing(slug, text_of(request.form, "reason"), current_actor())
    except AppError as error:
        return _step_page("close", slug, error), error.status
    flash("申请已提交。部领导批准后立即结束；批准之前照常收票。", "done")
    return redirect(url_for(".poll_page", slug=slug), 303)


@blueprint.get("/<slug>/certify")
@act("polls.certify")
def certify_page(slug: str) -> str:
    return _step_page("certify", slug)


@blueprint.post("/<slug>/certify")
@act("polls.certify")
def certify(slug: str) -> ResponseReturnValue:
    try:
        require_tick(request.form)
        request_certification(slug, current_actor())
    except AppError as error:
        return _step_page("certify", slug, error), error.status
    flash("申请已提交。部领导批准后结果即告认证，可以查看和下载。", "done")
    return redirect(url_for(".poll_page", slug=slug), 303)


@blueprint.get("/<slug>/turnout")
@act("polls.see")
def turnout_page(slug: str) -> str:
    poll = poll_overview(slug)
    votes_shown = poll.settings.visibility != "hidden" or poll.phase is Phase.CERTIFIED
    template = "votes/console/turnout.html"
    return render_template(template, votes_in_download=votes_shown, formats=FORMAT_NAMES, **_watched(poll))


@blueprint.get("/<slug>/turnout/now")
@act("polls.see", keeps_awake=False)
def turnout_now(slug: str) -> str:
    return render_template("votes/console/_turnout_now.html", **_watched(poll_overview(slug)))


@blueprint.get("/<slug>/results")
@act("polls.see")
def results_page(slug: str) -> str:
    poll = poll_overview(slug)
    results = _results(poll)
    charts = charts_of(results) if results else ()
    return render_template("votes/console/results.html", poll=poll, results=results, charts=charts)


@blueprint.post("/<slug>/downloads")
@act("tally.download")
def download(slug: str) -> ResponseReturnValue:
    try:
        request_tally(slug, request.form.get("format", ""), current_actor())
    except InvalidInput as error:
        flash(error.message, "error")
        return redirect(url_for(".turnout_page", slug=slug), 303)
    return redirect(url_for("console.downloads"), 303)


def _new_page(form: PollForm, error: AppError | None = None) -> str:
    return render_template("votes/console/new.html", form=form, **_choices(), faults=faults_of(error))


def _edit_page(poll: PollOverview, form: PollForm, error: AppError | None = None) -> str:
    return render_template("votes/console/edit.html", poll=poll, form=form, **_choices(), faults=faults_of(error))


def _awards_page(poll: PollOverview, form: AwardsForm, error: AppError | None = None) -> str:
    return render_template("votes/console/awards.html", poll=poll, awards=form, faults=faults_of(error))


def _step_page(step: str, slug: str, error: AppError | None = None) -> str:
    reason = text_of(request.form, "reason")
    asked = find_request(_ACT_OF_STEP[step], slug)
    template = f"votes/console/{step}.html"
    return render_template(
        template,
        poll=poll_overview(slug),
        asked=asked,
        concerns=certification_readiness(slug) if step == "certify" else None,
        reason=reason,
        faults=faults_of(error),
    )


def _opening_asked(slug: str) -> ApprovalRequest | None:
    return find_request(OPEN, slug)


def _choices() -> dict[str, dict[str, str]]:
    return {"periods": PERIODS, "visibilities": VISIBILITIES, "orders": ORDERS}


def _watched(poll: PollOverview) -> dict[str, object]:
    sources, refusals = turnout_by_source(poll.slug), refusals_of(poll.slug, keyvalue(), utc_now())
    return {"poll": poll, "turnout": turnout(poll.slug), "sources": sources, "refusals": refusals}


def _results(poll: PollOverview) -> PollResults | None:
    """Return the votes where the poll's rule shows them to those who have voted; staff see no more than that."""
    if not may_see_results(poll.settings.visibility, poll.phase, has_voted=True):
        return None
    return read_results(poll.slug, RunningTally(keyvalue()))


def _phase_words(phase: Phase) -> str:
    return PHASE_WORDS[phase]
