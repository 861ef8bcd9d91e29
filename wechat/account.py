"""The official account of this installation: what follows from its settings, made once and held by the application."""

import hashlib
import hmac

from flask import Flask, current_app

from config import Settings
from foundation.clock import Clock
from foundation.encryption import Sealer, derive_key
from wechat.capabilities import Capabilities
from wechat.client import WeChat
from wechat.crypto import MessageCipher

_NAME = "wechat_account"


class Account:
    """The account's keys, rights and client; `clock` says what time it is for signatures and cookies."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        secret = settings.secret_key.get_secret_value()
        self.settings = settings
        self.clock = clock
        self.site = settings.public_url.rstrip("/")
        self.token = settings.wechat_token.get_secret_value()
        self.ciphers = _ciphers(settings)
        self.capabilities = Capabilities(settings)
        self.client = WeChat(settings, clock=clock, not_permitted=self.capabilities.refuse)
        self.voter_sealer = Sealer(secret, "voter")
        # Browsers hold a cookie of this prefix to this host and to https; the demo's plain http cannot have it.
        self.cookie_prefix = "__Host-" if settings.secure else ""
        self.epoch = hashlib.sha256(settings.wechat_appid.encode()).hexdigest()[:8]
        self._digest_key = derive_key(secret, "wechat digests")

    def may(self, right: str) -> bool:
        """Tell whether the account has this right of WECHAT_CAPABILITIES and the platform did not refuse it since."""
        return self.capabilities.has(right)

    def digest(self, purpose: str, text: str) -> bytes:
        """Return 32 bytes by which `text` is found again and from which it cannot be guessed."""
        return hmac.digest(self._digest_key, f"{purpose}\n{text}".encode(), "sha256")


def _ciphers(settings: Settings) -> tuple[MessageCipher, ...]:
    """Return the current key's cipher and then the previous one's, as far as they are set."""
    keys = (settings.wechat_aes_key, settings.wechat_previous_aes_key)
    return tuple(MessageCipher(key.get_secret_value(), settings.wechat_appid) for key in keys if key.get_secret_value())


def init_account(app: Flask, settings: Settings, clock: Clock) -> None:
    app.extensions[_NAME] = Account(settings, clock)


def current_account() -> Account:
    account: Account = current_app.extensions[_NAME]
    return account
