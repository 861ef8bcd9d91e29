"""What a run erased, as a signed document: counts, rules, terms and times, never a value."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.clock import local
from foundation.encryption import derive_key
from foundation.errors import InvalidInput
from staff.personal.models import RetentionErasure, RetentionRun
from staff.personal.retention import show_term

Document = Mapping[str, object]
KIND = "retention certificate"
_PURPOSE = "retention certificates"


def write_certificate(session: Session, run: RetentionRun, ended_at: datetime) -> Document | None:
    """Return the signed statement of what `run` erased, None where that was nothing."""
    query = select(RetentionErasure).where(RetentionErasure.run_id == run.id).order_by(RetentionErasure.id)
    erased = [_line(erasure) for erasure in session.scalars(query)]
    if not erased:
        return None
    return sign(
        {
            "kind": KIND,
            "format": 1,
            "site": current_app.config["SETTINGS"].public_url,
            "run": run.key,
            "began": _moment(run.requested_at),
            "ended": _moment(ended_at),
            "erased": erased,
        }
    )


def sign(statement: Mapping[str, object]) -> Document:
    """Return the statement with our public key and our signature over all of it (Ed25519, canonical JSON)."""
    key = _key()
    whole = {**statement, "public_key": key.public_key().public_bytes_raw().hex()}
    return {**whole, "signature": key.sign(_canonical(whole)).hex()}


def render(document: Document) -> str:
    """Write a certificate as the file that is handed out; the same bytes every time."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def verify(text: str) -> Document:
    """Return what a certificate file says; raises InvalidInput where one character is not as we signed it."""
    try:
        document = json.loads(text)
    except ValueError:
        raise InvalidInput("这不是销毁证明文件。", field="file") from None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise InvalidInput("这不是销毁证明文件。", field="file")
    if document.get("public_key") != _key().public_key().public_bytes_raw().hex():
        raise InvalidInput("这份证明不是用本系统现在的密钥签的。", field="file")
    statement = {name: value for name, value in document.items() if name != "signature"}
    try:
        _key().public_key().verify(bytes.fromhex(str(document.get("signature"))), _canonical(statement))
    except (InvalidSignature, ValueError):
        raise InvalidInput("签名不符：文件被改动过。", field="file") from None
    if render(document) != text:
        raise InvalidInput("签名相符，但文件不是原样，请使用下载的原文件。", field="file")
    return document


def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derive_key(current_app.config["SECRET_KEY"], _PURPOSE))


def _canonical(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _line(erasure: RetentionErasure) -> dict[str, object]:
    return {
        "rule": erasure.rule,
        "words": erasure.words,
        "term": show_term(timedelta(seconds=erasure.term_seconds)),
        "term_seconds": erasure.term_seconds,
        "count": erasure.count,
        "at": _moment(erasure.at),
    }


def _moment(moment: datetime) -> str:
    return local(moment).isoformat(timespec="seconds")
