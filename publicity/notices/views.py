"""The public ways in: the list of notices, each of them in all its versions, the files that come along."""

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from config import Settings
from foundation.errors import NotAllowed
from foundation.forms import whole
from foundation.pages import prepare
from foundation.web import same_origin
from publicity.notices.kinds import Phase
from publicity.notices.reading import (
    NoticePage,
    public_attachment,
    public_notice,
    public_notices,
    running_notices,
    version_difference,
)
from publicity.notices.reminding import ask_for_reminder, offers_reminder
from publicity.notices.sharing import allow_asking, hand_out
from publicity.notices.showing import (
    as_sheet,
    badge_words,
    days_gone,
    dialled,
    left_words,
    period_words,
    publication_day,
    size_words,
    span_words,
)
from wechat.js_sdk import allow_sharing

blueprint = Blueprint("notices", __name__, template_folder="../templates")
ASK_AGAIN = "no-cache"
KEPT_BRIEFLY = "public, max-age=300"


def register_notice_pages(app: Flask) -> None:
    """Add the pages, and what their templates need."""
    for name, say in (
        ("notice_badge", badge_words),
        ("notice_left", left_words),
        ("notice_period", period_words),
        ("notice_sheet", as_sheet),
        ("days_gone", days_gone),
        ("publication_day", publication_day),
        ("file_size", size_words),
        ("dialled", dialled),
    ):
        app.add_template_filter(say, name)
    app.add_template_global(span_words)
    app.add_template_global(offers_reminder)
    app.register_blueprint(blueprint)


@blueprint.get("/notices")
def notices_page() -> Response:
    page = whole(request.args.get("page", "")) or 1
    found = public_notices(page)
    running = running_notices() if found.page == 1 else ()
    others = [notice for notice in found.rows if notice.phase is not Phase.RUNNING]
    return _page("notices.html", found=found, running=running, others=others, asked="asked" in request.args)


@blueprint.get("/notices/<key>")
def notice_page(key: str) -> Response:
    return _notice_page(public_notice(key))


@blueprint.get("/notices/<key>/versions/<int(min=1,max=9999):number>")
def version_page(key: str, number: int) -> Response:
    return _notice_page(public_notice(key, number))


@blueprint.get("/notices/<key>/attachments/<attachment>")
def attachment(key: str, attachment: str) -> Response:
    response = hand_out(public_attachment(key, attachment))
    response.headers["Cache-Control"] = KEPT_BRIEFLY
    return response


@blueprint.post("/notices/remind")
def remind() -> ResponseReturnValue:
    """Lead a reader to the platform's question whether they allow one reminder, and from there back to the list."""
    if not same_origin(request, _settings().public_url):
        raise NotAllowed("请回到公示页再点一次。")
    return redirect(ask_for_reminder("/notices?asked=1"), 303)


def _notice_page(page: NoticePage) -> Response:
    number = page.version.number
    changes = version_difference(page.head.key, number) if number > 1 else None
    return _page("notice.html", page=page, changes=changes, site=_settings().public_url.rstrip("/"))


def _page(template: str, **values: object) -> Response:
    """Answer with a page that is the same for everyone."""
    html = render_template(f"publicity/notices/{template}", **values).encode()
    response = prepare(html, "text/html; charset=utf-8").answer(request, cache=ASK_AGAIN)
    return allow_asking(allow_sharing(response))


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
