"""Judges what the backend answers to a push: nothing to say, a message to show, or a fault the person sees."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.crypto import CryptoError, MessageCipher, matches
from wechat.sandbox.engine.messages import Incoming
from wechat.sandbox.state.chat import Article, Outcome

TEXT_BYTES = 2048
MEDIA = {
    "image": ("Image", "[图片]"),
    "voice": ("Voice", "[语音]"),
    "video": ("Video", "[视频]"),
    "music": ("Music", "[音乐]"),
}

FAULTS = {
    "no_answer": "几次推送都没有等到后端的应答",
    "http_status": "后端应答的状态码不是 200",
    "not_xml": "应答不是微信认得的 XML",
    "not_encrypted": "安全模式下应答没有加密",
    "encrypted_in_plain_mode": "明文模式下应答却加了密",
    "bad_msg_signature": "应答的 MsgSignature 不对",
    "cannot_decrypt": "应答解不开，或其中的 appid 不对",
    "not_swapped": "应答的 ToUserName、FromUserName 没有对调",
    "bad_create_time": "应答的 CreateTime 不是整数",
    "bad_msg_type": "应答的 MsgType 不对",
    "bad_content": "文本应答没有内容，或超过 2048 字节",
    "bad_articles": "图文应答的条数或字段不对",
    "bad_media": "应答里缺少素材",
}


class ReplyFault(Exception):
    """The answer cannot be shown; fault is a key of FAULTS."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class Reply:
    """A judged answer. text and articles are what the chat shows; notes say what the platform cut off by itself."""

    outcome: Outcome
    text: str = ""
    articles: tuple[Article, ...] = ()
    encrypted: bool = False
    notes: tuple[str, ...] = ()
    fault: str | None = None


class ReplyReader:
    """Reads the answers of one account's backend in its message mode."""

    def __init__(self, config: SandboxConfig) -> None:
        self._mode = config.message_mode
        self._token = config.token
        # A push under the previous key is answered under it.
        keys = filter(None, (config.aes_key, config.previous_aes_key))
        self._ciphers = [MessageCipher(key, config.appid) for key in keys]

    def read(self, status: int, body: bytes, push: Incoming) -> Reply:
        """Judge a whole answer to push; a fault is a Reply too, with outcome malformed."""
        try:
            return self._judge(status, body, push)
        except ReplyFault as error:
            return Reply("malformed", fault=error.fault)

    def _judge(self, status: int, body: bytes, push: Incoming) -> Reply:
        if status != 200:
            raise ReplyFault("http_status")
        if not body.strip():
            return Reply("empty")
        if body.strip() == b"success":
            return Reply("success")
        root = _parse(body)
        encrypted = root.find("Encrypt") is not None
        if encrypted:
            root = self._opened(root)
        elif self._mode == "safe":
            raise ReplyFault("not_encrypted")
        _check_frame(root, push)
        text, articles, notes = _content(root, push)
        return Reply("message", text, articles, encrypted, notes)

    def _opened(self, root: Element) -> Element:
        if self._mode == "plain":
            raise ReplyFault("encrypted_in_plain_mode")
        encrypt = _value(root, "Encrypt")
        if not matches(
            _value(root, "MsgSignature"),
            self._token,
            _value(root, "TimeStamp"),
            _value(root, "Nonce"),
            encrypt,
        ):
            raise ReplyFault("bad_msg_signature")
        return _parse(self._decrypted(encrypt).encode())

    def _decrypted(self, encrypt: str) -> str:
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(encrypt)
            except CryptoError:
                continue
        raise ReplyFault("cannot_decrypt")


def _parse(body: bytes) -> Element:
    try:
        root = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise ReplyFault("not_xml") from error
    if root.tag != "xml":
        raise ReplyFault("not_xml")
    return root


def _value(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _check_frame(root: Element, push: Incoming) -> None:
    if (_value(root, "ToUserName"), _value(root, "FromUserName")) != (push.openid, push.to):
        raise ReplyFault("not_swapped")
    created = _value(root, "CreateTime")
    if not (created.isascii() and created.isdigit()):
        raise ReplyFault("bad_create_time")


def _content(root: Element, push: Incoming) -> tuple[str, tuple[Article, ...], tuple[str, ...]]:
    kind = _value(root, "MsgType")
    if kind == "text":
        return _text(root), (), ()
    if kind == "news":
        return _news(root, push)
    if kind == "transfer_customer_service":
        return "", (), ("transferred to customer service",)
    if kind not in MEDIA:
        raise ReplyFault("bad_msg_type")
    holder, label = MEDIA[kind]
    if not _value(root, f"{holder}/{'ThumbMediaId' if kind == 'music' else 'MediaId'}"):
        raise ReplyFault("bad_media")
    return label, (), ()


def _text(root: Element) -> str:
    content = root.findtext("Content") or ""
    if not content.strip() or len(content.encode()) > TEXT_BYTES:
        raise ReplyFault("bad_content")
    return content


def _news(root: Element, push: Incoming) -> tuple[str, tuple[Article, ...], tuple[str, ...]]:
    articles = tuple(
        Article(_value(item, "Title"), _value(item, "Description"), _value(item, "PicUrl"), _value(item, "Url"))
        for item in root.findall("Articles/item")
    )
    if not articles or _value(root, "ArticleCount") != str(len(articles)) or not all(one.title for one in articles):
        raise ReplyFault("bad_articles")
    if any(one.url and not one.url.startswith(("http://", "https://")) for one in articles):
        raise ReplyFault("bad_articles")
    kept = articles[: push.most_articles]
    notes = () if len(kept) == len(articles) else (f"only {len(kept)} of {len(articles)} articles shown",)
    return "", kept, notes
