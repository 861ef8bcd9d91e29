"""The console's pages about notices: the list, drafting and editing, how one reads, its versions."""

from functools import partial

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from foundation.errors import AppError, Conflict, InvalidInput, NotFound
from foundation.forms import faults_of, require_tick, whole
from publicity.notices.acts import DRAFT, DROP, EDIT, SEE
from publicity.notices.cleaning import clean_body
from publicity.notices.console_files import blueprint as files_blueprint
from publicity.notices.console_steps import blueprint as steps_blueprint
from publicity.notices.drafting import draft_notice, drop_draft, edit_draft, new_entry
from publicity.notices.finding import find_notices
from publicity.notices.forms import NoticeForm, NoticeSearch, offers
from publicity.notices.kinds import KIND_NAMES, PHASE_NAMES, STEPS_NAMES, WITH_PERIOD, Kind, State
from publicity.notices.options import OWN_DAY, steps_now
from publicity.notices.reading import AttachmentLine, public_notice, staff_attachment, version_difference
from publicity.notices.sharing import hand_out
from publicity.notices.sheet import Draft, NoticeSheet, notice_sheet
from publicity.notices.subjects import SUBJECT_KINDS
from publicity.notices.tabs import notice_tabs
from publicity.notices.wording import LATER, PERIOD, Days, fill
from staff.audit.choosing import ANY_OF, Choice
from staff.audit.reading import chosen_acts
from staff.authority import act, current_actor
from staff.navigation import add_navigation

LATEST_ACTS = 50
KEY_IN_TRAIL = 8  # characters of a notice's key that the trail names it by
ABOUT = {
    Kind.UNIT: "推荐单位公示初步推荐对象",
    Kind.CANDIDATES: "市委组织部公示参加网上评议的候选对象",
    Kind.FINAL: "市委组织部公示拟表彰的预备人选",
    Kind.OPENING: "网上评议开始，写明时间、规则和网址",
    Kind.CLOSING: "网上评议结束，写明后续安排",
    Kind.PLAIN: "其他需要公开的事项，自己写标题和正文",
}
SORTS = (
    ("有公示期，可以反映情况", (Kind.UNIT, Kind.CANDIDATES, Kind.FINAL)),
    ("没有公示期", (Kind.OPENING, Kind.CLOSING, Kind.PLAIN)),
)
blueprint = Blueprint("notices_console", __name__, url_prefix="/console/notices", template_folder="../templates")


def register_notices_console(app: Flask) -> None:
    """Add the pages and their entry in the navigation."""
    app.add_template_filter(_as_cleaned, "cleaned_text")
    app.add_template_filter(_as_foreseen, "as_foreseen")
    app.add_template_global(notice_tabs)
    for pages in (blueprint, steps_blueprint, files_blueprint):
        app.register_blueprint(pages)
    add_navigation(app, "公示", "公示与公告", "notices_console.notices_page", SEE)


@blueprint.get("/")
@act(SEE)
def notices_page() -> str:
    search = NoticeSearch.read(request.args)
    found = find_notices(search.page, words=search.words, kind=search.kind, phase=search.phase)
    return _render("notices.html", found=found, search=search, kinds=KIND_NAMES, phases=PHASE_NAMES)


@blueprint.get("/new")
@act(DRAFT)
def new_page() -> str:
    words = STEPS_NAMES[steps_now()]
    return _render("new.html", sorts=SORTS, about=ABOUT, kind_names=KIND_NAMES, steps_words=words)


@blueprint.get("/new/<kind>")
@act(DRAFT)
def new_form(kind: str) -> str:
    return _new_form(NoticeForm.of(new_entry(_kind(kind))))


@blueprint.post("/new/<kind>")
@act(DRAFT)
def draft(kind: str) -> ResponseReturnValue:
    form = NoticeForm.read(_kind(kind), request.form)
    try:
        if NoticeForm.is_arranged(request.form):
            return _new_form(form.arranged(request.form))
        key = draft_notice(form.values(), current_actor())
    except AppError as error:
        return _new_form(form, error), error.status
    flash("草稿已存。请看看读起来怎么样，要改的改好，再提交。", "done")
    return redirect(url_for(".notice_page", key=key), 303)


@blueprint.get("/<key>/")
@act(SEE)
def notice_page(key: str) -> str:
    done = chosen_acts(Choice(act=f"notices{ANY_OF}", text=key[:KEY_IN_TRAIL]), size=LATEST_ACTS)
    return _render("notice.html", sheet=notice_sheet(key, current_actor()), done=done)


@blueprint.get("/<key>/edit")
@act(EDIT)
def edit_page(key: str) -> str:
    sheet, draft = editable(key)
    return _edit_page(sheet, NoticeForm.of(draft.entry), draft.revision)


