"""The platform's side, as tests play it: people, messages and events, signed and sealed for one account."""

import hashlib
import itertools
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from wechat.account import Account
from wechat.crypto import MessageCipher

NOW = 1767225600
OPENID_A = "oVote_AAAAAAAAAAAAAAAAAAAAAA"
OPENID_B = "oVote_BBBBBBBBBBBBBBBBBBBBBB"
ORIGINAL_ID = "gh_0123456789ab"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PREVIOUS_AES_KEY = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvut"
_numbers = itertools.count(24_900_000_000_000_001)


def text_xml(text: str, *, number: int | None = None, openid: str = OPENID_A, at: int = NOW) -> str:
    return _xml(
        openid, at, f"<MsgType>text</MsgType>{_cdata('Content', text)}<MsgId>{number or next(_numbers)}</MsgId>"
    )


def event_xml(event: str, key: str | None = None, *, openid: str = OPENID_A, at: int = NOW, more: str = "") -> str:
    fields = _cdata("MsgType", "event") + _cdata("Event", event)
    return _xml(openid, at, fields + ("" if key is None else _cdata("EventKey", key)) + more)


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


@dataclass
class Platform:
    """Pushes to the callback as the platform does: each try with a nonce of its own."""

    client: FlaskClient
    account: Account
    now: int = NOW
    _nonces: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def clear(self, xml: str | bytes, **query: str) -> TestResponse:
        """Push in clear; `query` replaces parameters."""
        return self.post(xml, self.signed(), **query)

    def sealed(self, xml: str | bytes, *, aes_key: str = AES_KEY, beside: str = "", **query: str) -> TestResponse:
        """Push encrypted, with the fields `beside` in clear next to the ciphertext."""
        message = xml.decode("utf-8", "surrogateescape") if isinstance(xml, bytes) else xml
        encrypted = MessageCipher(aes_key, self.account.settings.wechat_appid).encrypt(message)
        return self.sealed_as(encrypted, beside=beside, **query)

    def sealed_as(self, encrypted: str, *, beside: str = "", **query: str) -> TestResponse:
        """Push `encrypted`, whatever it is, with the right msg_signature."""
        body = f"<xml><ToUserName>{ORIGINAL_ID}</ToUserName>{beside}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        signed = self.signed()
        over = signature(self.account.token, signed["timestamp"], signed["nonce"], encrypted)
        return self.post(body, {**signed, "encrypt_type": "aes", "msg_signature": over}, **query)

    def signed(self) -> dict[str, str]:
        timestamp, nonce = str(self.now), f"nonce{next(self._nonces)}"
        return {
            "signature": signature(self.account.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": OPENID_A,
        }

    def post(self, body: str | bytes, query: dict[str, str], **changes: str) -> TestResponse:
        headers = {"Content-Type": "text/xml"}
        return self.client.post("/wechat/callback", query_string={**query, **changes}, data=body, headers=headers)

    def opened(self, response: TestResponse, aes_key: str = AES_KEY) -> str:
        """Return the message in an encrypted answer, whose signature and account must be right."""
        outer = fields_of(response.text)
        over = (self.account.token, outer["TimeStamp"], outer["Nonce"], outer["Encrypt"])
        assert outer["MsgSignature"] == signature(*over)
        return MessageCipher(aes_key, self.account.settings.wechat_appid).decrypt(outer["Encrypt"]).decode()


def fields_of(xml: str) -> dict[str, str]:
    root: Element = fromstring(xml)
    return {child.tag: child.text or "" for child in root}


def _xml(openid: str, at: int, fields: str) -> str:
    people = _cdata("ToUserName", ORIGINAL_ID) + _cdata("FromUserName", openid)
    return f"<xml>{people}<CreateTime>{at}</CreateTime>{fields}</xml>"


def _cdata(name: str, text: str) -> str:
    return f"<{name}><![CDATA[{text}]]></{name}>"
