"""What an authorisation leaves behind: single-use codes, and the tokens a page's backend gets for them."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wechat.sandbox.errors import ApiError
from wechat.sandbox.identifiers import new_access_token, random_text

CODE_LIFE = 300
TOKEN_LIFE = 7200
REFRESH_LIFE = 30 * 86_400


@dataclass(frozen=True)
class Person:
    """Who authorised, as the backend will see them; a snapshot person is a virtual one."""

    openid: str
    nickname: str
    snapshot: bool = False
    unionid: str = ""


@dataclass(frozen=True)
class Grant:
    """One authorisation's tokens; times are clock seconds."""

    person: Person
    scope: str
    access_token: str
    refresh_token: str
    expires: float
    refresh_expires: float

    def answer(self) -> dict[str, object]:
        """The JSON of sns/oauth2/access_token and refresh_token."""
        fields: dict[str, object] = {
            "access_token": self.access_token,
            "expires_in": TOKEN_LIFE,
            "refresh_token": self.refresh_token,
            "openid": self.person.openid,
            "scope": self.scope,
        }
        if self.person.snapshot:
            fields["is_snapshotuser"] = 1
        if self.person.unionid and self.scope == "snsapi_userinfo":
            fields["unionid"] = self.person.unionid
        return fields


@dataclass
class Code:
    """A code that was given out; expires is clock seconds."""

    person: Person
    scope: str
    expires: float
    used: bool = False


MOST_CODES = 20_000
MOST_GRANTS = 20_000


class OAuth:
    """Codes and grants; every method raises ApiError with the platform's code for what it refuses."""

    def __init__(self, clock: Callable[[], float], rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._codes: dict[str, Code] = {}
        self._by_access: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}

    def issue_code(self, person: Person, scope: str) -> str:
        """A code for the redirect: good for five minutes and one exchange."""
        with self._lock:
            text = random_text(self._rng, 32)
            _make_room(self._codes, MOST_CODES)
            self._codes[text] = Code(person, scope, self._clock() + CODE_LIFE)
            return text

    def exchange(self, text: str) -> Grant:
        """Tokens for a code; 40029 unknown, 40163 used before, 42003 too old."""
        with self._lock:
            code = self._codes.get(text)
            if code is None:
                raise ApiError(40029, "invalid code")
            if code.used:
                raise ApiError(40163, "code been used")
            if self._clock() >= code.expires:
                raise ApiError(42003, "code expired")
            code.used = True
            return self._grant(code.person, code.scope, new_access_token(self._rng), self._clock() + REFRESH_LIFE)

    def refresh(self, text: str) -> Grant:
        """A fresh access token for a refresh token, which itself keeps its thirty days."""
        with self._lock:
            old = self._by_refresh.get(text)
            if old is None:
                raise ApiError(40030, "invalid refresh_token")
            if self._clock() >= old.refresh_expires:
                raise ApiError(42002, "refresh_token expired")
            return self._grant(old.person, old.scope, old.refresh_token, old.refresh_expires)

    def knows(self, access_token: str) -> bool:
        """Whether this account's OAuth gave out this access token."""
        return access_token in self._by_access

    def use_up(self, text: str) -> None:
        """Have a code count as used, as if somebody had exchanged it before."""
        with self._lock:
            if text in self._codes:
                self._codes[text].used = True

    def expire(self, text: str) -> None:
        """End a code's five minutes now."""
        with self._lock:
            if text in self._codes:
                self._codes[text].expires = self._clock()

    def authorised(self, access_token: str, openid: str) -> Grant:
        """The grant behind an OAuth access token, if it is alive and belongs to openid."""
        if not access_token:
            raise ApiError(41001, "access_token missing")
        with self._lock:
            grant = self._by_access.get(access_token)
            if grant is None:
                raise ApiError(40001, "invalid credential, access_token is invalid or not latest")
            if self._clock() >= grant.expires:
                raise ApiError(42001, "access_token expired")
            if openid != grant.person.openid:
                raise ApiError(40003, "invalid openid")
            return grant

    def _grant(self, person: Person, scope: str, refresh_token: str, refresh_expires: float) -> Grant:
        expires = self._clock() + TOKEN_LIFE
        grant = Grant(person, scope, new_access_token(self._rng), refresh_token, expires, refresh_expires)
        _make_room(self._by_access, MOST_GRANTS)
        _make_room(self._by_refresh, MOST_GRANTS)
        self._by_access[grant.access_token] = grant
        self._by_refresh[refresh_token] = grant
        return grant


def _make_room(kept: dict[str, Any], most: int) -> None:
    """Forget the oldest of what is kept."""
    while len(kept) >= most:
        del kept[next(iter(kept))]