@blueprint.post("/<key>/edit")
@act(EDIT)
def edit(key: str) -> ResponseReturnValue:
    sheet = notice_sheet(key, current_actor())
    form, revision = NoticeForm.read(sheet.head.kind, request.form), whole(request.form.get("revision", "")) or 0
    try:
        if NoticeForm.is_arranged(request.form):
            return _edit_page(sheet, form.arranged(request.form), revision)
        changed = edit_draft(key, revision, form.values(), current_actor()) != revision
    except AppError as error:
        return _edit_page(notice_sheet(key, current_actor()), form, revision, error), error.status
    flash("草稿已存。" if changed else "没有改动。", "done")
    return redirect(url_for(".notice_page", key=key), 303)


@blueprint.get("/<key>/drop")
@act(DROP)
def drop_page(key: str) -> str:
    return _drop_page(key)


@blueprint.post("/<key>/drop")
@act(DROP)
def drop(key: str) -> ResponseReturnValue:
    try:
        require_tick(request.form)
        drop_draft(key, whole(request.form.get("revision", "")) or 0, current_actor())
    except NotFound:
        raise
    except AppError as error:
        return _drop_page(key, error), error.status
    flash("这一稿已作废。", "done")
    return redirect(url_for(".notices_page"), 303)


@blueprint.get("/<key>/preview")
@act(SEE)
def preview(key: str) -> str:
    """Show a draft as the phone will, on the sheet of the public page."""
    sheet = notice_sheet(key, current_actor())
    page = sheet.draft.page if sheet.draft else sheet.published
    return _render("preview.html", sheet=sheet, page=page, draft=sheet.draft, attachment_path=partial(_file_path, key))


@blueprint.get("/<key>/versions/<int(min=1,max=9999):number>")
@act(SEE)
def version_page(key: str, number: int) -> str:
    sheet = notice_sheet(key, current_actor())
    changes = version_difference(key, number) if number > 1 else None
    return _render("version.html", sheet=sheet, page=public_notice(key, number), changes=changes)


@blueprint.get("/<key>/attachments/<attachment>/file")
@act(SEE)
def attachment(key: str, attachment: str) -> Response:
    return hand_out(staff_attachment(key, attachment))


def editable(key: str) -> tuple[NoticeSheet, Draft]:
    """Return a notice with its draft, as the reader may edit it; raises Conflict where there is none to edit now."""
    sheet = notice_sheet(key, current_actor())
    if sheet.draft is None or sheet.draft.state is not State.DRAFT:
        raise Conflict("现在没有可以修改的草稿。已经提交的要先撤回，已经发布的要先起草变更。")
    return sheet, sheet.draft


def _kind(name: str) -> Kind:
    if name not in set(Kind):
        raise NotFound("没有这个种类。")
    return Kind(name)


def _new_form(form: NoticeForm, error: AppError | None = None) -> str:
    return _render("new_form.html", **_form_parts(form, error), isnew=True, changes_clock=True)


def _edit_page(sheet: NoticeSheet, form: NoticeForm, revision: int, error: AppError | None = None) -> str:
    """Show the form with what was typed; who was too late sees the other's text beside it, and may save over it."""
    draft = sheet.draft if sheet.draft and sheet.draft.state is State.DRAFT else None
    newer = draft if draft and isinstance(error, Conflict) and draft.revision != revision else None
    return _render(
        "edit.html",
        **_form_parts(form, error),
        sheet=sheet,
        draft=draft,
        revision=newer.revision if newer else revision,
        newer=newer,
        newer_form=NoticeForm.of(newer.entry) if newer else None,
        isnew=False,
        changes_clock=sheet.published is None,
    )


def _form_parts(form: NoticeForm, error: AppError | None) -> dict[str, object]:
    return {
        "form": form,
        "faults": faults_of(error),
        "offers": offers(),
        "has_period": form.kind in WITH_PERIOD,
        "own_day": OWN_DAY.value(),
        "kind_words": KIND_NAMES[form.kind],
        "subject_kinds": SUBJECT_KINDS,
    }


def _drop_page(key: str, error: AppError | None = None) -> str:
    sheet, draft = editable(key)
    return _render("drop.html", sheet=sheet, draft=draft, faults=faults_of(error))


def _file_path(key: str, file: AttachmentLine) -> str:
    return url_for("notices_console.attachment", key=key, attachment=file.key)


def _as_foreseen(draft: Draft) -> Markup:
    """Return a draft's text as it would read if it were published today, but for the day it bears."""
    entry = draft.entry
    return fill(entry.body.replace(PERIOD, draft.foreseen or LATER), entry.subjects, Days())


def _as_cleaned(typed: str) -> Markup:
    """Show what somebody typed as a text; what is too long to be one is shown as it is."""
    try:
        return Markup(clean_body(typed))  # noqa: S704  # cleaned by an allowlist
    except InvalidInput:
        return escape(typed)


def _render(template: str, **values: object) -> str:
    return render_template(f"publicity/notices/console/{template}", **values)
