"""The platform as trials play it: signs and seals pushes for a service, and asks again until it is answered."""

import hashlib
import http.client
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from config import Settings
from tests.wechat.factories_wechat import signature, text_xml
from wechat.crypto import MessageCipher

ANSWERED_WITHIN = 15.0  # seconds


class NotAnswered(Exception):
    """The connection broke, or the service said that it cannot now."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was answered to one delivery, decrypted, and after how many seconds."""

    text: str
    seconds: float


class Platform:
    """One of the platform's connections to the callback."""

    _nonces: Iterator[int] = itertools.count(1)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token = settings.wechat_token.get_secret_value()
        self._cipher = MessageCipher(settings.wechat_aes_key.get_secret_value(), settings.wechat_appid)
        self._connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=ANSWERED_WITHIN)

    def push(self, xml: str) -> Told:
        """Deliver once, with a time, nonce and signature of its own; raises NotAnswered."""
        encrypted, at, nonce = self._cipher.encrypt(xml), str(int(time.time())), f"n{next(self._nonces)}"
        query = {
            "signature": signature(self._token, at, nonce),
            "timestamp": at,
            "nonce": nonce,
            "encrypt_type": "aes",
            "msg_signature": signature(self._token, at, nonce, encrypted),
        }
        body = f"<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        return self._post(f"/wechat/callback?{urlencode(query)}", body)

    def push_until_answered(self, xml: str) -> Told:
        while True:
            try:
                return self.push(xml)
            except NotAnswered:
                time.sleep(0.2)

    def close(self) -> None:
        self._connection.close()

    def _post(self, path: str, body: str) -> Told:
        begun = time.monotonic()
        try:
            self._connection.request("POST", path, body.encode(), {"Content-Type": "text/xml"})
            response = self._connection.getresponse()
            answer = response.read().decode()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise NotAnswered from None
        seconds = time.monotonic() - begun
        if response.status != 200:
            raise NotAnswered(response.status)
        return Told(self._opened(answer), seconds)

    def _opened(self, answer: str) -> str:
        if not answer.startswith("<xml>"):
            return answer
        outer: Element = fromstring(answer)
        return self._cipher.decrypt(outer.findtext("Encrypt") or "").decode()


def text_of(number: int, words: str, at: int) -> str:
    """Write the message of an invented person; the same number is the same message."""
    return text_xml(words, number=number, openid=f"oTrial{hashlib.sha256(words.encode()).hexdigest()[:22]}", at=at)
