"""Codes with a scene, short links, and the tickets that sign a page for the JS-SDK."""

import hashlib
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from wechat.sandbox.errors import ApiError
from wechat.sandbox.identifiers import TOKEN_ALPHABET, random_text

LONGEST = 2_592_000
SHORTEST_DEFAULT = 30
MOST_PERMANENT = 100_000
LONG_DATA_BYTES = 4 << 10
TICKET_LIFE = 7200
KINDS = {
    "QR_SCENE": "scene_id",
    "QR_STR_SCENE": "scene_str",
    "QR_LIMIT_SCENE": "scene_id",
    "QR_LIMIT_STR_SCENE": "scene_str",
}


@dataclass(frozen=True, slots=True)
class SceneCode:
    """A QR code of the account; expires is clock seconds, None for a permanent one."""

    ticket: str
    scene: str
    url: str
    expires: float | None
    expire_seconds: int | None


class SceneCodes:
    """The account's codes by their ticket."""

    def __init__(self, clock: Callable[[], float], rng: random.Random, base: Callable[[], str]) -> None:
        self._clock = clock
        self._rng = rng
        self._base = base
        self._lock = threading.Lock()
        self._codes: dict[str, SceneCode] = {}
        self._permanent = 0

    def create(self, action: object, scene: object, expire_seconds: object) -> SceneCode:
        """Make a code; 40052 for an unknown action, 40053 for a scene out of bounds."""
        if not isinstance(action, str) or action not in KINDS:
            raise ApiError(40052, "invalid action name")
        limited = "LIMIT" in action
        text = _checked_scene(scene, KINDS[action], limited)
        seconds = None if limited else _checked_seconds(expire_seconds)
        with self._lock:
            if limited and self._permanent >= MOST_PERMANENT:
                raise ApiError(45029, "qrcode count out of limit")
            self._permanent += limited
            ticket = "gQ" + random_text(self._rng, 90, TOKEN_ALPHABET)
            expires = None if seconds is None else self._clock() + seconds
            code = SceneCode(ticket, text, f"{self._base()}/q/{random_text(self._rng, 24)}", expires, seconds)
            self._codes[ticket] = code
            return code

    def by_ticket(self, ticket: str) -> SceneCode | None:
        """A code that still works."""
        with self._lock:
            code = self._codes.get(ticket)
            return code if code and (code.expires is None or self._clock() < code.expires) else None

    def by_url(self, name: str) -> SceneCode | None:
        with self._lock:
            tickets = [code.ticket for code in self._codes.values() if code.url.endswith(f"/q/{name}")]
        return self.by_ticket(tickets[0]) if tickets else None

    def for_scene(self, scene: str) -> SceneCode | None:
        """The newest working code of a scene."""
        with self._lock:
            tickets = [code.ticket for code in reversed(self._codes.values()) if code.scene == scene]
        return next((code for ticket in tickets if (code := self.by_ticket(ticket))), None)


def _checked_scene(scene: object, name: str, limited: bool) -> str:
    given = scene.get(name) if isinstance(scene, dict) else None
    if name == "scene_str":
        if isinstance(given, str) and 1 <= len(given) <= 64:
            return given
    elif isinstance(given, int) and 1 <= given <= (100_000 if limited else 2**32 - 1):
        return str(given)
    raise ApiError(40053, "invalid action info")


def _checked_seconds(given: object) -> int:
    if given is None:
        return SHORTEST_DEFAULT
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise ApiError(40053, "invalid action info")
    return min(given, LONGEST)


class ShortKeys:
    """Long data behind short keys."""

    def __init__(self, clock: Callable[[], float], rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, float, int]] = {}

    def generate(self, data: object, expire_seconds: object) -> str:
        if not isinstance(data, str) or not data or len(data.encode()) > LONG_DATA_BYTES:
            raise ApiError(40247, "invalid long_data")
        seconds = LONGEST if expire_seconds is None else _checked_seconds(expire_seconds)
        with self._lock:
            key = random_text(self._rng, 15)
            self._kept[key] = data, self._clock(), seconds
            return key

    def fetch(self, key: object) -> dict[str, object]:
        with self._lock:
            data, at, seconds = self._kept.get(str(key), ("", 0.0, 0))
            left = int(at + seconds - self._clock())
            if not data or left <= 0:
                raise ApiError(40248, "invalid short_key")
            return {"long_data": data, "create_time": int(at), "expire_seconds": left}


class PageTickets:
    """The jsapi ticket, and whether a page's signature was made with it."""

    def __init__(self, clock: Callable[[], float], rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._tickets: dict[str, float] = {}

    def current(self) -> tuple[str, int]:
        """The ticket and how many seconds it lives on; the same one until it ends."""
        with self._lock:
            now = self._clock()
            self._tickets = {text: ends for text, ends in self._tickets.items() if now < ends}
            if not self._tickets:
                text = "sM4A" + random_text(self._rng, 82, TOKEN_ALPHABET)
                self._tickets[text] = now + TICKET_LIFE
            text, ends = next(reversed(self._tickets.items()))
            return text, int(ends - now)

    def signed(self, signature: str, noncestr: str, timestamp: str, url: str) -> bool:
        """Whether a living ticket signs this page."""
        page = url.partition("#")[0]
        with self._lock:
            living = [text for text, ends in self._tickets.items() if self._clock() < ends]
        return any(signature == page_signature(text, noncestr, timestamp, page) for text in living)


def page_signature(ticket: str, noncestr: str, timestamp: str, url: str) -> str:
    """The signature of a page (its address without what follows #) under a ticket."""
    text = f"jsapi_ticket={ticket}&noncestr={noncestr}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
