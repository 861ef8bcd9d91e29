"""The console's pages about pushes: composing, trying out, asking for approval, watching, stopping."""

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError, NotFound
from foundation.forms import faults_of, require_tick, text_of, whole
from foundation.uploads import Upload
from foundation.web import POLICY
from publicity.notices.reading import NoticePage, public_notice, public_notices
from publicity.pushes.acts import CONTROL, SEE
from publicity.pushes.article import article_of
from publicity.pushes.choices import audiences, preview_words, way_of, ways
from publicity.pushes.composing import COMPOSE, SEND, create_push, drop_push, edit_push, set_cover
from publicity.pushes.control import cancel, pause, resume, retry
from publicity.pushes.covers import cover_picture, media_type_of
from publicity.pushes.estimating import estimate_words
from publicity.pushes.forms import NewPushForm, PushForm
from publicity.pushes.prefilled import template_content
from publicity.pushes.preview import BY_NAME, PREVIEW, can_be_tried, send_preview, testers
from publicity.pushes.report import report_of
from publicity.pushes.sheets import PushSheet, list_pushes, push_sheet
from publicity.pushes.steps import request_push
from publicity.pushes.templates_set import TEMPLATES, template_by_id
from publicity.pushes.words import disturbs, start_words
from staff.authority import act, current_actor
from wechat.account import current_account

blueprint = Blueprint("pushes", __name__, url_prefix="/console/pushes", template_folder="../templates")

ARTICLE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)


@blueprint.get("/")
@act(SEE)
def pushes_page() -> str:
    found = list_pushes(before=request.args.get("before", ""))
    return render_template("publicity/pushes/pushes.html", found=found, report_of=report_of)


@blueprint.get("/new")
@act(COMPOSE)
def new_page() -> str:
    return _new_page(NewPushForm.read(request.args))


@blueprint.post("/new")
@act(COMPOSE)
def create() -> ResponseReturnValue:
    form = NewPushForm.read(request.form)
    try:
        key = create_push(form.typed["notice"], form.entry(), current_actor())
    except AppError as error:
        return _new_page(form, error), error.status
    flash("草稿已建好，内容取自公示。请核对，需要时修改。", "done")
    return redirect(url_for(".edit_page", key=key), 303)


@blueprint.get("/<key>/")
@act(SEE)
def push_page(key: str) -> ResponseReturnValue:
    return _page("push", push_sheet(key))


@blueprint.get("/<key>/progress")
@act(SEE, keeps_awake=False)
def progress(key: str) -> Response:
    """Answer with the card that is watched; once nothing moves any more, have the whole page drawn anew."""
    push = push_sheet(key)
    card = render_template("publicity/pushes/_progress.html", push=push, line=push.line, report=report_of(push.line))
    return Response(card, headers={} if push.is_watched else {"HX-Refresh": "true"})


@blueprint.get("/<key>/edit")
@act(COMPOSE)
def edit_page(key: str) -> ResponseReturnValue:
    push = push_sheet(key)
    return _edit_page(push, PushForm.of(push))


@blueprint.post("/<key>/edit")
@act(COMPOSE)
def edit(key: str) -> ResponseReturnValue:
    push, form = push_sheet(key), PushForm.read(request.form)
    if "other_template" in request.form:
        return _edit_page(push, _with_template(push, form))
    try:
        edit_push(key, _revision(), form.entry(push.line.channel), current_actor())
    except AppError as error:
        return _edit_page(push, form, error), error.status
    flash("已保存。", "done")
    return redirect(url_for(".push_page", key=key), 303)


@blueprint.post("/<key>/cover")
@act(COMPOSE)
def change_cover(key: str) -> ResponseReturnValue:
    file = request.files.get("cover")
    upload = Upload(file.filename or "", file.read()) if file else None
    return _back(key, "封面已换。", lambda: set_cover(key, _revision(), upload, current_actor()), page=".edit_page")


@blueprint.get("/<key>/cover")
@act(SEE)
def cover(key: str) -> Response:
    push = push_sheet(key)
    picture = cover_picture(str(push.content.get("cover") or ""))
    return Response(picture, content_type=media_type_of(picture) or "image/jpeg")


@blueprint.get("/<key>/article")
@act(SEE)
def article(key: str) -> Response:
    """Show the article as it will stand in WeChat; its own styles are allowed here, and nothing else is."""
    push = push_sheet(key)
    if not push.is_article:
        raise NotFound("这条推送不是文章。")
    html = article_of(_notice_of(push), push.content, current_account().site)
    page = render_template("publicity/pushes/article.html", html=html, push=push)
    return Response(page, headers={"Content-Security-Policy": ARTICLE_POLICY})


@blueprint.post("/<key>/drop")
@act(COMPOSE)
def drop(key: str) -> ResponseReturnValue:
    try:
        drop_push(key, _revision(), current_actor())
    except AppError as error:
        flash(error.message, "error")
        return redirect(url_for(".push_page", key=key), 303)
    flash("草稿已删去。", "done")
    return redirect(url_for(".pushes_page"), 303)


