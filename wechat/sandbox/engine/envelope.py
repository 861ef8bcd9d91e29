"""A push as it goes over the wire: signed and sealed in the account's mode, or spoilt in one of the known ways."""

import base64
import json
from dataclasses import dataclass, replace

from wechat.sandbox.config import SandboxConfig
from wechat.sandbox.crypto import RANDOM_BYTES, MessageCipher, sign
from wechat.sandbox.engine.messages import Incoming, element, elements
from wechat.sandbox.identifiers import random_text

OLD_SECONDS = 86_400
TOO_LARGE = (1 << 20) + 1
DOCTYPE = '<!DOCTYPE xml [<!ENTITY e "boom">]>'


@dataclass(frozen=True, slots=True)
class Envelope:
    """One request of a push: its query and its body."""

    query: dict[str, str]
    body: str


def seal(config: SandboxConfig, push: Incoming, now: float, tampering: str | None = None) -> Envelope:
    """A fresh timestamp, nonce and signature over the same message."""
    timestamp = str(int(now) - (OLD_SECONDS if tampering == "old_timestamp" else 0))
    nonce = str(config.rng.randrange(10**8, 10**10))
    query = {
        "signature": sign(config.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": push.openid,
    }
    if tampering == "bad_signature":
        query["signature"] = "0" * 40
    told = _altered(push, tampering)
    clear = _clear(told, tampering)
    if config.message_mode == "plain":
        return Envelope(query, clear)
    encrypt = _encrypt(config, clear, tampering)
    query |= {"encrypt_type": "aes", "msg_signature": sign(config.token, timestamp, nonce, encrypt)}
    if tampering == "bad_msg_signature":
        query["msg_signature"] = "0" * 40
    beside = told.clear_fields() if config.message_mode == "compat" else element("ToUserName", push.to)
    body = f"<xml>{beside}{element('Encrypt', encrypt)}</xml>"
    return Envelope(query, _spoilt_body(body, tampering))


def _altered(push: Incoming, tampering: str | None) -> Incoming:
    """Another message than the one that was meant, where the fault is in what it says."""
    if tampering == "unknown_event":
        kept = tuple(field for field in push.fields if field[0] == "CreateTime")
        return replace(push, fields=(*kept, ("MsgType", "event"), ("Event", "sandbox_unknown_event")))
    if tampering == "no_msg_type":
        return replace(push, fields=tuple(field for field in push.fields if field[0] != "MsgType"))
    return push


def _clear(push: Incoming, tampering: str | None) -> str:
    xml = f"<xml>{push.clear_fields()}</xml>"
    if tampering == "dtd":
        others = [field for field in push.all_fields() if field[0] != "Content"]
        return f"{DOCTYPE}<xml>{elements(others)}<Content>&e;</Content></xml>"
    if tampering == "json_body":
        return json.dumps(dict(push.all_fields()), ensure_ascii=False)
    return _spoilt_body(xml, tampering)


def _spoilt_body(xml: str, tampering: str | None) -> str:
    if tampering == "too_large":
        return xml.replace("</xml>", f"<Padding>{'A' * TOO_LARGE}</Padding></xml>")
    if tampering == "truncated_xml":
        return xml[: len(xml) // 2]
    return "" if tampering == "empty_body" else xml


def _encrypt(config: SandboxConfig, clear: str, tampering: str | None) -> str:
    key = config.previous_aes_key if tampering == "previous_key" and config.previous_aes_key else config.aes_key
    appid = "wx" + "0" * 16 if tampering == "wrong_appid" else config.appid
    random16 = random_text(config.rng, RANDOM_BYTES).encode()
    encrypt = MessageCipher(key, appid).encrypt(clear, random16)
    if tampering == "odd_length":
        return base64.b64encode(base64.b64decode(encrypt)[:-5]).decode()
    return encrypt
