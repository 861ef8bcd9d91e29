"""The console's pages that take a draft a step further, send it back, or begin a change of what is published."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError, Conflict
from foundation.forms import faults_of, require_tick, text_of, whole
from publicity.notices.acts import AMEND, ISSUE, REVIEW, SEND_BACK, SUBMIT
from publicity.notices.amending import CHANGES, begin_change, restate_change
from publicity.notices.kinds import CHANGE_NAMES, Change, State, Steps
from publicity.notices.options import steps_now
from publicity.notices.sheet import Draft, NoticeSheet, notice_sheet
from publicity.notices.signing import issue, review, send_back, submit
from staff.authority import act, current_actor

blueprint = Blueprint("notice_steps_console", __name__, url_prefix="/console/notices/<key>")

CONSEQUENCES: Mapping[Change, str] = {
    Change.SUBJECTS: "增加对象，或者把一个换成另一个。公示期从这一版发布后重新算满。",
    Change.WITHDRAWAL: "只把对象从名单里撤下。公示期不变，照原来的日子到期。",
    Change.MISPRINT: "姓名写错了字、职务不准、正文有误，人没有变。公示期不变，照原来的日子到期。",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step as its page tells of it: the act, the state it is taken in, what the button says and what comes of it."""

    act: str
    name: str
    button: str
    needs: State
    told: str
    done: str


_SUBMITTED = {
    State.REVIEWING: ("提交审核", "提交后由另一个人审核。审核之前可以撤回来改。", "已提交，等待审核。"),
    State.SIGNING: ("提交签发", "提交后由部领导签发。签发之前可以撤回来改。", "已提交，等待签发。"),
    State.PUBLISHED: ("发布", "现在就发布，谁都看得到，发布后不能再改，只能另发变更。", "已发布。"),
}
_FIRST = {Steps.THREE: State.REVIEWING, Steps.TWO: State.SIGNING, Steps.ONE: State.PUBLISHED}
_REVIEW = Step(
    REVIEW,
    "审核",
    "审核通过",
    State.REVIEWING,
    "通过后交部领导签发。您审核过的，不能再由您签发。",
    "已审核，等待签发。",
)
_ISSUE = Step(
    ISSUE,
    "签发",
    "签发并发布",
    State.SIGNING,
    "签发就是发布：谁都看得到，以后不能再改，只能另发变更。",
    "已签发，公众现在看得到。",
)


@blueprint.get("/submit")
@act(SUBMIT)
def submit_page(key: str) -> str:
    return _step_page(key, _submission())


@blueprint.post("/submit")
@act(SUBMIT)
def submit_it(key: str) -> ResponseReturnValue:
    step = _submission()
    try:
        require_tick(request.form)
        reached = submit(key, _revision(), current_actor())
    except AppError as error:
        return _step_page(key, step, error), error.status
    flash(_SUBMITTED[reached][2], "done")
    return _back(key)


@blueprint.get("/review")
@act(REVIEW)
def review_page(key: str) -> str:
    return _step_page(key, _REVIEW)


@blueprint.post("/review")
@act(REVIEW)
def review_it(key: str) -> ResponseReturnValue:
    try:
        require_tick(request.form)
        review(key, _revision(), current_actor())
    except AppError as error:
        return _step_page(key, _REVIEW, error), error.status
    flash(_REVIEW.done, "done")
    return _back(key)


@blueprint.get("/issue")
@act(ISSUE)
def issue_page(key: str) -> str:
    return _step_page(key, _ISSUE)


@blueprint.post("/issue")
@act(ISSUE)
def issue_it(key: str) -> ResponseReturnValue:
    try:
        require_tick(request.form)
        issue(key, _revision(), current_actor())
    except AppError as error:
        return _step_page(key, _ISSUE, error), error.status
    flash(_ISSUE.done, "done")
    return _back(key)


@blueprint.get("/send-back")
@act(SEND_BACK)
def send_back_page(key: str) -> str:
    return _send_back_page(key)


@blueprint.post("/send-back")
@act(SEND_BACK)
def send_it_back(key: str) -> ResponseReturnValue:
    try:
        send_back(key, _revision(), text_of(request.form, "reason"), current_actor())
    except AppError as error:
        return _send_back_page(key, error), error.status
    flash("已退回拟稿人修改。", "done")
    return _back(key)


@blueprint.get("/change")
@act(AMEND)
def change_page(key: str) -> str:
    return _change_page(key)


@blueprint.post("/change")
@act(AMEND)
def change(key: str) -> ResponseReturnValue:
    try:
        wanted, note = _change_form()
        begin_change(key, wanted, note, current_actor())
    except AppError as error:
        return _change_page(key, error), error.status
    flash("变更稿已起草，内容和现在公布的一样。请改好再提交。", "done")
    return redirect(url_for("notices_console.edit_page", key=key), 303)


@blueprint.get("/restate")
@act(AMEND)
def restate_page(key: str) -> str:
    return _change_page(key, restated=True)


@blueprint.post("/restate")
@act(AMEND)
def restate(key: str) -> ResponseReturnValue:
    try:
        wanted, note = _change_form()
        restate_change(key, _revision(), wanted, note, current_actor())
    except AppError as error:
        return _change_page(key, error, restated=True), error.status
    flash("变更的种类和说明已改。", "done")
    return _back(key)


def _submission() -> Step:
    button, told, done = _SUBMITTED[_FIRST[steps_now()]]
    return Step(SUBMIT, "提交", button, State.DRAFT, told, done)


def _revision() -> int:
    return whole(request.form.get("revision", "")) or 0


def _change_form() -> tuple[Change, str]:
    wanted = request.form.get("change", "")
    return Change(wanted if wanted in CHANGES else Change.FIRST), text_of(request.form, "change_note")


def _back(key: str) -> ResponseReturnValue:
    return redirect(url_for("notices_console.notice_page", key=key), 303)


def _step_page(key: str, step: Step, error: AppError | None = None) -> str:
    sheet = notice_sheet(key, current_actor())
    return _render("step.html", sheet=sheet, draft=_waiting(sheet), step=step, faults=faults_of(error))


def _send_back_page(key: str, error: AppError | None = None) -> str:
    sheet = notice_sheet(key, current_actor())
    reason = text_of(request.form, "reason")
    return _render("send_back.html", sheet=sheet, draft=_waiting(sheet), reason=reason, faults=faults_of(error))


def _change_page(key: str, error: AppError | None = None, *, restated: bool = False) -> str:
    sheet = notice_sheet(key, current_actor())
    draft = sheet.draft
    typed = {"change": request.form.get("change", ""), "change_note": text_of(request.form, "change_note")}
    if restated and draft and request.method == "GET":
        typed = {"change": draft.change, "change_note": draft.change_note}
    choices = {change: (CHANGE_NAMES[change], CONSEQUENCES[change]) for change in CHANGES}
    return _render(
        "change.html",
        sheet=sheet,
        draft=draft,
        restated=restated,
        typed=typed,
        choices=choices,
        faults=faults_of(error),
    )


def _waiting(sheet: NoticeSheet) -> Draft:
    if sheet.draft is None:
        raise Conflict("这一稿已经发布或作废，请重新打开看看。")
    return sheet.draft


def _render(template: str, **values: object) -> str:
    return render_template(f"publicity/notices/console/{template}", **values)
