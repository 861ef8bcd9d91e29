"""What a password must be, and how it rests: argon2id with the library's current parameters."""

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from foundation.errors import InvalidInput, Unavailable
from staff.guessing import holds_name, is_soon_guessed

MIN_LENGTH = 12
MAX_LENGTH = 256
_hasher = PasswordHasher()
# Each hash takes 64 MiB and a tenth of a second; more at once would let strangers exhaust the machine.
_room = threading.BoundedSemaphore(4)
_PATIENCE_SECONDS = 10.0


def normalise(text: str) -> str:
    """Write a name or password in the one form that every keyboard and input method leads to."""
    return unicodedata.normalize("NFKC", text)


def check_rules(password: str, *names: str, field: str = "password") -> None:
    """Raise InvalidInput where `password` is too short, too long, has one of the names in it, or is soon guessed.

    Nothing is asked about its composition.
    """
    plain = normalise(password)
    if len(plain) < MIN_LENGTH:
        raise InvalidInput(f"密码至少要{MIN_LENGTH}个字符，现在是{len(plain)}个。", field=field)
    if len(plain) > MAX_LENGTH:
        raise InvalidInput(f"密码最多{MAX_LENGTH}个字符。", field=field)
    folded = plain.casefold()
    if any(holds_name(folded, normalise(name).casefold()) for name in names):
        raise InvalidInput("密码里不能有用户名、姓名或姓名的拼音，请换一个。", field=field)
    if is_soon_guessed(folded):
        raise InvalidInput(
            "这个密码容易被猜到：常见的密码、姓名拼音加生日、手机号、键盘上连着的键都不行。可以换成几个不相干的词。",
            field=field,
        )


def hash_password(password: str) -> str:
    """Return the text that rests in the database."""
    return _hasher.hash(normalise(password))


def is_right(stored: str | None, password: str) -> bool:
    """Tell whether `password` made the hash `stored`; None (nobody) takes as long and is never right."""
    try:
        return _hasher.verify(stored or _nobody(), normalise(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    return _hasher.check_needs_rehash(stored)


@contextmanager
def room_to_hash() -> Iterator[None]:
    """Let a few strangers' passwords be tried at a time; raises Unavailable for whoever waited in vain."""
    if not _room.acquire(timeout=_PATIENCE_SECONDS):
        raise Unavailable("现在登录的人太多，请过一分钟再试。")
    try:
        yield
    finally:
        _room.release()


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))
