"""The platform's list of followers: openids page by page, and in lots of a hundred since when each follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from wechat.client import Answer, WeChat
from wechat.errors import Unreachable

LOT = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Some followers; `after` is behind whom the next page begins, nothing on the last. `total` are all there are."""

    openids: tuple[str, ...]
    after: str
    total: int


@dataclass(frozen=True, slots=True)
class FollowerInfo:
    """Whether somebody follows, and since when by the platform's clock."""

    openid: str
    follows: bool
    since: datetime


def read_page(client: WeChat, after: str = "") -> Page:
    """Return the followers behind `after`, at most 10,000; raises WeChatError."""
    answer = client.read("user/get", params={"next_openid": after} if after else {})
    data = answer.get("data")
    openids = _texts(data.get("openid")) if isinstance(data, dict) else ()
    following, total = answer.get("next_openid"), answer.get("total")
    if not isinstance(total, int):
        raise Unreachable
    # A page that leads nowhere new would be asked for for ever.
    goes_on = bool(openids) and isinstance(following, str) and following != after
    return Page(openids, str(following) if goes_on else "", total)


def read_pages(client: WeChat) -> Iterator[Page]:
    """Yield all pages; the last may be empty. Raises WeChatError."""
    page = read_page(client)
    yield page
    while page.after:
        page = read_page(client, page.after)
        yield page


def lots(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of at most `size`."""
    return (things[start : start + size] for start in range(0, len(things), size))


def read_infos(client: WeChat, openids: Sequence[str]) -> Iterator[FollowerInfo]:
    """Ask about any number of people, a hundred at a time; raises WeChatError."""
    for lot in lots(openids, LOT):
        data = {"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in lot]}
        answer = client.read("user/info/batchget", data=data)
        yield from _infos(answer)


def _infos(answer: Answer) -> Iterator[FollowerInfo]:
    given = answer.get("user_info_list")
    if not isinstance(given, list):
        raise Unreachable
    for one in given:
        if isinstance(one, dict) and isinstance(one.get("openid"), str):
            since = one.get("subscribe_time")
            moment = datetime.fromtimestamp(since if isinstance(since, int) else 0, UTC)
            yield FollowerInfo(one["openid"], one.get("subscribe") == 1, moment)


def _texts(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise Unreachable
    return tuple(given)
