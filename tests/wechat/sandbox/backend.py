"""A small backend of its own for the sandbox to push to, with an independent reading of the platform's crypto."""

import base64
import hashlib
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

TOKEN = "voteToken2026"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APPID = "wx0123456789abcdef"
SECRET = "0123456789abcdef0123456789abcdef"
ORIGINAL_ID = "gh_0123456789ab"


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def opened(encrypted: str, aes_key: str = AES_KEY, appid: str = APPID) -> str:
    decryptor = _cipher(aes_key).decryptor()
    framed = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
    framed = framed[: -framed[-1]]
    (length,) = struct.unpack(">I", framed[16:20])
    assert framed[20 + length :].decode() == appid
    return framed[20 : 20 + length].decode()


def sealed(clear: str, aes_key: str = AES_KEY, appid: str = APPID) -> str:
    message = clear.encode()
    return sealed_frame(b"0123456789abcdef" + struct.pack(">I", len(message)) + message + appid.encode(), aes_key)


def sealed_frame(framed: bytes, aes_key: str = AES_KEY) -> str:
    pad = 32 - len(framed) % 32
    encryptor = _cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(framed + bytes([pad]) * pad) + encryptor.finalize()).decode()


@dataclass(frozen=True)
class Push:
    """A push as it arrived: its query, its body, the fields of the message in it, or why it could not be read."""

    query: dict[str, str]
    body: str
    fields: dict[str, str]
    trouble: str = ""


Body = str | Iterator[bytes]
Answer = Callable[[Push], str | tuple[int, Body]]


def text_reply(content: str) -> Answer:
    """Answer with a text message, To and From swapped."""
    return lambda push: text_xml(push, content)


def text_xml(push: Push, content: str) -> str:
    return (
        f"<xml><ToUserName><![CDATA[{push.fields['FromUserName']}]]></ToUserName>"
        f"<FromUserName><![CDATA[{push.fields['ToUserName']}]]></FromUserName><CreateTime>1767225600</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content></xml>"
    )


def sealed_reply(answer: Answer, token: str = TOKEN, aes_key: str = AES_KEY, appid: str = APPID) -> Answer:
    """Answer with the encrypted form of what another answer gives."""

    def encrypted(push: Push) -> str:
        clear = answer(push)
        assert isinstance(clear, str)
        encrypt = sealed(clear, aes_key, appid)
        return (
            f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signature(token, '1767225601', '4711', encrypt)}]]></MsgSignature>"
            "<TimeStamp>1767225601</TimeStamp><Nonce><![CDATA[4711]]></Nonce></xml>"
        )

    return encrypted


@dataclass
class Backend:
    """Keeps what was pushed, serves pages, and answers with `script`, one answer after the other, then with success."""

    pushes: list[Push] = field(default_factory=list)
    script: deque[Answer] = field(default_factory=deque)
    pages: dict[str, str] = field(default_factory=dict)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def domain(self) -> str:
        return self.url.removeprefix("http://")

    def hang(self, _push: Push) -> str:
        """Say nothing until the test is over."""
        self.released.wait(10)
        return "success"

    def drip(self, pause: float) -> Answer:
        """Answer a byte at a time, and do not come to an end before the test does."""
        return lambda _push: (200, iter(lambda: b" " if self.released.wait(pause) else b"x", b" "))

    def await_pushes(self, number: int) -> list[Push]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.pushes) >= number, timeout=5)
            return list(self.pushes)

    def __call__(self, request: Request) -> Response:
        if "echostr" in request.args:
            return _proof(request)
        if request.path in self.pages:
            return Response(self.pages[request.path], content_type="text/html; charset=utf-8")
        if request.method != "POST" or request.path != "/wechat/callback":
            return Response(f"page {request.full_path}", content_type="text/plain; charset=utf-8")
        push = _received(request)
        with self.arrived:
            self.pushes.append(push)
            answer = self.script.popleft() if self.script else None
            self.arrived.notify_all()
        given: str | tuple[int, Body] = answer(push) if answer else "success"
        status, body = given if isinstance(given, tuple) else (200, given)
        return Response(body, status, content_type="text/xml")


def _proof(request: Request) -> Response:
    query = request.args.to_dict()
    right = query["signature"] == signature(TOKEN, query["timestamp"], query["nonce"])
    return Response(query["echostr"] if right else "", 200 if right else 403, content_type="text/plain")


def _received(request: Request) -> Push:
    query, body = request.args.to_dict(), request.get_data(as_text=True)
    try:
        return _opened_push(query, body)
    except (AssertionError, ValueError, ParseError, DefusedXmlException) as error:
        return Push(query, body, {}, f"{type(error).__name__}: {error}")


def _opened_push(query: dict[str, str], body: str) -> Push:
    root: Element = fromstring(body)
    encrypt = root.findtext("Encrypt")
    assert query["signature"] == signature(TOKEN, query["timestamp"], query["nonce"])
    if encrypt:
        assert query["encrypt_type"] == "aes"
        assert query["msg_signature"] == signature(TOKEN, query["timestamp"], query["nonce"], encrypt)
        root = fromstring(opened(encrypt))
    return Push(query, body, {child.tag: child.text or "" for child in root})


@contextmanager
def served(application: Callable[..., object]) -> Iterator[str]:
    """Serve a WSGI application on a port of its own; gives its address."""
    server = make_server("127.0.0.1", 0, application, threaded=True)  # type: ignore[arg-type]  # any WSGI callable
    server.daemon_threads = True  # type: ignore[attr-defined]  # a hanging answer must not hold the test
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
