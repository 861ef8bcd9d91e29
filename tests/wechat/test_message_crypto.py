"""Signatures and encryption agree with the platform's published examples, and nothing else opens."""

import base64
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from tests.wechat.factories_wechat import AES_KEY, PREVIOUS_AES_KEY
from wechat.crypto import MessageCipher, UndecryptableMessage, is_signed, signature_of

EXAMPLE_KEY = "A" * 43
EXAMPLE_APPID = "wxba5fad812f8e6fb9"
EXAMPLE_ENCRYPTED = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsX"
    "UnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAs"
    "jLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
CIPHER = MessageCipher(AES_KEY, "wx0123456789abcdef")


@pytest.mark.parametrize(
    ("timestamp", "nonce", "expected"),
    [
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
    ],
)
def test_the_platforms_signatures_are_reproduced(timestamp: str, nonce: str, expected: str) -> None:
    assert signature_of("AAAAA", timestamp, nonce) == expected
    assert is_signed(expected, "AAAAA", timestamp, nonce)
    assert not is_signed(expected.upper(), "AAAAA", timestamp, nonce)
    assert not is_signed(expected[:-1] + "0", "AAAAA", timestamp, nonce)
    assert not is_signed("", "AAAAA", timestamp, nonce)
    assert not is_signed("签名", "AAAAA", timestamp, nonce)


def test_an_empty_token_signs_nothing() -> None:
    assert not is_signed(signature_of("", "1714036504", "1"), "", "1714036504", "1")


def test_the_platforms_push_is_decrypted() -> None:
    signed = ("AAAAA", "1714112445", "415670741", EXAMPLE_ENCRYPTED)
    assert signature_of(*signed) == "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
    assert MessageCipher(EXAMPLE_KEY, EXAMPLE_APPID).decrypt(EXAMPLE_ENCRYPTED).decode() == (
        '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,'
        '"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
    )


def test_the_platforms_reply_is_encrypted_alike() -> None:
    cipher = MessageCipher(EXAMPLE_KEY, EXAMPLE_APPID)
    encrypted = cipher.encrypt('{"demo_resp":"good luck"}', b"707722b803182950")
    assert encrypted == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    over = ("AAAAA", "1713424427", "415670741", encrypted)
    assert signature_of(*over) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


@given(st.text())
def test_what_is_encrypted_is_decrypted_and_never_looks_the_same_twice(message: str) -> None:
    plain = message.encode("utf-8", "replace").decode()
    first, second = CIPHER.encrypt(plain), CIPHER.encrypt(plain)
    assert (CIPHER.decrypt(first), CIPHER.decrypt(second)) == (plain.encode(), plain.encode())
    assert first != second


def test_another_key_or_account_opens_nothing() -> None:
    encrypted = CIPHER.encrypt("<xml/>")
    for cipher in (MessageCipher(PREVIOUS_AES_KEY, "wx0123456789abcdef"), MessageCipher(AES_KEY, "wxffffffffffffffff")):
        with pytest.raises(UndecryptableMessage):
            cipher.decrypt(encrypted)


@given(st.one_of(st.text(), st.binary(max_size=200).map(lambda raw: raw.hex()), st.just("QQ=="), st.just("=")))
def test_garbage_is_refused_and_nothing_else_happens(garbage: str) -> None:
    with pytest.raises(UndecryptableMessage):
        CIPHER.decrypt(garbage)


@given(length=st.integers(min_value=0, max_value=2**32 - 1))
def test_a_length_that_lies_is_refused(length: int) -> None:
    framed = _frame(length, b"<xml/>")
    if length == 6:
        assert CIPHER.decrypt(framed) == b"<xml/>"
    else:
        with pytest.raises(UndecryptableMessage):
            CIPHER.decrypt(framed)


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "!" * 43])
def test_what_is_no_key_is_refused_at_once(key: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        MessageCipher(key, EXAMPLE_APPID)


def _frame(length: int, message: bytes) -> str:
    """Encrypt a frame of our account whose length field says `length`."""
    frame = b"0123456789abcdef" + struct.pack(">I", length) + message + b"wx0123456789abcdef"
    padding = 32 - len(frame) % 32
    key = base64.b64decode(AES_KEY + "=")
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(frame + bytes([padding]) * padding) + encryptor.finalize()).decode()
