"""The console's pages about followers: how many there are and fetching them, and the tags they are grouped by."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError
from foundation.forms import text_of
from staff.authority import act, current_actor
from wechat.account import current_account
from wechat.following.figures import follower_figures
from wechat.following.jobs import ring_for_sync
from wechat.following.runs import latest_run
from wechat.following.syncing import ACT as SYNC
from wechat.following.syncing import begin_sync
from wechat.following.tags import ACT as TAGS
from wechat.following.tags import TEST_TAG, create_tag, delete_tag, list_tags, make_test_tag, rename_tag

blueprint = Blueprint("following", __name__, url_prefix="/console/wechat", template_folder="../templates")


@blueprint.get("/followers")
@act("wechat.see")
def followers_page() -> ResponseReturnValue:
    return render_template(
        "wechat/followers.html",
        figures=follower_figures(),
        run=latest_run(),
        may_read=current_account().may("users"),
    )


@blueprint.get("/followers/progress")
@act("wechat.see", keeps_awake=False)
def progress() -> ResponseReturnValue:
    return render_template("wechat/_sync.html", run=latest_run(), figures=follower_figures())


@blueprint.post("/followers/sync")
@act(SYNC)
def sync() -> ResponseReturnValue:
    try:
        begin_sync(current_actor(), ring_for_sync)
    except AppError as error:
        flash(error.message, "error")
    return redirect(url_for(".followers_page"), 303)


@blueprint.get("/tags")
@act("wechat.see")
def tags_page() -> ResponseReturnValue:
    return render_template("wechat/tags.html", may_read=current_account().may("users"), test_tag=TEST_TAG)


@blueprint.get("/tags/list")
@act("wechat.see")
def tag_list() -> ResponseReturnValue:
    try:
        return render_template("wechat/_tags.html", tags=list_tags(), test_tag=TEST_TAG, failed="")
    except AppError as error:
        return render_template("wechat/_tags.html", tags=(), test_tag=TEST_TAG, failed=error.message)


@blueprint.post("/tags")
@act(TAGS)
def create() -> ResponseReturnValue:
    name = text_of(request.form, "name")
    return _done(lambda: create_tag(name, current_actor()), f"标签“{name}”已建好。", typed=name)


@blueprint.post("/tags/test")
@act(TAGS)
def create_test() -> ResponseReturnValue:
    return _done(lambda: make_test_tag(current_actor()), f"“{TEST_TAG}”标签已建好。")


@blueprint.post("/tags/<int:number>/name")
@act(TAGS)
def rename(number: int) -> ResponseReturnValue:
    name = text_of(request.form, "name")
    return _done(lambda: rename_tag(number, name, current_actor()), "名称已改。")


@blueprint.post("/tags/<int:number>/delete")
@act(TAGS)
def delete(number: int) -> ResponseReturnValue:
    return _done(lambda: delete_tag(number, current_actor()), "标签已删去，关注者不受影响。")


def _done(do: Callable[[], object], sentence: str, *, typed: str = "") -> ResponseReturnValue:
    """Do it and say so on the page; what was typed for a new tag stays where it was refused."""
    try:
        do()
        flash(sentence, "done")
    except AppError as error:
        flash(error.message, "error")
        if typed:
            return redirect(url_for(".tags_page", name=typed[:60]), 303)
    return redirect(url_for(".tags_page"), 303)
