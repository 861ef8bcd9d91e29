"""The callback's envelope: is this really the platform, now, and about us; and the answer in the same envelope."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from wechat.account import Account, current_account
from wechat.answering import answer_in_time
from wechat.crypto import MessageCipher, UndecryptableMessage, is_signed, signature_of
from wechat.errors import ForgedPush, MalformedPush
from wechat.messages import Push, element, field, parse_xml, read_push, render
from wechat.refused_pushes import note_refusal

log = structlog.get_logger(__name__)
MOST_BYTES = 64 * 1024
FRESH_SECONDS = 300
NOTHING_TO_SAY = "success"
_REFUSED = "请求无效。"

Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Letter:
    """An opened push, its XML, and the cipher it came under, which is None where it came in clear."""

    push: Push
    message: bytes
    cipher: MessageCipher | None


def echo(query: Query) -> str:
    """Return what the platform wants to hear when it checks the address; raises ForgedPush."""
    account = current_account()
    _check(account, query, query.get("signature", ""))
    return query.get("echostr", "")


def answer_push(query: Query, body: bytes) -> str:
    """Take one push in and return the whole answer, within 4.5 seconds; raises ForgedPush or MalformedPush.

    Raises Unavailable where the push could not even be written down: the platform then asks again.
    """
    account = current_account()
    letter = open_letter(account, query, body)
    reply = answer_in_time(letter.push, letter.message)
    if reply is None:
        return NOTHING_TO_SAY
    # The answer bears the push's own time, so that a repeat is answered with the same bytes.
    message = render(reply, letter.push, int(letter.push.sent_at.timestamp()))
    if letter.cipher is None:
        return message
    return seal(account.token, letter.cipher, message, int(account.clock().timestamp()))


def open_letter(account: Account, query: Query, body: bytes) -> Letter:
    """Check who sent `body` and read it; raises ForgedPush or MalformedPush.

    In safe mode only encrypted pushes count, and for those only `msg_signature`, which covers the ciphertext. In compat
    mode a body with a ciphertext in it counts as that, whatever the address says: else its clear part would be believed
    by a signature that does not cover it.
    """
    encryption = query.get("encrypt_type", "raw")
    if encryption == "aes" and account.ciphers:
        return _open_encrypted(account, query, body)
    if encryption != "raw" or account.settings.wechat_message_mode == "safe":
        raise _refused("encryption")
    _check(account, query, query.get("signature", ""))
    push = _read(body)
    if account.settings.wechat_message_mode == "compat" and field(parse_xml(body), "Encrypt"):
        raise _refused("encryption")
    return Letter(push, body, None)


def seal(token: str, cipher: MessageCipher, message: str, at: int) -> str:
    """Encrypt and sign an answer; `at` is in epoch seconds."""
    encrypted, nonce = cipher.encrypt(message), str(secrets.randbelow(10**10))
    signature = signature_of(token, str(at), nonce, encrypted)
    signed = element("Encrypt", encrypted) + element("MsgSignature", signature)
    return f"<xml>{signed}<TimeStamp>{at}</TimeStamp>{element('Nonce', nonce)}</xml>"


def _open_encrypted(account: Account, query: Query, body: bytes) -> Letter:
    encrypted = field(parse_xml(body), "Encrypt")
    _check(account, query, query.get("msg_signature", ""), encrypted)
    for cipher in account.ciphers:
        try:
            message = cipher.decrypt(encrypted)
        except UndecryptableMessage:
            continue
        return Letter(_read(message), message, cipher)
    raise _refused("ciphertext")


def _read(message: bytes) -> Push:
    try:
        return read_push(parse_xml(message))
    except MalformedPush:
        log.warning("wechat_push_malformed", size=len(message))
        raise


def _check(account: Account, query: Query, signature: str, *signed: str) -> None:
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not is_signed(signature, account.token, timestamp, nonce, *signed):
        raise _refused("signature")
    if not _is_fresh(timestamp, account.clock().timestamp()):
        raise _refused("timestamp")


def _is_fresh(timestamp: str, now: float) -> bool:
    """Tell whether a signed time, in epoch seconds, lies within five minutes of `now`."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - now) <= FRESH_SECONDS


def _refused(what: str) -> ForgedPush:
    log.warning("wechat_push_refused", what=what)
    note_refusal(what)
    return ForgedPush(_REFUSED)
