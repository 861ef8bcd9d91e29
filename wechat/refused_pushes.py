"""Why pushes were turned away lately: for an operator who is connecting an account; nothing about anybody."""

from collections.abc import Mapping
from datetime import UTC, datetime

from foundation.keyvalue import RedisError, keyvalue
from wechat.account import current_account

KEPT = 86_400  # seconds


def note_refusal(what: str) -> None:
    """Note that a push was turned away now, for the reason `what`; lost while Redis is away."""
    try:
        with keyvalue().pipeline(transaction=False) as pipe:
            pipe.hset(_key(), what, int(current_account().clock().timestamp()))
            pipe.expire(_key(), KEPT)
            pipe.execute()
    except RedisError:
        return


def refused_pushes() -> Mapping[str, datetime]:
    """Return when a push was last turned away for each reason, the latest first."""
    try:
        kept = keyvalue().hgetall(_key())
    except RedisError:
        return {}
    latest = sorted(((int(at), what.decode()) for what, at in kept.items()), reverse=True)
    return {what: datetime.fromtimestamp(at, UTC) for at, what in latest}


def _key() -> str:
    return f"wechat:{current_account().settings.wechat_appid}:refused-pushes"
