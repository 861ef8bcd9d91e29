"""The token of the ballot page: per poll and day, so that the page can be the same bytes for everyone."""

import hmac
from datetime import date, timedelta
from functools import lru_cache

from werkzeug.wrappers import Request

from config import Settings
from foundation.clock import local_day, utc_now
from foundation.web import same_origin, token_for


def page_token(settings: Settings, slug: str, days_ago: int = 0) -> str:
    """Return the token that the page of this poll carries on a day of Asia/Shanghai."""
    day = local_day(utc_now() - timedelta(days=days_ago))
    return _token_of(settings.secret_key.get_secret_value(), slug, day)


@lru_cache(maxsize=64)  # every ballot asks for the same few
def _token_of(secret: str, slug: str, day: date) -> str:
    return token_for(secret, "ballot", slug, day.isoformat())


def sent_by_our_page(settings: Settings, slug: str, request: Request) -> bool:
    """Tell whether our own ballot page sent this; one opened before midnight may still be voted with."""
    token = request.headers.get("X-CSRFToken", "").encode()
    return same_origin(request, settings.public_url) and (
        hmac.compare_digest(token, page_token(settings, slug).encode())
        or hmac.compare_digest(token, page_token(settings, slug, days_ago=1).encode())
    )