@blueprint.get("/<key>/preview")
@act(PREVIEW)
def preview_page(key: str) -> ResponseReturnValue:
    return _preview_page(push_sheet(key))


@blueprint.post("/<key>/preview")
@act(PREVIEW)
def preview(key: str) -> ResponseReturnValue:
    tester, name = text_of(request.form, "tester"), text_of(request.form, "wechat_name")
    try:
        send_preview(key, current_actor(), tester=tester, wechat_name=name)
    except AppError as error:
        return _preview_page(push_sheet(key), error), error.status
    flash("预览已发出，请在对方的手机上核对。", "done")
    return redirect(url_for(".preview_page", key=key), 303)


@blueprint.get("/<key>/send")
@act(SEND)
def send_page(key: str) -> ResponseReturnValue:
    return _page("send", push_sheet(key))


@blueprint.post("/<key>/send")
@act(SEND)
def send(key: str) -> ResponseReturnValue:
    try:
        require_tick(request.form)
        request_push(key, _revision(), current_actor())
    except AppError as error:
        return _page("send", push_sheet(key), error), error.status
    flash("申请已提交。部领导批准后按时发出。", "done")
    return redirect(url_for(".push_page", key=key), 303)


@blueprint.post("/<key>/pause")
@act(CONTROL)
def pause_it(key: str) -> ResponseReturnValue:
    return _back(key, "已暂停。正在路上的几条会发完，其余的停着。", lambda: pause(key, current_actor()))


@blueprint.post("/<key>/resume")
@act(CONTROL)
def resume_it(key: str) -> ResponseReturnValue:
    return _back(key, "继续发送。", lambda: resume(key, current_actor()))


@blueprint.get("/<key>/cancel")
@act(CONTROL)
def cancel_page(key: str) -> ResponseReturnValue:
    return _page("cancel", push_sheet(key))


@blueprint.post("/<key>/cancel")
@act(CONTROL)
def cancel_it(key: str) -> ResponseReturnValue:
    try:
        require_tick(request.form)
        cancel(key, current_actor())
    except AppError as error:
        return _page("cancel", push_sheet(key), error), error.status
    flash("已取消，没有发出的不再发。", "done")
    return redirect(url_for(".push_page", key=key), 303)


@blueprint.get("/<key>/retry")
@act(CONTROL)
def retry_page(key: str) -> ResponseReturnValue:
    return _page("retry", push_sheet(key))


@blueprint.post("/<key>/retry")
@act(CONTROL)
def retry_it(key: str) -> ResponseReturnValue:
    return _back(
        key, "开始重发。", lambda: retry(key, current_actor(), unknown_too=bool(request.form.get("unknown_too")))
    )


def _new_page(form: NewPushForm, error: AppError | None = None) -> str:
    notice_key = form.typed["notice"]
    return render_template(
        "publicity/pushes/new.html",
        form=form,
        faults=faults_of(error),
        notice=public_notice(notice_key).head if notice_key else None,
        notices=() if notice_key else public_notices().rows,
        ways=ways(),
        audiences=audiences() if notice_key else None,
        templates=TEMPLATES,
    )


def _edit_page(push: PushSheet, form: PushForm, error: AppError | None = None) -> Response:
    return _page("edit", push, error, form=form, audiences=audiences(), templates=TEMPLATES.value())


def _preview_page(push: PushSheet, error: AppError | None = None) -> Response:
    problem = can_be_tried(push.line.channel)
    try:
        found, silent = (() if problem else testers()), ""
    except AppError as failed:
        found, silent = (), failed.message
    by_name = push.line.channel in BY_NAME
    left = preview_words() if by_name else ""
    return _page("preview", push, error, problem=problem, testers=found, silent=silent, by_name=by_name, left=left)


def _page(name: str, push: PushSheet, error: AppError | None = None, **more: object) -> Response:
    """Draw a page about one push, in which its article may be framed."""
    line = push.line
    page = render_template(
        f"publicity/pushes/{name}.html",
        push=push,
        line=line,
        faults=faults_of(error),
        report=report_of(line),
        estimate=estimate_words(line.channel, line.audience, line.tag_number) if line.is_to_come else "",
        way=way_of(line.channel),
        starts=start_words(line.starts_at, push.now),
        disturbs=disturbs(line.starts_at or push.now),
        **more,
    )
    return Response(page, headers={"Content-Security-Policy": f"{POLICY}'none'; frame-src 'self'"})


def _notice_of(push: PushSheet) -> NoticePage:
    return public_notice(push.line.notice_key, push.line.version)


def _with_template(push: PushSheet, form: PushForm) -> PushForm:
    template = template_by_id(form.typed["template_id"])
    return form.filled_from(template_content(template, public_notice(push.line.notice_key)))


def _back(key: str, done: str, do: Callable[[], object], *, page: str = ".push_page") -> ResponseReturnValue:
    """Do it and say on the push's page what came of it."""
    try:
        do()
        flash(done, "done")
    except AppError as error:
        flash(error.message, "error")
    return redirect(url_for(page, key=key), 303)


def _revision() -> int:
    return whole(request.form.get("revision", "")) or 0
