"""The console's pages about options: all of them, one to set, its history, an old version to restore."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from foundation.errors import AppError, InvalidInput, NotFound
from foundation.forms import text_of
from foundation.web import row_id
from staff.authority import act, current_actor, may
from staff.navigation import OWN_GROUP, add_navigation
from staff.options.acts import CALENDAR, LIMITS, MENU, PUBLICITY, SEE, TEXTS
from staff.options.errors import InvalidOption, OutdatedVersion, UnconfirmedConsequence
from staff.options.forms import is_only_shown_again, number_of, read_typed
from staff.options.kinds import Typed
from staff.options.reading import OptionSheet, list_options, option_history, option_sheet, version_sheet
from staff.options.registry import Option
from staff.options.setting import restore_version, set_option, understand
from staff.options.shelf import init_shelf

AREAS = {act_name.removeprefix("options."): act_name for act_name in (TEXTS, MENU, CALENDAR, PUBLICITY, LIMITS)}
blueprint = Blueprint("options", __name__, url_prefix="/console/options")


@dataclass(frozen=True, slots=True)
class Meant:
    """What was typed, line by line, and what its preview needs."""

    lines: tuple[str, ...]
    preview: Mapping[str, object]


@blueprint.get("/")
@act(SEE)
def options_page() -> str:
    return render_template("staff/options/options.html", groups=list_options(), may_set=partial(may, current_actor()))


def option_page(area: str, name: str) -> ResponseReturnValue:
    sheet = _sheet(area, name)
    return _form_page(sheet, sheet.typed, based_on=sheet.current.number)


def set_it(area: str, name: str) -> ResponseReturnValue:
    sheet, form = _sheet(area, name), request.form
    typed, based_on, reason = read_typed(sheet.option.kind, form), number_of(form, "version"), text_of(form, "reason")
    if is_only_shown_again(form):
        return _form_page(sheet, typed, based_on=based_on)
    try:
        confirmed = "confirmed" in form
        changed = set_option(name, typed, current_actor(), based_on=based_on, reason=reason, confirmed=confirmed)
    except AppError as error:
        return _form_page(_sheet(area, name), typed, error, based_on=based_on), error.status
    flash(f"设置已保存。{sheet.option.remark}" if changed else "没有改动。", "done")
    return redirect(address_of(sheet.option), 303)


def history_page(area: str, name: str) -> ResponseReturnValue:
    _sheet(area, name)
    history = option_history(name, request.args.get("before", type=row_id))
    return render_template("staff/options/history.html", history=history, paged="before" in request.args)


def version_page(area: str, name: str, version: int) -> ResponseReturnValue:
    _sheet(area, name)
    return _version_page(name, version)


def restore(area: str, name: str, version: int) -> ResponseReturnValue:
    option, based_on, reason = (
        _sheet(area, name).option,
        number_of(request.form, "version"),
        text_of(request.form, "reason"),
    )
    try:
        changed = restore_version(name, version, current_actor(), based_on=based_on, reason=reason)
    except AppError as error:
        return _version_page(name, version, error), error.status
    flash(f"已恢复。{option.remark}" if changed else "没有改动。", "done")
    return redirect(address_of(option), 303)


def register_options(app: Flask) -> None:
    """Add the pages and their entry, and keep in each process what is set."""
    init_shelf(app)
    app.add_template_global(address_of, "option_address")
    app.register_blueprint(blueprint)
    add_navigation(app, OWN_GROUP, "设置", "options.options_page", SEE)


def address_of(option: Option[Any], page: str = "see", **values: int) -> str:
    """Return where a page about `option` is: see, history or version."""
    return url_for(f"options.{page}_{_area_of(option)}", name=option.name, **values)  # type: ignore[arg-type]  # numbers of versions


def _add_pages(area: str, act_name: str) -> None:
    """Give the options of one act addresses of their own, so that each door names the act it is."""
    for path, page, view, needed, method in (
        ("", "see", option_page, SEE, "GET"),
        ("", "set", set_it, act_name, "POST"),
        ("/history", "history", history_page, SEE, "GET"),
        ("/versions/<int:version>", "version", version_page, SEE, "GET"),
        ("/versions/<int:version>", "restore", restore, act_name, "POST"),
    ):
        door = act(needed)(view)
        rule, endpoint = f"/{area}/<name>{path}", f"{page}_{area}"
        blueprint.add_url_rule(rule, endpoint, door, methods=[method], defaults={"area": area})


for _area, _act_name in AREAS.items():
    _add_pages(_area, _act_name)


def _area_of(option: Option[Any]) -> str:
    return option.act.removeprefix("options.")


def _sheet(area: str, name: str) -> OptionSheet:
    """Return an option of `area` with what holds; raises NotFound."""
    sheet = option_sheet(name)
    if _area_of(sheet.option) != area:
        raise NotFound("没有这项设置。")
    return sheet


def _form_page(sheet: OptionSheet, typed: Typed, error: AppError | None = None, *, based_on: int) -> str:
    """Show the form with what was typed, what is wrong with it, and how it would look.

    Who was too late sees both values, and saves over the one that holds now if they send the form again.
    """
    outdated = isinstance(error, OutdatedVersion)
    meant = _understood(sheet.option, typed)
    return render_template(
        "staff/options/option.html",
        sheet=sheet,
        typed=typed,
        version=sheet.current.number if outdated else based_on,
        reason=text_of(request.form, "reason"),
        faults=_faults(error) if error else {},
        meant=meant,
        outdated=outdated,
        unconfirmed=error.message if isinstance(error, UnconfirmedConsequence) else "",
        may_set=may(current_actor(), sheet.option.act),
    )


def _understood(option: Option[Any], typed: Typed) -> Meant | None:
    """Return what was typed as a person reads it and as it would look, None where it is no value yet."""
    try:
        value = understand(option, typed)
    except InvalidOption:
        return None
    return Meant(option.kind.lines(value), option.preview.context(value) if option.preview else {})


def _version_page(name: str, version: int, error: AppError | None = None) -> str:
    sheet = version_sheet(name, version)
    return render_template(
        "staff/options/version.html",
        sheet=sheet,
        reason=text_of(request.form, "reason"),
        faults=_faults(error) if error else {},
        may_set=may(current_actor(), sheet.option.act),
    )


def _faults(error: AppError) -> dict[str, str]:
    """Return an error's sentences by field; what concerns no field stands under ""."""
    if isinstance(error, InvalidOption):
        return error.faults
    if isinstance(error, UnconfirmedConsequence):
        return {}
    return {(error.field or "") if isinstance(error, InvalidInput) else "": error.message}
