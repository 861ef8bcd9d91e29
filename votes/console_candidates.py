"""The console's pages about a poll's candidates: the table, one candidate, withdrawal, the two checks."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from foundation.errors import AppError, Conflict, InvalidInput
from foundation.forms import faults_of, text_of, whole
from staff.authority import act, current_actor
from votes.bulk import BULK_ACTS, BulkDone, carry_out_bulk, preview_bulk
from votes.candidate_list import find_candidates, find_numbers, read_candidate
from votes.candidates import (
    add_candidate,
    delete_candidate,
    edit_candidate,
    move_candidate,
    renumber_candidate,
    withdraw_candidate,
)
from votes.console_forms import BulkForm, CandidateForm, CandidateSearch
from votes.overview import poll_overview
from votes.photos import remove_photo, set_photo
from votes.wording import pack_numbers

blueprint = Blueprint("candidates_console", __name__, url_prefix="/console/polls/<slug>/candidates")
LONGEST_UNDO = 1_000  # characters of numbers


@blueprint.get("/")
@act("candidates.see")
def candidates_page(slug: str) -> str:
    return _candidates_page(slug, CandidateSearch.read(request.args))


@blueprint.get("/bulk")
@act("candidates.change_many")
def bulk_page(slug: str) -> ResponseReturnValue:
    form = BulkForm.read(request.args)
    try:
        return _bulk_page(slug, form)
    except (InvalidInput, Conflict) as error:
        return _candidates_page(slug, form.search, error), error.status


@blueprint.post("/bulk")
@act("candidates.change_many")
def bulk(slug: str) -> ResponseReturnValue:
    form = BulkForm.read(request.form)
    try:
        done = carry_out_bulk(slug, form.act, form.numbers, current_actor(), reason=form.reason, award_id=form.to)
    except AppError as error:
        return _bulk_page(slug, form, error), error.status
    flash(_told(slug, done), "done")
    return redirect(url_for(".candidates_page", slug=slug, **form.search.address(page=form.search.page)), 303)


@blueprint.get("/new")
@act("candidates.add")
def new_page(slug: str) -> str:
    return _form_page(slug, None)


@blueprint.post("/new")
@act("candidates.add")
def add(slug: str) -> ResponseReturnValue:
    form = CandidateForm.read(request.form)
    try:
        number = add_candidate(slug, form.values(), current_actor())
    except AppError as error:
        return _form_page(slug, None, form, error), error.status
    flash(f"已添加，编号是{number}。", "done")
    return redirect(url_for(".candidates_page", slug=slug), 303)


@blueprint.get("/<int(min=1,max=2000):number>")
@act("candidates.see")
def candidate_page(slug: str, number: int) -> str:
    return _form_page(slug, number)


@blueprint.post("/<int(min=1,max=2000):number>")
@act("candidates.edit")
def edit(slug: str, number: int) -> ResponseReturnValue:
    form = CandidateForm.read(request.form)
    try:
        changed = edit_candidate(slug, number, form.values(), current_actor())
    except AppError as error:
        return _form_page(slug, number, form, error), error.status
    flash("已保存。" if changed else "没有改动。", "done")
    return redirect(url_for(".candidates_page", slug=slug), 303)


@blueprint.post("/<int(min=1,max=2000):number>/number")
@act("candidates.renumber")
def renumber(slug: str, number: int) -> ResponseReturnValue:
    new = whole(request.form.get("number", "")) or 0
    try:
        renumber_candidate(slug, number, new, current_actor())
    except AppError as error:
        return _form_page(slug, number, error=error), error.status
    flash(f"编号已改为{new}。", "done")
    return redirect(url_for(".candidate_page", slug=slug, number=new), 303)


@blueprint.post("/<int(min=1,max=2000):number>/place")
@act("candidates.move")
def move(slug: str, number: int) -> ResponseReturnValue:
    place = whole(request.form.get("place", "")) or 0
    try:
        move_candidate(slug, number, place, current_actor())
    except AppError as error:
        return _form_page(slug, number, error=error), error.status
    flash(f"已固定在列表第{place}位。" if place else "已恢复自动排列。", "done")
    return redirect(url_for(".candidate_page", slug=slug, number=number), 303)


@blueprint.post("/<int(min=1,max=2000):number>/photo")
@act("candidates.attach_photos")
def give_photo(slug: str, number: int) -> ResponseReturnValue:
    file = request.files.get("photo")
    try:
        set_photo(slug, number, file.read() if file else b"", current_actor())
    except InvalidInput as error:
        return _form_page(slug, number, error=error), error.status
    flash("照片已保存。", "done")
    return redirect(url_for(".candidate_page", slug=slug, number=number), 303)


@blueprint.post("/<int(min=1,max=2000):number>/photo/remove")
@act("candidates.remove_photo")
def take_photo_away(slug: str, number: int) -> ResponseReturnValue:
    remove_photo(slug, number, current_actor())
    flash("照片已撤下，页面上显示占位图。", "done")
    return redirect(url_for(".candidate_page", slug=slug, number=number), 303)


@blueprint.post("/<int(min=1,max=2000):number>/delete")
@act("candidates.delete")
def delete(slug: str, number: int) -> ResponseReturnValue:
    try:
        delete_candidate(slug, number, current_actor())
    except AppError as error:
        return _form_page(slug, number, error=error), error.status
    flash(f"{number}号已删除，其他编号不变。", "done")
    return redirect(url_for(".candidates_page", slug=slug), 303)


@blueprint.get("/<int(min=1,max=2000):number>/withdraw")
@act("candidates.withdraw")
def withdraw_page(slug: str, number: int) -> str:
    return _withdraw_page(slug, number)


@blueprint.post("/<int(min=1,max=2000):number>/withdraw")
@act("candidates.withdraw")
def withdraw(slug: str, number: int) -> ResponseReturnValue:
    try:
        withdraw_candidate(slug, number, text_of(request.form, "reason"), current_actor())
    except AppError as error:
        return _withdraw_page(slug, number, error), error.status
    flash(f"{number}号已登记退出，页面上显示“已退出”。", "done")
    return redirect(url_for(".candidates_page", slug=slug), 303)


def _candidates_page(slug: str, search: CandidateSearch, error: AppError | None = None) -> str:
    found = find_candidates(
        slug, words=search.words, award=search.award, lacking=search.lacking, sort=search.sort, page=search.page
    )
    return render_template(
        "votes/console/candidates.html",
        poll=poll_overview(slug),
        search=search,
        found=found,
        form=BulkForm.read(request.args),
        acts=BULK_ACTS,
        faults=faults_of(error),
    )


def _bulk_page(slug: str, form: BulkForm, error: AppError | None = None) -> str:
    search = form.search
    found = find_numbers(slug, words=search.words, award=search.award, lacking=search.lacking) if form.everyone else ()
    numbers = found or form.numbers
    return render_template(
        "votes/console/bulk.html",
        poll=poll_overview(slug),
        form=form,
        numbers=pack_numbers(numbers),
        preview=preview_bulk(slug, form.act, numbers, award_id=form.to),
        faults=faults_of(error),
    )


def _told(slug: str, done: BulkDone) -> Markup:
    """Say what was done, with the way to take it back; a flashed message has to fit into a cookie."""
    stayed = f"，{done.stayed}名不变" if done.stayed else ""
    said = Markup("{}：已办{}名{}。").format(done.act.words, len(done.changed), stayed)
    numbers = pack_numbers(done.changed)
    if not done.changed or done.act.undo is None or len(numbers) > LONGEST_UNDO:
        return said
    address = url_for(".bulk_page", slug=slug, act=done.act.undo, which=numbers)
    return said + Markup(' <a href="{}">撤回</a>').format(address)


def _form_page(slug: str, number: int | None, form: CandidateForm | None = None, error: AppError | None = None) -> str:
    """Show a candidate with what was typed, or else with what rests; without a number an empty form for a new one."""
    candidate = None if number is None else read_candidate(slug, number)
    return render_template(
        "votes/console/candidate.html",
        poll=poll_overview(slug),
        candidate=candidate,
        form=form or (CandidateForm.of(candidate) if candidate else CandidateForm({})),
        faults=faults_of(error),
    )


def _withdraw_page(slug: str, number: int, error: AppError | None = None) -> str:
    return render_template(
        "votes/console/withdraw.html",
        poll=poll_overview(slug),
        candidate=read_candidate(slug, number),
        reason=text_of(request.form, "reason"),
        faults=faults_of(error),
    )
