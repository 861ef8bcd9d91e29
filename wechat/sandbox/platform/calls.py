"""The shape of an API call and of the endpoint that answers it, and how an endpoint reads what was sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wechat.sandbox.errors import ApiError
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.followers import Follower
from wechat.sandbox.state.media import Upload
from wechat.sandbox.world import World

Answer = Mapping[str, object]
OK: Answer = {"errcode": 0, "errmsg": "ok"}


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is a file."""

    data: bytes
    content_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class Call:
    """One API call as an endpoint sees it: the query, and of a POST the JSON object or the file."""

    world: World
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]
    upload: Upload | None
    address: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How a path is answered. With needs_token the access_token is checked, then whether the account has the right."""

    method: Literal["GET", "POST"]
    answer: Callable[[Account, Call], Answer | Raw]
    right: str = ""
    needs_token: bool = True
    takes_file: bool = False


def required(given: Mapping[str, object], name: str, errcode: int) -> str:
    value = given.get(name)
    if not value:
        raise ApiError(errcode, f"{name} missing")
    return str(value)


def whole_number(given: Mapping[str, object], name: str, default: int) -> int:
    """A number that may be missing; 40097 for anything else."""
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ApiError(40097, f"invalid args: {name}")
    return value


def known_person(account: Account, openid: object) -> Follower:
    """The person behind an openid; 40003 when there is none."""
    person = account.followers.by_openid(openid) if isinstance(openid, str) else None
    if person is None:
        raise ApiError(40003, "invalid openid")
    return person


def known_people(account: Account, given: object, most: int) -> list[str]:
    """A list of openids, all of people; 40032 when it is empty or too long, 40003 for one that is nobody's."""
    if not isinstance(given, list) or not 1 <= len(given) <= most:
        raise ApiError(40032, "invalid openid list size")
    return [known_person(account, openid).openid for openid in given]


def page_of(given: Mapping[str, object], most: int = 20) -> slice:
    """The part of a list that offset and count ask for."""
    offset, count = whole_number(given, "offset", 0), whole_number(given, "count", most)
    if not 1 <= count <= most:
        raise ApiError(40097, "invalid args: count")
    return slice(offset, offset + count)
