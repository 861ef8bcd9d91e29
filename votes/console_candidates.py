"""The console's pages about a poll's candidates: the table, one candidate, withdrawal, the two checks."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError, InvalidInput
from staff.authority import act, current_actor, declare_act
from votes.candidate_list import find_candidates, find_numbers, read_candidate
from votes.candidates import (
    CHECKS,
    add_candidate,
    delete_candidate,
    edit_candidate,
    move_candidate,
    record_check,
    renumber_candidate,
    withdraw_candidate,
)
from votes.console_forms import CandidateForm, CandidateSearch, chosen_numbers, faults_of, text_of, whole
from votes.overview import poll_overview
from votes.photos import remove_photo, set_photo

for name, description in {
    "candidates.see": "查看候选对象",
    "candidates.add": "添加候选对象",
    "candidates.edit": "修改候选对象",
    "candidates.renumber": "修改候选对象编号",
    "candidates.move": "调整候选对象先后",
    "candidates.record_check": "登记同意公开、保密审查",
    "candidates.withdraw": "登记候选对象退出",
    "candidates.delete": "删除候选对象",
    "candidates.attach_photos": "导入候选对象照片",
    "candidates.remove_photo": "撤下候选对象照片",
}.items():
    declare_act(name, description)

blueprint = Blueprint("candidates_console", __name__, url_prefix="/console/polls/<slug>/candidates")


@blueprint.get("/")
@act("candidates.see")
def candidates_page(slug: str) -> str:
    return _candidates_page(slug, CandidateSearch.read(request.args))


@blueprint.post("/checks")
@act("candidates.record_check")
def record_checks(slug: str) -> ResponseReturnValue:
    search, check = CandidateSearch.read(request.args), request.form.get("check", "")
    everyone = request.form.get("everyone") is not None
    numbers = _all_found(slug, search) if everyone else chosen_numbers(request.form)
    try:
        changed = record_check(slug, numbers, check, current_actor())
    except AppError as error:
        return _candidates_page(slug, search, error), error.status
    flash(f"已为{changed}名候选对象登记{CHECKS[check]}。", "done")
    return redirect(url_for(".candidates_page", slug=slug, **search.address(page=search.page)), 303)


@blueprint.get("/new")
@act("candidates.add")
def new_page(slug: str) -> str:
    return _form_page(slug, None, CandidateForm({}))


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
    return _form_page(slug, number, CandidateForm.of(read_candidate(slug, number)))


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
        return _kept_page(slug, number, error), error.status
    flash(f"编号已改为{new}。", "done")
    return redirect(url_for(".candidate_page", slug=slug, number=new), 303)


@blueprint.post("/<int(min=1,max=2000):number>/place")
@act("candidates.move")
def move(slug: str, number: int) -> ResponseReturnValue:
    place = whole(request.form.get("place", "")) or 0
    try:
        move_candidate(slug, number, place, current_actor())
    except AppError as error:
        return _kept_page(slug, number, error), error.status
    flash(f"已固定在列表第{place}位。" if place else "已恢复自动排列。", "done")
    return redirect(url_for(".candidate_page", slug=slug, number=number), 303)


@blueprint.post("/<int(min=1,max=2000):number>/photo")
@act("candidates.attach_photos")
def give_photo(slug: str, number: int) -> ResponseReturnValue:
    file = request.files.get("photo")
    try:
        set_photo(slug, number, file.read() if file else b"", current_actor())
    except InvalidInput as error:
        return _kept_page(slug, number, error), error.status
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
        return _kept_page(slug, number, error), error.status
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
        ticked=chosen_numbers(request.form),
        checks=CHECKS,
        faults=faults_of(error) if error else {},
    )


def _all_found(slug: str, search: CandidateSearch) -> tuple[int, ...]:
    return find_numbers(slug, words=search.words, award=search.award, lacking=search.lacking)


def _form_page(slug: str, number: int | None, form: CandidateForm, error: AppError | None = None) -> str:
    return render_template(
        "votes/console/candidate.html",
        poll=poll_overview(slug),
        candidate=None if number is None else read_candidate(slug, number),
        form=form,
        faults=faults_of(error) if error else {},
    )


def _kept_page(slug: str, number: int, error: AppError) -> str:
    return _form_page(slug, number, CandidateForm.of(read_candidate(slug, number)), error)


def _withdraw_page(slug: str, number: int, error: AppError | None = None) -> str:
    return render_template(
        "votes/console/withdraw.html",
        poll=poll_overview(slug),
        candidate=read_candidate(slug, number),
        reason=text_of(request.form, "reason"),
        faults=faults_of(error) if error else {},
    )
