"""The account's tags for followers."""

import threading
from dataclasses import dataclass

from wechat.sandbox.errors import ApiError

MOST = 100
NAME_CHARACTERS = 30
SYSTEM_TAGS = frozenset({0, 1, 2})
FIRST = 100


@dataclass
class Tag:
    """A tag of the account; 0, 1 and 2 are the platform's own."""

    number: int
    name: str


class Tags:
    """The tags by their number."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = FIRST
        self._tags = {2: Tag(2, "星标组")}

    def all(self) -> list[Tag]:
        with self._lock:
            return [Tag(tag.number, tag.name) for tag in self._tags.values()]

    def create(self, name: object) -> Tag:
        with self._lock:
            text = self._checked_name(name)
            if len(self._tags) >= MOST:
                raise ApiError(45056, "too many tag now, no need to add new")
            tag = Tag(self._next, text)
            self._next += 1
            self._tags[tag.number] = tag
            return tag

    def rename(self, number: object, name: object) -> None:
        with self._lock:
            tag = self._own(number)
            if name != tag.name:
                tag.name = self._checked_name(name)

    def delete(self, number: object) -> int:
        with self._lock:
            tag = self._own(number)
            del self._tags[tag.number]
            return tag.number

    def existing(self, number: object) -> int:
        """The number of a tag that exists; 45159 otherwise."""
        with self._lock:
            if isinstance(number, bool) or not isinstance(number, int) or number not in self._tags:
                raise ApiError(45159, "invalid tagid")
            return number

    def _own(self, number: object) -> Tag:
        if number in SYSTEM_TAGS:
            raise ApiError(45058, "can't modify sys tag")
        tag = self._tags.get(number) if isinstance(number, int) else None
        if tag is None:
            raise ApiError(45159, "invalid tagid")
        return tag

    def _checked_name(self, name: object) -> str:
        if not isinstance(name, str) or not name:
            raise ApiError(40151, "invalid tag name")
        if len(name) > NAME_CHARACTERS:
            raise ApiError(45158, "tag name too long")
        if any(tag.name == name for tag in self._tags.values()):
            raise ApiError(45157, "invalid tag name: it is used already")
        return name
