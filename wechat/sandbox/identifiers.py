"""Names the platform gives out: openids, tokens, codes, media and request ids, in the shapes of the real ones."""

import base64
import hashlib
import random
import string

TOKEN_ALPHABET = string.ascii_letters + string.digits + "-_"
CODE_ALPHABET = string.ascii_letters + string.digits


def openid_of(appid: str, person: str) -> str:
    """The openid of a person towards one account: 28 characters, the same for ever for the same two."""
    return "o" + _digest(f"sandbox openid|{appid}|{person}")[:27]


def unionid_of(person: str) -> str:
    """What all accounts of one subject call a person."""
    return "o" + _digest(f"sandbox unionid|{person}")[:27]


def random_text(rng: random.Random, length: int, alphabet: str = CODE_ALPHABET) -> str:
    return "".join(rng.choices(alphabet, k=length))


def new_access_token(rng: random.Random) -> str:
    """An access_token of 136 characters, so that a client with a narrow column for it shows."""
    return f"{rng.randrange(40, 99)}_{random_text(rng, 133, TOKEN_ALPHABET)}"


def new_media_id(rng: random.Random) -> str:
    return random_text(rng, 64, TOKEN_ALPHABET)


def new_rid(rng: random.Random, now: float) -> str:
    return f"{int(now):08x}-{rng.getrandbits(32):08x}-{rng.getrandbits(32):08x}"


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
