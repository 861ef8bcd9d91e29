"""Signatures and the message cipher of the platform (AES-256-CBC, PKCS#7 to blocks of 32, appid at the end)."""

import base64
import binascii
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
RANDOM_BYTES = 16


class CryptoError(Exception):
    """A ciphertext or a signature is not what the account's key and token would have made."""


def sign(*parts: str) -> str:
    """The platform's signature: SHA-1, in hex, over the parts sorted by bytes and joined."""
    joined = b"".join(sorted(part.encode() for part in parts))
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def matches(signature: str, *parts: str) -> bool:
    return hmac.compare_digest(signature.encode(), sign(*parts).encode())


class MessageCipher:
    """Encrypts and decrypts messages of one account under its EncodingAESKey of 43 characters."""

    def __init__(self, aes_key: str, appid: str) -> None:
        # The last character's spare bits may be set, so the decoder must be a lenient one.
        self._key = base64.b64decode(aes_key + "=")
        self._appid = appid.encode()

    def encrypt(self, clear: str, random16: bytes) -> str:
        message = clear.encode()
        framed = random16 + struct.pack(">I", len(message)) + message + self._appid
        pad = BLOCK - len(framed) % BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(framed + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Give back the clear message; raise CryptoError for anything this account's key did not make."""
        framed = self._unpad(self._decrypt_blocks(encrypted))
        body = framed[RANDOM_BYTES:]
        if len(body) < 4:
            raise CryptoError("too short")
        (length,) = struct.unpack(">I", body[:4])
        message, appid = body[4 : 4 + length], body[4 + length :]
        if appid != self._appid:
            raise CryptoError("another appid")
        try:
            return message.decode()
        except UnicodeDecodeError as error:
            raise CryptoError("not UTF-8") from error

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

    def _decrypt_blocks(self, encrypted: str) -> bytes:
        try:
            raw = base64.b64decode(encrypted, validate=True)
            decryptor = self._cipher().decryptor()
            return decryptor.update(raw) + decryptor.finalize()
        except (binascii.Error, ValueError) as error:
            raise CryptoError("not a ciphertext") from error

    @staticmethod
    def _unpad(padded: bytes) -> bytes:
        pad = padded[-1] if padded else 0
        if not 1 <= pad <= BLOCK or padded[-pad:] != bytes([pad]) * pad:
            raise CryptoError("bad padding")
        return padded[:-pad]
