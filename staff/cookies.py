"""The cookie that carries a session's token, and what the browser that shows it is."""

from flask import Request, Response, current_app, request

from config import Settings
from staff.browsers import describe_browser


def session_token(request: Request) -> str | None:
    """Return the token the browser shows, whatever it is worth."""
    return request.cookies.get(_name())


def carry_token(response: Response, token: str) -> Response:
    """Give the browser its token until it is closed; how long the session holds is the server's matter.

    Lax, because Strict would keep the cookie back from whoever arrives by a link in a mail or a chat and make
    them sign in again; nothing is changed by a GET, and a POST from elsewhere carries no Lax cookie.
    """
    response.set_cookie(_name(), token, path="/", secure=_settings().secure, httponly=True, samesite="Lax")
    return response


def drop_token(response: Response) -> Response:
    response.delete_cookie(_name(), path="/", secure=_settings().secure, httponly=True, samesite="Lax")
    return response


def this_browser() -> str:
    """Return a few words for the browser that asks."""
    return describe_browser(request.user_agent.string)


def _name() -> str:
    return "__Host-staff" if _settings().secure else "staff"


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
