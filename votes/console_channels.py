"""The console's page about the ways to a poll: an address and a QR picture for each, to add, to rename, to print."""

from io import BytesIO

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from config import Settings
from foundation.errors import AppError
from staff.authority import act, current_actor
from votes.channels import PICTURES, add_channel, channel_picture, channels_of, remove_channel, rename_channel
from votes.console_forms import faults_of, text_of
from votes.overview import poll_overview

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
    content, name = channel_picture(slug, key, kind, _site())
    as_file = "download" in request.args
    return send_file(BytesIO(content), mimetype=PICTURES[kind], as_attachment=as_file, download_name=f"{name}.{kind}")


def _channels_page(slug: str, error: AppError | None = None, *, renamed: str = "") -> str:
    return render_template(
        "votes/console/channels.html",
        poll=poll_overview(slug),
        channels=channels_of(slug, _site()),
        renamed=renamed,
        name=text_of(request.form, "name"),
        faults=faults_of(error) if error else {},
    )


def _site() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.public_url
