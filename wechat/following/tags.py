"""Tags, by which the account puts its followers into groups: the platform keeps them, staff name them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed
from staff.actors import Actor
from staff.audit import record
from wechat.account import current_account
from wechat.client import Answer
from wechat.errors import Unreachable, WeChatError
from wechat.following.pages import lots

ACT = "wechat.tags"
TEST_TAG = "测试"
LOT = 50
MOST_TAGS, LONGEST_NAME = 100, 30
SYSTEM_TAGS = (0, 1, 2)
_NAME_FAULTS: Mapping[int, str] = {
    45157: "已经有同名的标签，请换一个名称。",
    45158: f"标签名称太长，最多{LONGEST_NAME}个字。",
    40151: f"请填写标签名称，最多{LONGEST_NAME}个字。",
}
_TAG_FAULTS: Mapping[int, str] = {
    45056: f"公众号最多建{MOST_TAGS}个标签，已经满了。请先删去不用的。",
    45057: "这个标签下的关注者超过10万人，微信不让删。请先在公众号后台把人移出去一些。",
    45058: "这是微信自带的标签，不能改名，也不能删去。",
    45159: "没有这个标签，可能刚被别人删去了。请刷新这一页再看。",
    40032: f"一次最多给{LOT}个人打标签。",
}
_ABOUT_ONE: Mapping[int, str] = {
    45059: "这个人已经有20个标签，不能再加。",
    49003: "这个人没有关注公众号，不能打标签。",
    40003: "这不是本公众号关注者的编号。",
}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of the account, and how many followers have it; `own` ones are WeChat's and stay as they are."""

    number: int
    name: str
    followers: int = 0

    @property
    def own(self) -> bool:
        return self.number in SYSTEM_TAGS


@dataclass(frozen=True, slots=True)
class Untaggable:
    """Somebody whom the platform did not let be tagged, and why."""

    openid: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """For how many it was done, and for whom it could not be."""

    done: int
    refused: tuple[Untaggable, ...] = ()


def list_tags() -> tuple[Tag, ...]:
    """Return the account's tags; raises NotAllowed without the right "users", WeChatError."""
    _demand_right()
    given = current_account().client.read("tags/get").get("tags")
    if not isinstance(given, list):
        raise Unreachable
    return tuple(_tag(one) for one in given)


def create_tag(name: str, actor: Actor) -> Tag:
    """Make a tag. Raises InvalidInput for its name, Conflict where there are too many, WeChatError."""
    name = _checked(name)
    answer = _change("tags/create", {"tag": {"name": name}}, f"标签“{name}”", actor)
    return _tag(answer.get("tag"))


def rename_tag(number: int, name: str, actor: Actor) -> None:
    """Call a tag by another name. Raises InvalidInput, Conflict, WeChatError."""
    name = _checked(name)
    _change("tags/update", {"tag": {"id": number, "name": name}}, f"标签{number}：“{name}”", actor)


def delete_tag(number: int, actor: Actor) -> None:
    """Delete a tag; the followers stay. Raises Conflict, WeChatError."""
    _change("tags/delete", {"tag": {"id": number}}, f"标签{number}", actor)


def make_test_tag(actor: Actor) -> Tag:
    """Return the tag of those who get previews, made where there is none; raises what creating raises."""
    found = next((tag for tag in list_tags() if tag.name == TEST_TAG), None)
    return found or create_tag(TEST_TAG, actor)


def tag_followers(number: int, openids: Sequence[str]) -> Tagged:
    """Give people a tag, fifty at a time; may be repeated.

    Where the platform turns a lot down for somebody in it, the others get theirs. Raises Conflict, WeChatError.
    """
    return _in_lots("tags/members/batchtagging", number, openids)


def untag_followers(number: int, openids: Sequence[str]) -> Tagged:
    """Take a tag from people, as tag_followers gives it."""
    return _in_lots("tags/members/batchuntagging", number, openids)


def tagged(number: int) -> Iterator[str]:
    """Yield the openids of a tag's followers; raises WeChatError."""
    _demand_right()
    after, goes_on = "", True
    while goes_on:
        ask = partial(current_account().client.read, "user/tag/get", data={"tagid": number, "next_openid": after})
        answer = _told(ask)
        data = answer.get("data")
        openids = data.get("openid", []) if isinstance(data, dict) else []
        yield from openids
        following = answer.get("next_openid")
        goes_on = bool(openids) and isinstance(following, str) and following not in ("", after)
        after = str(following)


def _in_lots(path: str, number: int, openids: Sequence[str]) -> Tagged:
    _demand_right()
    done = 0
    refused: list[Untaggable] = []
    for lot in lots(openids, LOT):
        outcome = _put(path, number, lot)
        done += outcome.done
        refused += outcome.refused
    return Tagged(done, tuple(refused))


def _put(path: str, number: int, lot: Sequence[str]) -> Tagged:
    """Put a lot through; one that is turned down for somebody in it is halved until it is known for whom."""
    try:
        _write(path, {"openid_list": list(lot), "tagid": number})
    except WeChatError as error:
        reason = _ABOUT_ONE.get(error.errcode or 0)
        if reason is None:
            raise _sentence(error) from None
        if len(lot) == 1:
            return Tagged(0, (Untaggable(lot[0], reason),))
        halves = [_put(path, number, half) for half in lots(lot, (len(lot) + 1) // 2)]
        return Tagged(sum(half.done for half in halves), tuple(one for half in halves for one in half.refused))
    return Tagged(len(lot))


def _change(path: str, data: Mapping[str, object], what: str, actor: Actor) -> Answer:
    _demand_right()
    try:
        answer = _told(lambda: _write(path, data))
    except AppError:
        record(ACT, what, actor, fields=("tag",), result="refused")
        raise
    record(ACT, what, actor, fields=("tag",))
    return answer


def _write(path: str, data: Mapping[str, object]) -> Answer:
    return current_account().client.write(path, data)


def _told(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except WeChatError as error:
        raise _sentence(error) from None


def _sentence(error: WeChatError) -> AppError:
    """Return what a person is told: about the name, about the tag, or what the platform's silence means."""
    errcode = error.errcode or 0
    if errcode in _NAME_FAULTS:
        return InvalidInput(_NAME_FAULTS[errcode], field="name")
    return Conflict(_TAG_FAULTS[errcode]) if errcode in _TAG_FAULTS else error


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInput(f"请填写标签名称，最多{LONGEST_NAME}个字。", field="name")
    return name


def _tag(given: object) -> Tag:
    if not isinstance(given, dict) or not isinstance(given.get("id"), int):
        raise Unreachable
    count = given.get("count")
    return Tag(given["id"], str(given.get("name", "")), count if isinstance(count, int) else 0)


def _demand_right() -> None:
    if not current_account().may("users"):
        raise NotAllowed("这个公众号没有用户管理的权限，不能用标签。")
