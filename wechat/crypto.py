"""WeChat's signatures and message encryption: SHA-1 over sorted parts, AES-256-CBC padded to 32 bytes."""

import base64
import hashlib
import hmac
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

_PADDING = PKCS7(32 * 8)
_RANDOM = 16
_HEAD = _RANDOM + 4
_BLOCK = 16


class UndecryptableMessage(Exception):
    """The ciphertext is not one that this key and this account made."""


def signature_of(*parts: str) -> str:
    """Return the platform's signature over `parts`, whatever their order."""
    joined = b"".join(sorted(part.encode() for part in parts))
    return hashlib.sha1(joined).hexdigest()  # noqa: S324  # the platform's formula


def is_signed(signature: str, token: str, *parts: str) -> bool:
    """Tell whether whoever knows `token` signed `parts`; an empty token signs nothing."""
    expected = signature_of(token, *parts)
    return hmac.compare_digest(expected.encode(), signature.encode()) and bool(token)


class MessageCipher:
    """Encrypts and decrypts the messages of one account under one EncodingAESKey."""

    def __init__(self, aes_key: str, appid: str) -> None:
        """Take the 43 characters of the admin page; raises ValueError where they are no key."""
        # The last character has two bits to spare, which real keys fill with anything.
        key = base64.b64decode(aes_key + "=", validate=True)
        if len(key) != 32:
            raise ValueError("an EncodingAESKey has 43 characters")
        self._cipher = Cipher(AES(key), CBC(key[:_BLOCK]))
        self._appid = appid.encode()

    def encrypt(self, message: str, random16: bytes | None = None) -> str:
        """Return the base64 text that goes into ``Encrypt``."""
        plain = message.encode()
        head = (random16 or secrets.token_bytes(_RANDOM)) + struct.pack(">I", len(plain))
        padder = _PADDING.padder()
        padded = padder.update(head + plain + self._appid) + padder.finalize()
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message inside ``Encrypt``; raises UndecryptableMessage."""
        try:
            raw = base64.b64decode("".join(encrypted.split()), validate=True)
            decryptor = self._cipher.decryptor()
            unpadder = _PADDING.unpadder()
            padded = decryptor.update(raw) + decryptor.finalize()
            plain = unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            raise UndecryptableMessage("not a ciphertext under this key") from None
        return self._message_in(plain)

    def _message_in(self, plain: bytes) -> bytes:
        if len(plain) < _HEAD:
            raise UndecryptableMessage("too short")
        end = _HEAD + struct.unpack(">I", plain[_RANDOM:_HEAD])[0]
        if end > len(plain) or not hmac.compare_digest(plain[end:], self._appid):
            raise UndecryptableMessage("meant for another account")
        return plain[_HEAD:end]
