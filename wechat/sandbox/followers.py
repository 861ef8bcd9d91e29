"""The people with a phone: who they are, whether they follow the account, and what stands in their chats."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from wechat.sandbox.chat import Article, Delivery, Line, Speaker, Via
from wechat.sandbox.errors import PhoneError
from wechat.sandbox.identifiers import openid_of, random_text

DAY = 86_400


@dataclass
class Follower:
    """A person; key is their address on the phone page. followed_at is clock seconds, 0 for one who never followed."""

    key: str
    name: str
    openid: str
    following: bool = True
    followed_at: float = 0
    large_type: bool = False
    snapshot: bool = False
    lines: list[Line] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)


@dataclass(frozen=True)
class Invented:
    """A person the sandbox begins with."""

    key: str
    name: str
    following: bool = True
    large_type: bool = False


CAST = (
    Invented("jia", "示例党员甲"),
    Invented("yi", "示例党员乙"),
    Invented("bing", "示例党员丙"),
    Invented("ding", "示例老党员丁", large_type=True),
    Invented("wu", "示例群众戊", following=False),
)


class Followers:
    """Everyone with a phone; their openids depend on the appid and the key alone, so a restart keeps them."""

    def __init__(self, appid: str, clock: Callable[[], float], rng: random.Random) -> None:
        self._appid = appid
        self._clock = clock
        self._rng = rng
        self._lock = threading.Lock()
        self._by_key: dict[str, Follower] = {}
        for place, person in enumerate(CAST):
            since = clock() - (len(CAST) - place) * DAY if person.following else 0
            openid = openid_of(appid, person.key)
            self._by_key[person.key] = Follower(
                person.key, person.name, openid, person.following, since, person.large_type
            )

    def everyone(self) -> list[Follower]:
        with self._lock:
            return list(self._by_key.values())

    def add(self, name: str, following: bool) -> Follower:
        """A new person with an openid nobody has had; no event tells the backend of them."""
        if not 1 <= len(name) <= 20:
            raise PhoneError(422, "name", "名字要有 1 到 20 个字")
        with self._lock:
            key = random_text(self._rng, 12).lower()
            follower = Follower(key, name, openid_of(self._appid, key), following, self._clock() if following else 0)
            self._by_key[key] = follower
            return follower

    def find(self, key: str) -> Follower | None:
        with self._lock:
            return self._by_key.get(key)

    def get(self, key: str) -> Follower:
        follower = self.find(key)
        if follower is None:
            raise PhoneError(404, "unknown_follower", "没有这个人，请从名单里另选一位")
        return follower

    def by_openid(self, openid: str) -> Follower | None:
        return next((follower for follower in self.everyone() if follower.openid == openid), None)

    def following(self) -> list[Follower]:
        """Those who follow now, the longest first."""
        return sorted((one for one in self.everyone() if one.following), key=lambda one: (one.followed_at, one.openid))

    def set_following(self, follower: Follower, following: bool) -> bool:
        """Change it; False when it was so already."""
        with self._lock:
            if follower.following == following:
                return False
            follower.following = following
            follower.followed_at = self._clock() if following else follower.followed_at
            return True

    def set_snapshot(self, follower: Follower, snapshot: bool) -> None:
        with self._lock:
            follower.snapshot = snapshot

    def write(
        self, follower: Follower, speaker: Speaker, via: Via, text: str, articles: tuple[Article, ...] = ()
    ) -> None:
        """Put a line at the end of the chat."""
        with self._lock:
            line = Line(len(follower.lines) + 1, self._clock(), speaker, via, text, articles)
            follower.lines.append(line)

    def record(self, follower: Follower, delivery: Delivery) -> None:
        with self._lock:
            follower.deliveries.append(delivery)

    def lines(self, follower: Follower, after: int = 0) -> tuple[Line, ...]:
        with self._lock:
            return tuple(follower.lines[after:])

    def deliveries(self, follower: Follower) -> tuple[Delivery, ...]:
        with self._lock:
            return tuple(follower.deliveries)
