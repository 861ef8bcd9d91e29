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

MIN_LENGTH = 12
MAX_LENGTH = 256
# Only what passes the length can be met here: the commonest long ones, and the words of this house.
COMMONEST = frozenset(
    {
        "000000000000",
        "111111111111",
        "123123123123",
        "123456123456",
        "1234567890123",
        "12345678901234567890",
        "123456789012",
        "123456789abc",
        "1234567890abc",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "1qaz2wsx3edc4rfv",
        "666666666666",
        "888888888888",
        "987654321098",
        "a1234567890123",
        "a12345678901",
        "abc123456789",
        "abcd12345678",
        "abcdefghijkl",
        "abcdefghijklmnopqrstuvwxyz",
        "admin1234567",
        "admin12345678",
        "adminadminadmin",
        "administrator",
        "administrator1",
        "asdfghjkl123",
        "iloveyou1234",
        "jiaozuodangjian",
        "jiaozuodangjian123",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "q1w2e3r4t5y6",
        "qazwsxedcrfv",
        "qwerasdfzxcv",
        "qwerty123456",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdfghjkl",
        "woaini1314520",
        "woaini5201314",
        "zxcvbnm12345",
        "zxcvbnm123456",
    }
)

_hasher = PasswordHasher()
# Each hash takes 64 MiB and a tenth of a second; more at once would let strangers exhaust the machine.
_room = threading.BoundedSemaphore(4)
_PATIENCE_SECONDS = 10.0


def normalise(text: str) -> str:
    """Write a name or password in the one form that every keyboard and input method leads to."""
    return unicodedata.normalize("NFKC", text)


def check_rules(password: str, *names: str, field: str = "password") -> None:
    """Raise InvalidInput where `password` is too short, too long, one of the commonest, or made of a name."""
    plain = normalise(password)
    if len(plain) < MIN_LENGTH:
        raise InvalidInput(f"密码至少要{MIN_LENGTH}个字符，现在是{len(plain)}个。", field=field)
    if len(plain) > MAX_LENGTH:
        raise InvalidInput(f"密码最多{MAX_LENGTH}个字符。", field=field)
    folded = plain.casefold()
    if folded in COMMONEST:
        raise InvalidInput("这个密码太常见，容易被猜到，请换一个。", field=field)
    if any(_made_of(folded, normalise(name).casefold()) for name in names):
        raise InvalidInput("密码不能只是用户名或姓名加数字、符号，请换一个。", field=field)


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


def _made_of(password: str, name: str) -> bool:
    """Tell whether only digits and signs remain of `password` once every `name` is taken out."""
    if not name:
        return False
    rest = password.replace(name, "")
    return rest != password and not any(character.isalpha() for character in rest)
