"""The settings of one sandbox: the account it plays, where that account's backend listens, and its clock and dice."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

MessageMode = Literal["plain", "compat", "safe"]

SETTINGS = {
    "appid": "SANDBOX_APPID",
    "secret": "SANDBOX_SECRET",
    "original_id": "SANDBOX_ORIGINAL_ID",
    "token": "SANDBOX_TOKEN",
    "aes_key": "SANDBOX_AES_KEY",
    "message_mode": "SANDBOX_MESSAGE_MODE",
    "callback_url": "SANDBOX_CALLBACK_URL",
    "callback_domain": "SANDBOX_CALLBACK_DOMAIN",
    "public_url": "SANDBOX_PUBLIC_URL",
}


class SettingError(Exception):
    """A setting of the sandbox is missing or cannot be used; the message names it."""


@dataclass(frozen=True)
class SandboxConfig:
    """One official account and its backend.

    callback_domain is the only host[:port] a redirect_uri may have. push_timeout and push_pause are seconds of real
    time: how long a push waits for its answer, and how long the platform waits after a refused connection or a 5xx.
    """

    appid: str
    secret: str
    original_id: str
    token: str
    aes_key: str
    message_mode: MessageMode
    callback_url: str
    callback_domain: str
    account_name: str = "焦作党建"
    public_url: str = ""
    clock: Callable[[], float] = time.time
    rng: random.Random = field(default_factory=random.SystemRandom)
    push_timeout: float = 5.0
    push_retries: int = 3
    push_pause: float = 1.0
    user_page: int = 10_000

    def __post_init__(self) -> None:
        if self.message_mode not in get_args(MessageMode):
            raise SettingError(f"message_mode must be one of {', '.join(get_args(MessageMode))}")
        if len(self.aes_key) != 43 or not (self.aes_key.isascii() and self.aes_key.isalnum()):
            raise SettingError("aes_key must be 43 letters and digits")


def config_from_environment(environ: Mapping[str, str]) -> SandboxConfig:
    """Read the SANDBOX_* variables; raise SettingError naming every one that is missing."""
    missing = [name for name in SETTINGS.values() if not environ.get(name)]
    if missing:
        raise SettingError(f"the sandbox cannot start without {', '.join(missing)}")
    values = {key: environ[name] for key, name in SETTINGS.items()}
    return SandboxConfig(**values)  # type: ignore[arg-type]  # __post_init__ refuses a mode outside the Literal
