"""Links that somebody hands over: a token of 256 bits that rests as its digest alone, and its picture."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import segno
from flask import current_app

from config import Settings

INVITATIONS, PASSWORD_LINKS = "/console/invitations", "/console/password-links"
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Handed:
    """A link as it is shown, once: to whom it goes, the token, and until when it can be used."""

    display_name: str
    token: str
    expires_at: datetime


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest_of(token: str) -> bytes:
    """Return what rests of a token, and what any text from an address is compared by."""
    return hashlib.sha256(token.encode()).digest()


def address_of(pages: str, token: str) -> str:
    """Return the whole address behind which a token works, as it is handed over outside of the console."""
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.public_url.rstrip('/')}{pages}/{token}"


def picture_of(address: str) -> str:
    """Return the QR code of an address as a data: URI for an <img>."""
    picture: str = segno.make(address, error="m").svg_data_uri(scale=5, border=2, dark="#1f2227", light="#ffffff")
    return picture
