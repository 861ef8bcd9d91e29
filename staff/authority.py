"""The doors of the console: each view says which act it is, and only who may do it is let in."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from hmac import compare_digest
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from config import Settings
from foundation.errors import NotAllowed
from foundation.transaction import transaction
from foundation.web import network_of, safe_path, same_origin, token_for
from staff.actors import UNKNOWN, Actor
from staff.acts import ACTS, Belonging, UndeclaredActError, allows, words_of
from staff.audit import record
from staff.cookies import session_token
from staff.sessions import OpenSession, find_session

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

_declared: dict[object, str | None] = {}
HALF_WAY = frozenset({"staff.second_step", "staff.sign_out"})
"""What somebody may do whose password was right and whose second factor is still to come."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_STRANGERS_FORM = 64 * 1024  # bytes


def act(name: str, *, keeps_awake: bool = True) -> Callable[[View[P]], View[P]]:
    """Let only members in who may do `name`; what changes something must come from our own page.

    Without a session the reader is sent to sign in and back. `keeps_awake=False` is for what a page asks by
    itself, which is no sign of somebody sitting there. What is only read is read in one transaction.
    """

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def door(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            found = find_session(session_token(request), keeps_awake=keeps_awake)
            if found is None:
                return _to_sign_in()
            _let_in(found)
            if not found.complete and name not in HALF_WAY:
                return _to_second_step()
            if request.method not in _READING and not _from_our_page(found):
                raise _refused(name, "这一页放得太久，或提交不是从本系统的页面发出的，请刷新页面后再提交。")
            if not may(g.actor, name):
                raise _refused(name, f"您没有“{words_of(name)}”的权限。")
            with transaction() if request.method in _READING else nullcontext():
                return view(*args, **kwargs)

        _declared[door] = name
        return door

    return declare


def open_to_all(_reason: str) -> Callable[[View[P]], View[P]]:
    """Let anybody in, for the reason given; what changes something must still come from our own site."""

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def door(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            g.pop("staff_session", None)
            g.actor = stranger()
            request.max_content_length = _STRANGERS_FORM
            if request.method not in _READING and not same_origin(request, _settings().public_url):
                raise NotAllowed(f"请从 {_settings().public_url} 打开登录页再登录。")
            return view(*args, **kwargs)

        _declared[door] = None
        return door

    return declare


def may(actor: Actor, name: str, of: Belonging | None = None) -> bool:
    """Tell whether `actor` may do the act `name`, with a thing of theirs where `of` says whose it is."""
    return allows(actor, name, of)


def demand(actor: Actor, name: str, of: Belonging | None = None, object: str = "") -> None:  # noqa: A002
    """Raise NotAllowed, and leave a line in the trail that stays, where `actor` may not do `name`.

    Use cases ask it for what a door cannot see: whose the thing is, or who stands behind a command.
    """
    if not allows(actor, name, of):
        note_refusal(name, object or name, actor)
        raise NotAllowed(f"您没有“{words_of(name)}”的权限。")


def note_refusal(name: str, object: str, actor: Actor) -> None:  # noqa: A002
    """Leave a line about a refused act that stays, though the exception that follows rolls back what is open."""
    with current_app.app_context():  # with a session of its own
        record(name, object, actor, result="refused")


def current_actor() -> Actor:
    """Return who does what this request asks for."""
    actor: Actor = g.actor
    return actor


def stranger() -> Actor:
    """Return the actor of a request that nobody has signed in for."""
    return Actor(UNKNOWN.name, UNKNOWN.display_name, None, network_of(request.remote_addr), g.get("request_id"))


def csrf_token() -> str:
    """Return the token of this session's forms, or nothing where nobody has signed in."""
    found: OpenSession | None = g.get("staff_session")
    return "" if found is None else _token_of(found)


def csrf_field() -> Markup:
    """Return the hidden input that every form of the console carries."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(csrf_token())


def check_doors(app: Flask, prefix: str = "/console") -> None:
    """Raise UndeclaredActError for a route below `prefix` that says neither which act it is nor why it is open.

    The factory asks this once, when every room has brought its pages and its acts.
    """
    below = [rule for rule in app.url_map.iter_rules() if f"{rule.rule}/".startswith(f"{prefix}/")]
    unguarded = sorted(rule.rule for rule in below if app.view_functions[rule.endpoint] not in _declared)
    unknown = sorted(
        f"{rule.rule} ({name})"
        for rule in below
        if (name := act_of(app, rule.endpoint)) is not None and name not in ACTS
    )
    if unguarded or unknown:
        raise UndeclaredActError(", ".join(unguarded + unknown))


def act_of(app: Flask, endpoint: str) -> str | None:
    """Return the act that a page of the console is, None where it is open to all or no page of the console."""
    return _declared.get(app.view_functions[endpoint])


def way_back(path: str | None) -> str:
    """Return where in the console to go after signing in."""
    plain = safe_path(path)
    return plain if plain.startswith("/console/") and ".." not in plain else "/console/"


def _let_in(found: OpenSession) -> None:
    here = stranger()
    g.staff_session = found
    g.actor = Actor(
        found.name, found.display_name, found.member_id, here.network, here.request_id, found.role, found.unit
    )


def _from_our_page(found: OpenSession) -> bool:
    """Tell whether our own origin sent this with the token of this very session."""
    if not same_origin(request, _settings().public_url):
        return False
    token = request.headers.get("X-CSRFToken") or request.form.get("csrf_token", "")
    return compare_digest(token.encode(), _token_of(found).encode())


def _token_of(found: OpenSession) -> str:
    return token_for(_settings().secret_key.get_secret_value(), "console form", str(found.id))


def _refused(name: str, sentence: str) -> NotAllowed:
    place = request.path if request.path.isprintable() else str(request.url_rule)
    record(name, place, current_actor(), result="refused")
    return NotAllowed(sentence)


def _to_sign_in() -> ResponseReturnValue:
    """Send a reader to sign in and back to this page, or to the page the form stood on."""
    g.pop("staff_session", None)
    g.actor = stranger()
    reading = request.method in _READING
    polled = "HX-Request" in request.headers
    came_from = request.headers.get("HX-Current-URL") if polled else request.referrer
    target = request.full_path.rstrip("?") if reading and not polled else urlsplit(came_from or "").path
    address = url_for("console.sign_in", next=way_back(target), lost=None if reading else 1)
    return Response(status=401, headers={"HX-Redirect": address}) if polled else redirect(address, 303)


def _to_second_step() -> ResponseReturnValue:
    address = url_for("console_own.second_step", next=way_back(request.full_path.rstrip("?")))
    if "HX-Request" in request.headers:
        return Response(status=401, headers={"HX-Redirect": address})
    return redirect(address, 303)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
