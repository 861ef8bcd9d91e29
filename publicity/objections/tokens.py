"""The token of a form for objections: made for one form on one notice's page, one reader and one day."""

import hmac

from werkzeug.wrappers import Request

from config import Settings
from foundation.clock import local_day, utc_now
from foundation.ids import random_id
from foundation.web import same_origin, token_for

_LENGTH = 32


def new_form_key() -> str:
    """Return a name for a form, by which it is known when it is sent twice."""
    return random_id()


def form_token(settings: Settings, notice: str, form: str, reader: str, *, days_ago: int = 0) -> str:
    """Return the token that the form carries; `reader` is an openid, or empty for somebody unknown."""
    day = local_day(utc_now()).toordinal() - days_ago
    return token_for(settings.secret_key.get_secret_value(), "objection", notice, form, reader, str(day))


def sent_by_our_page(settings: Settings, request: Request, notice: str, form: str, reader: str) -> bool:
    """Tell whether our own page sent this form, today or yesterday, for this very reader."""
    given = request.form.get("token", "").encode()
    tokens = [form_token(settings, notice, form, reader, days_ago=days) for days in (0, 1)]
    return same_origin(request, settings.public_url) and any(
        hmac.compare_digest(given, token.encode()) for token in tokens
    )


def is_form_key(text: str) -> bool:
    return len(text) == _LENGTH and text.isascii() and text.isalnum()
