"""Pushes of every shape, sent to the application itself: nearly messages, nearly sealed frames, and anything else."""

import base64
import io
import logging
import random
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from app.factory import create_app
from config import load_settings
from foundation.embedded.servers import Connections
from tests.wechat.factories_wechat import event_xml, signature, text_xml
from tests.wechat.test_callback import push_bodies
from wechat.account import Account
from wechat.job_events import NEWS_EVENTS

SHAPES_EACH = 100
FINE = frozenset({200, 400, 403, 413})
MOST_SECONDS = 1.0
_PIECES = (
    *(
        b"<",
        b">",
        b"]]>",
        b"<![CDATA[",
        b"&",
        b"&e;",
        b"</xml>",
        b"<xml>",
        b"\x00",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\r\n",
    ),
    *(
        b"<!DOCTYPE x [<!ENTITY e 'boom'>]>",
        b"<?xml version='1.0' encoding='utf-16'?>",
        b"<!--",
        b"\xef\xbb\xbf",
        b"{}",
    ),
)


@dataclass
class Findings:
    """How many inputs there were, what was answered, and how long the slowest took."""

    inputs: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: list[tuple[int, float, bytes]] = field(default_factory=list)

    def note(self, status: int, seconds: float, body: bytes) -> None:
        self.inputs += 1
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)
        if status not in FINE or seconds > MOST_SECONDS:
            self.wrong.append((status, seconds, body))


class Callback:
    """The callback of an application in this process, asked without a server in between."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._account: Account = app.extensions["wechat_account"]
        self._environ = EnvironBuilder(path="/wechat/callback", method="POST", content_type="text/xml").get_environ()
        key = base64.b64decode(self._account.settings.wechat_aes_key.get_secret_value() + "=")
        self._cipher = Cipher(AES(key), CBC(key[:16]))

    def clear(self, body: bytes) -> int:
        return self._post(body, {})

    def sealed(self, message: bytes) -> int:
        return self.framed(self.frame(message))

    def framed(self, frame: bytes) -> int:
        """Encrypt any frame, which need not be whole blocks nor padded as it should be."""
        encryptor = self._cipher.encryptor()
        whole = frame[: len(frame) // 16 * 16]
        return self.ciphered(encryptor.update(whole) + encryptor.finalize() + frame[len(whole) :])

    def ciphered(self, ciphertext: bytes) -> int:
        return self.named(base64.b64encode(ciphertext).decode())

    def named(self, encrypted: str) -> int:
        """Push whatever stands for the ciphertext, rightly signed."""
        body = f"<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()
        return self._post(body, {"encrypt_type": "aes"}, encrypted)

    def frame(self, message: bytes) -> bytes:
        appid = self._account.settings.wechat_appid.encode()
        framed = b"0123456789abcdef" + struct.pack(">I", len(message)) + message + appid
        padding = 32 - len(framed) % 32
        return framed + bytes([padding]) * padding

    def _post(self, body: bytes, query: dict[str, str], *signed: str) -> int:
        at, nonce = str(int(self._account.clock().timestamp())), "n0nce"
        named = {"timestamp": at, "nonce": nonce, "signature": signature(self._account.token, at, nonce), **query}
        if signed:
            named["msg_signature"] = signature(self._account.token, at, nonce, *signed)
        environ: dict[str, Any] = {
            **self._environ,
            "QUERY_STRING": urlencode(named),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        statuses: list[str] = []
        answer: Iterable[bytes] = self._app.wsgi_app(environ, lambda status, *_: statuses.append(status))  # type: ignore[arg-type]  # nothing is written by hand
        b"".join(answer)
        return int(statuses[0].split()[0])


def try_shapes(folder: str, connections: Connections, examples: int, seeded: int) -> Findings:
    """Push `examples` times a hundred shapes; runs in a process of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    chosen = load_settings({"DATA_DIR": folder}, wechat_message_mode="compat")
    app = create_app(chosen, connections)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    now = datetime.now(UTC)
    app.extensions["wechat_account"] = Account(chosen, lambda: now)
    callback, findings = Callback(app), Findings()

    @seed(seeded)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(body=st.one_of(push_bodies(), _messages(), st.binary(max_size=300)), number=st.integers(0, 2**64))
    def try_hundred(body: str | bytes, number: int) -> None:
        whole = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
        chance = random.Random(number)  # to be repeated, not to be secret
        _send(callback, findings, callback.clear, whole)
        _send(callback, findings, callback.sealed, whole)
        for _ in range(SHAPES_EACH - 2):
            way, shape = _shaped(callback, whole, chance)
            _send(callback, findings, way, shape)

    try_hundred()
    return findings


def _messages() -> st.SearchStrategy[str]:
    """Whole messages and events, which become others or nothing once they are spoilt."""
    words = st.text(st.characters(codec="utf-8", exclude_characters="<>&]"), max_size=30)
    return st.one_of(
        words.map(text_xml),
        st.builds(event_xml, st.sampled_from(["subscribe", "CLICK", "SCAN", "unsubscribe", *NEWS_EVENTS]), words),
    )


def _send(callback: Callback, findings: Findings, way: Callable[[bytes], int], shape: bytes) -> None:
    status, seconds = _timed(way, shape)
    if seconds > MOST_SECONDS:
        # What is slow because of its shape is slow again; a machine that is busy elsewhere is not.
        status, seconds = _timed(way, shape)
    findings.note(status, seconds, shape)


def _timed(way: Callable[[bytes], int], shape: bytes) -> tuple[int, float]:
    begun = time.monotonic()
    status = way(shape)
    return status, time.monotonic() - begun


def _shaped(callback: Callback, whole: bytes, chance: random.Random) -> tuple[Callable[[bytes], int], bytes]:
    ways: tuple[tuple[Callable[[bytes], int], bytes], ...] = (
        (callback.clear, whole),
        (callback.sealed, whole),
        (callback.framed, callback.frame(whole)),
        (callback.ciphered, callback.frame(whole)),
    )
    way, start = chance.choice(ways)
    return way, _spoilt(start, chance)


def _spoilt(body: bytes, chance: random.Random) -> bytes:
    """Cut, double, swap, flip or fill in, once to three times."""
    for _ in range(chance.randint(1, 3)):
        first, second = sorted(chance.randrange(len(body) + 1) for _ in range(2))
        kind = chance.randrange(6)
        if kind == 0:
            body = body[:first]
        elif kind == 1:
            body = body[:first] + body[second:]
        elif kind == 2:
            body = body[:second] + body[first:]
        elif kind == 3 and body:
            place = first % len(body)
            body = body[:place] + bytes([body[place] ^ 1 << chance.randrange(8)]) + body[place + 1 :]
        elif kind == 4:
            body = body[:first] + chance.choice(_PIECES) * chance.choice((1, 1, 1, 200)) + body[first:]
        else:
            body = body[:first] + chance.randbytes(chance.randrange(40)) + body[second:]
    return body
