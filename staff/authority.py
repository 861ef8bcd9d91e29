"""Who may do what: the acts there are, and the doors of the console that ask for them."""

from collections.abc import Callable, Mapping
from functools import wraps
from hmac import compare_digest
from types import MappingProxyType
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from config import Settings
from foundation.errors import NotAllowed
from foundation.web import network_of, safe_path, same_origin, token_for
from staff.actors import UNKNOWN, Actor
from staff.audit import record
from staff.cookies import session_token
from staff.sessions import OpenSession, find_session

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

_acts: dict[str, str] = {
    "staff.sign_in": "登录",
    "staff.demo_sign_in": "登录（演示）",
    "staff.sign_out": "退出",
    "staff.lock": "输错太多，暂停登录",
    "staff.try_while_locked": "暂停期间尝试登录",
    "staff.prove": "核对密码",
    "staff.password": "修改密码",
    "staff.add": "添加人员",
    "staff.reset_password": "重设密码",
    "staff.unlock": "解除暂停登录",
    "staff.disable": "停用账号",
    "staff.enable": "恢复账号",
    "downloads.see": "查看下载",
    "downloads.request": "申请下载",
    "downloads.fetch": "取走文件",
    "audit.see": "查看操作记录",
}
ACTS: Mapping[str, str] = MappingProxyType(_acts)
"""Every act by its name, with what it is called on pages; rooms add theirs with `declare_act`."""

_declared: dict[Callable[..., ResponseReturnValue], str] = {}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_STRANGERS_FORM = 64 * 1024  # bytes


class UndeclaredActError(Exception):
    """A view asks for an act that nobody declared, or two rooms declare one act differently."""


def declare_act(name: str, description: str) -> None:
    """Add an act to the registry when a room's console module is imported."""
    if _acts.setdefault(name, description) != description:
        raise UndeclaredActError(f"{name} is declared twice with different descriptions")


def act(name: str, *, keeps_awake: bool = True) -> Callable[[View[P]], View[P]]:
    """Let only members in who may do `name`; what changes something must come from our own page.

    Without a session the reader is sent to sign in and back. `keeps_awake=False` is for what a page asks by
    itself, which is no sign of somebody sitting there. Raises UndeclaredActError at import.
    """
    if name not in ACTS:
        raise UndeclaredActError(name)

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def door(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            found = find_session(session_token(request), keeps_awake=keeps_awake)
            if found is None:
                return _to_sign_in()
            _let_in(found)
            if request.method not in _READING and not _from_our_page(found):
                raise _refused(name, "这一页放得太久，或提交不是从本系统的页面发出的，请刷新页面后再提交。")
            if not may(g.actor, name):
                raise _refused(name, f"您没有“{ACTS[name]}”的权限。")
            return view(*args, **kwargs)

        _declared[door] = name
        return door

    return declare


def open_to_all(reason: str) -> Callable[[View[P]], View[P]]:
    """Let anybody in, for the `reason` given; what changes something must still come from our own site."""

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def door(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            g.pop("staff_session", None)
            g.actor = stranger()
            request.max_content_length = _STRANGERS_FORM
            if request.method not in _READING and not same_origin(request, _settings().public_url):
                raise NotAllowed(f"请从 {_settings().public_url} 打开登录页再登录。")
            return view(*args, **kwargs)

        _declared[door] = f"open to all: {reason}"
        return door

    return declare


def may(actor: Actor, name: str) -> bool:
    """Tell whether `actor` may do the act `name`: every member may do every act."""
    return name in ACTS and actor.member_id is not None


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


def undeclared_routes(app: Flask, prefix: str = "/console") -> list[str]:
    """Return the rules below `prefix` whose view says neither which act it is nor why it is open to all."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule == prefix or rule.rule.startswith(prefix + "/")]
    return sorted(rule.rule for rule in rules if app.view_functions[rule.endpoint] not in _declared)


def way_back(path: str | None) -> str:
    """Return where in the console to go after signing in."""
    plain = safe_path(path)
    return plain if plain.startswith("/console/") and ".." not in plain else "/console/"


def _let_in(found: OpenSession) -> None:
    here = stranger()
    g.staff_session = found
    g.actor = Actor(found.name, found.display_name, found.member_id, here.network, here.request_id)


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


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
