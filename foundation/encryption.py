"""Private fields at rest and sealed tokens in cookies: AES-256-GCM, keys that rotate newest first."""

import hashlib
import secrets
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app
from sqlalchemy import LargeBinary, TypeDecorator
from sqlalchemy.engine import Dialect

_VERSION = b"\x01"
_KEY_ID = 4
_NONCE = 12


class UndecryptableError(Exception):
    """No key at hand opens this value: a key was lost, or the value was changed."""


def derive_key(secret: str, purpose: str, length: int = 32) -> bytes:
    """Derive the key for one purpose from a secret, so that no key serves two ends."""
    return HKDF(hashes.SHA256(), length, None, purpose.encode()).derive(secret.encode())


class FieldCipher:
    """Encrypts with the newest key and decrypts with whichever key wrote the value."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        if not keys:
            raise ValueError("at least one field key is needed")
        derived = [derive_key(key, "field") for key in keys]
        self._newest = hashlib.sha256(derived[0]).digest()[:_KEY_ID]
        self._by_id = {hashlib.sha256(key).digest()[:_KEY_ID]: AESGCM(key) for key in derived}

    def encrypt(self, value: bytes, context: str) -> bytes:
        """Encrypt `value`; `context` (the column) must be the same when it is read."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._by_id[self._newest].encrypt(nonce, value, context.encode())
        return _VERSION + self._newest + nonce + sealed

    def decrypt(self, stored: bytes, context: str) -> bytes:
        """Return the value; raises UndecryptableError where no key fits."""
        key = self._by_id.get(stored[1 : 1 + _KEY_ID])
        start = 1 + _KEY_ID
        if stored[:1] != _VERSION or key is None:
            raise UndecryptableError(context)
        try:
            return key.decrypt(stored[start : start + _NONCE], stored[start + _NONCE :], context.encode())
        except (InvalidTag, ValueError):  # a ValueError where it was cut within the nonce
            raise UndecryptableError(context) from None

    def is_newest(self, stored: bytes) -> bool:
        """Tell whether the newest key wrote this value, so that a rotation may leave it."""
        return stored[1 : 1 + _KEY_ID] == self._newest


class EncryptedBytes(TypeDecorator[bytes]):
    """A column that rests encrypted; `context` binds the value to its column."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else field_cipher().encrypt(value, self.context)

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else field_cipher().decrypt(bytes(value), self.context)


def init_encryption(app: Flask, keys: tuple[str, ...]) -> None:
    app.extensions["field_cipher"] = FieldCipher(keys)


def field_cipher() -> FieldCipher:
    cipher: FieldCipher = current_app.extensions["field_cipher"]
    return cipher


class Sealer:
    """Seals small JSON values into text for cookies and links: unreadable and unforgeable outside."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._key = AESGCM(derive_key(secret, purpose))
        self._purpose = purpose.encode()

    def seal(self, value: dict[str, Any]) -> str:
        nonce = secrets.token_bytes(_NONCE)
        return (nonce + self._key.encrypt(nonce, orjson.dumps(value), self._purpose)).hex()

    def unseal(self, text: str) -> dict[str, Any] | None:
        """Return the value, or None for anything this sealer did not write."""
        try:
            raw = bytes.fromhex(text)
            value = orjson.loads(self._key.decrypt(raw[:_NONCE], raw[_NONCE:], self._purpose))
        except (ValueError, InvalidTag):
            return None
        return value if isinstance(value, dict) else None
