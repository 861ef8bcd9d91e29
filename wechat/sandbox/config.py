"""The settings of one account: who it is, what it may do, where its backend listens; and the clock and the dice."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from wechat.sandbox.capabilities import is_service, read_capabilities

MessageMode = Literal["plain", "compat", "safe"]
PublishEvent = Literal["PUBLISHJOBFINISH", "MASSSENDJOBFINISH"]

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
OPTIONAL = {"capabilities": "SANDBOX_CAPABILITIES", "previous_aes_key": "SANDBOX_PREVIOUS_AES_KEY"}


class SettingError(Exception):
    """A setting of the sandbox is missing or cannot be used; the message names it."""


@dataclass(frozen=True)
class SandboxConfig:
    """One official account, its backend, and how the platform treats it.

    callback_domain and callback_domains are the hosts[:port] a redirect_uri may have; js_domains the hosts whose pages
    may use the JS-SDK (those of the callback unless given). ip_whitelist None lets every address in. strict_order and
    check_fragment: whether an authorise address needs its parameters in order, and #wechat_redirect. push_timeout and
    push_pause are seconds of real time: how long a push waits for its answer, and how long the platform waits after a
    refused connection or a 5xx. job_delay is in seconds of the platform's clock: how long sending and publishing take.
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
    capabilities: str = "service-verified"
    previous_aes_key: str = ""
    callback_domains: tuple[str, ...] = ()
    js_domains: tuple[str, ...] = ()
    ip_whitelist: tuple[str, ...] | None = None
    secret_frozen: bool = False
    has_unionid: bool = False
    strict_order: bool = True
    check_fragment: bool = False
    mass_confirmation: bool = False
    publish_event: PublishEvent = "PUBLISHJOBFINISH"
    job_delay: float = 1.0
    quiet_events: frozenset[str] = frozenset()
    quota_divisor: int = 1

    def __post_init__(self) -> None:
        for name, kinds in (("message_mode", get_args(MessageMode)), ("publish_event", get_args(PublishEvent))):
            if getattr(self, name) not in kinds:
                raise SettingError(f"{name} must be one of {', '.join(kinds)}")
        for name in ("aes_key", "previous_aes_key"):
            _check_key(name, getattr(self, name))
        try:
            read_capabilities(self.capabilities)
        except ValueError as error:
            raise SettingError(f"capabilities: {error}") from error

    @property
    def rights(self) -> frozenset[str]:
        return read_capabilities(self.capabilities)

    @property
    def is_service(self) -> bool:
        return is_service(self.capabilities)

    @property
    def redirect_domains(self) -> tuple[str, ...]:
        return (self.callback_domain, *self.callback_domains)


def _check_key(name: str, key: str) -> None:
    if name == "previous_aes_key" and not key:
        return
    if len(key) != 43 or not (key.isascii() and key.isalnum()):
        raise SettingError(f"{name} must be 43 letters and digits")


def config_from_environment(environ: Mapping[str, str]) -> SandboxConfig:
    """Read the SANDBOX_* variables; raise SettingError naming every one that is missing."""
    missing = [name for name in SETTINGS.values() if not environ.get(name)]
    if missing:
        raise SettingError(f"the sandbox cannot start without {', '.join(missing)}")
    values = {key: environ[name] for key, name in SETTINGS.items()}
    values |= {key: environ[name] for key, name in OPTIONAL.items() if environ.get(name)}
    return SandboxConfig(**values)  # type: ignore[arg-type]  # __post_init__ refuses a mode outside the Literal
