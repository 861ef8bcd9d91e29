"""The people with a phone: who they are, whether they follow the account, and how the account marked them."""

import random
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from wechat.sandbox.errors import PhoneError
from wechat.sandbox.identifiers import openid_of, random_text

DAY = 86_400
SILENT_FOR = 300  # seconds after coming from the chat in which an authorisation asks nothing


@dataclass(slots=True, eq=False)
class Follower:
    """A person; key is their address on the phone page. followed_at is clock seconds, 0 for one who never followed."""

    key: str
    name: str
    openid: str
    following: bool = True
    followed_at: float = 0
    large_type: bool = False
    snapshot: bool = False
    blacklisted: bool = False
    refuses_notices: bool = False
    client_platform_type: int = 2
    language: str = "zh_CN"
    remark: str = ""
    tags: tuple[int, ...] = ()
    subscribe_scene: str = "ADD_SCENE_SEARCH"
    qr_scene: int = 0
    qr_scene_str: str = ""
    came_at: float = 0
    mass_month: int = 0
    mass_count: int = 0


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
        self._by_openid: dict[str, Follower] = {}
        self._following: dict[str, Follower] = {}
        self._pages: tuple[list[str], dict[str, int]] | None = None
        self._crowd = 0
        for place, person in enumerate(CAST):
            since = clock() - (len(CAST) - place) * DAY if person.following else 0
            openid = openid_of(appid, person.key)
            self._keep(Follower(person.key, person.name, openid, person.following, since, person.large_type))

    def everyone(self, most: int = 200) -> list[Follower]:
        """The first people, as many as a page can show."""
        with self._lock:
            return [follower for _, follower in zip(range(most), self._by_key.values(), strict=False)]

    def add(self, name: str, following: bool, key: str = "") -> Follower:
        """A new person with an openid nobody has had; no event tells the backend of them."""
        if not 1 <= len(name) <= 20:
            raise PhoneError(422, "name", "名字要有 1 到 20 个字")
        with self._lock:
            key = key or random_text(self._rng, 12).lower()
            if key in self._by_key:
                raise PhoneError(409, "key", "这个编号已经有人用了")
            since = self._clock() if following else 0
            return self._keep(Follower(key, name, openid_of(self._appid, key), following, since))

    def add_crowd(self, count: int) -> None:
        """Many followers at once, with keys c1, c2 and so on."""
        with self._lock:
            since = self._clock()
            for number in range(self._crowd + 1, self._crowd + count + 1):
                key = f"c{number}"
                self._keep(Follower(key, f"示例群众{number}", openid_of(self._appid, key), True, since))
            self._crowd += count

    def find(self, key: str) -> Follower | None:
        return self._by_key.get(key)

    def get(self, key: str) -> Follower:
        follower = self.find(key)
        if follower is None:
            raise PhoneError(404, "unknown_follower", "没有这个人，请从名单里另选一位")
        return follower

    def by_openid(self, openid: str) -> Follower | None:
        return self._by_openid.get(openid)

    def following(self) -> list[Follower]:
        """Those who follow now, the longest first."""
        with self._lock:
            return list(self._following.values())

    def count(self) -> int:
        return len(self._following)

    def page_after(self, openid: str, most: int) -> list[str] | None:
        """Up to `most` openids of followers after one of them, from the first for an empty one; None if unknown."""
        with self._lock:
            if self._pages is None:
                openids = list(self._following)
                self._pages = openids, {one: place for place, one in enumerate(openids, 1)}
            openids, places = self._pages
            start = places.get(openid) if openid else 0
            return None if start is None else openids[start : start + most]

    def set_following(self, follower: Follower, following: bool, code: str | None = None) -> bool:
        """Change it; False when it was so already. `code` is the scene of the code through which somebody came.

        Who leaves loses their tags and the remark.
        """
        with self._lock:
            if follower.following == following:
                return False
            follower.following, self._pages = following, None
            if following:
                follower.followed_at = self._clock()
                follower.subscribe_scene = "ADD_SCENE_SEARCH" if code is None else "ADD_SCENE_QR_CODE"
                follower.qr_scene = int(code) if code and code.isdecimal() else 0
                follower.qr_scene_str = "" if follower.qr_scene else code or ""
                self._following[follower.openid] = follower
            else:
                follower.tags, follower.remark = (), ""
                del self._following[follower.openid]
            return True

    def tag(self, openids: Iterable[str], tag: int, add: bool) -> None:
        """Put a tag on people, or take it off."""
        with self._lock:
            for openid in openids:
                follower = self._by_openid[openid]
                others = tuple(one for one in follower.tags if one != tag)
                follower.tags = (*others, tag) if add else others

    def tagged(self, tag: int) -> list[Follower]:
        """The followers with a tag."""
        return [follower for follower in self.following() if tag in follower.tags]

    def blacklist(self, openids: Collection[str], on: bool) -> None:
        with self._lock:
            for openid in openids:
                self._by_openid[openid].blacklisted = on

    def blacklisted(self) -> list[str]:
        """The openids on the blacklist, whether they follow or not."""
        with self._lock:
            return [openid for openid, follower in self._by_openid.items() if follower.blacklisted]

    def set_refusing(self, follower: Follower, refuses: bool) -> None:
        """Have template messages of the account not shown to the person."""
        follower.refuses_notices = refuses

    def set_snapshot(self, follower: Follower, snapshot: bool) -> None:
        """Have web pages open in snapshot mode, where the person is a virtual one."""
        follower.snapshot = snapshot

    def comes_from_chat(self, follower: Follower) -> None:
        """Note that the person opened a page from the chat or the menu just now."""
        follower.came_at = self._clock()

    def just_came(self, follower: Follower) -> bool:
        """Whether a follower came from the chat or menu, so that an authorisation need not ask."""
        return follower.following and self._clock() - follower.came_at < SILENT_FOR

    def _keep(self, follower: Follower) -> Follower:
        self._by_key[follower.key] = self._by_openid[follower.openid] = follower
        if follower.following:
            self._following[follower.openid] = follower
            self._pages = None
        return follower
