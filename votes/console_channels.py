"""The console's page about the ways to a poll: an address and a QR picture for each, to add, to rename, to print."""

from io import BytesIO

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from config import Settings
from foundation.errors import AppError
from foundation.forms import faults_of, text_of
from staff.authority import act, current_actor
from votes.channels import (
    PICTURES,
    add_channel,
    channel_picture,
    channels_of,
    follow_picture,
    remove_channel,
    rename_channel,
)
from votes.column import offer_column
from votes.overview import poll_overview
from wechat.account import current_account

blueprint = Blueprint("channels_console", __name__, url_prefix="/console/polls/<slug>/channels")


@blueprint.get("/")
@act("polls.see")
def channels_page(slug: str) -> str:
    return _channels_page(slug)


@blueprint.post("/")
@act("polls.edit_channels")
def add(slug: str) -> ResponseReturnValue:
    try:
        add_channel(slug, text_of(request.form, "name"), current_actor())
    except AppError as error:
        return _channels_page(slug, error), error.status
    flash("渠道已添加，链接和二维码可以用了。", "done")
    return redirect(url_for(".channels_page", slug=slug), 303)


@blueprint.post("/<key>/name")
@act("polls.edit_channels")
def rename(slug: str, key: str) -> ResponseReturnValue:
    try:
        rename_channel(slug, key, text_of(request.form, "name"), current_actor())
    except AppError as error:
        return _channels_page(slug, error, renamed=key), error.status
    flash("名称已改，链接和二维码不变。", "done")
    return redirect(url_for(".channels_page", slug=slug), 303)


@blueprint.post("/<key>/remove")
@act("polls.edit_channels")
def remove(slug: str, key: str) -> ResponseReturnValue:
    try:
        remove_channel(slug, key, current_actor())
    except AppError as error:
        return _channels_page(slug, error), error.status
    flash("渠道已删去。", "done")
    return redirect(url_for(".channels_page", slug=slug), 303)


@blueprint.get("/<key>/qr.<kind>")
@act("polls.see")
def picture(slug: str, key: str, kind: str) -> Response:
    content, name = channel_picture(slug, key, kind, _settings().public_url)
    as_file = "download" in request.args
    return send_file(BytesIO(content), mimetype=PICTURES[kind], as_attachment=as_file, download_name=f"{name}.{kind}")


@blueprint.get("/<key>/follow.png")
@act("polls.see")
def picture_to_follow(slug: str, key: str) -> Response:
    content, name = follow_picture(slug, key, _settings().public_url)
    return send_file(
        BytesIO(content), mimetype=PICTURES["png"], as_attachment=True, download_name=f"{name}（先进公众号）.png"
    )


def _channels_page(slug: str, error: AppError | None = None, *, renamed: str = "") -> str:
    poll, settings = poll_overview(slug), _settings()
    return render_template(
        "votes/console/channels.html",
        poll=poll,
        channels=channels_of(slug, settings.public_url),
        column=offer_column(slug, poll.title, settings.public_url, settings.embed_origins),
        leads_to_follow=current_account().may("scene_qr"),
        renamed=renamed,
        name=text_of(request.form, "name"),
        faults=faults_of(error),
    )


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
